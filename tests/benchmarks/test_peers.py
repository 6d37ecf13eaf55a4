"""The recommenders of other libraries, over one contract."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.baselines.registry import SYSTEMS
from benchmarks.baselines.system import Batch, System, user_items
from benchmarks.ranking import rank
from models.data.holdout import Holdout, Ragged
from models.data.interactions import Interactions

PERSONAL = [system.name for system in SYSTEMS if system.package is not None or system.name == "item_knn"]
SMALL = {
    "factors": 8,
    "n_components": 4,
    "learning_rate": 0.1,
    "iterations": 200,
    "lamb": 1.0,
    "alpha": 0.01,
}
"""Settings for a tiny matrix, where a system has them; the starts are for large ones."""


def small(system: System) -> dict[str, bool | int | float]:
    return {**system.start, **{name: SMALL[name] for name in system.space.keys() & SMALL.keys()}}


def everybody(train: Interactions) -> Holdout:
    users = np.arange(train.n_users, dtype=np.int32)
    return Holdout(users, train, Ragged(train.offsets, train.items))


@pytest.mark.parametrize("system", PERSONAL, indirect=True)
def test_the_item_that_a_user_lacks_comes_first(system: System, checkerboard: Interactions) -> None:
    fitted = system.fit(checkerboard, small(system), seed=1)
    lists = rank(fitted, everybody(checkerboard), checkerboard.n_items, 1, seed=0)
    assert lists[:, 0].tolist() == list(range(checkerboard.n_users))


@pytest.mark.parametrize("system", [name for name in PERSONAL if name != "implicit_bpr"], indirect=True)
def test_the_history_at_hand_counts_and_not_that_of_the_fit(system: System, checkerboard: Interactions) -> None:
    fitted = system.fit(checkerboard, small(system), seed=1)
    odd = np.array([1, 3, 5, 7], dtype=np.int32)
    had = replace(checkerboard, users=np.zeros(4, dtype=np.int32), items=odd, timestamps=None)
    holdout = Holdout(np.array([0], dtype=np.int32), had, Ragged(np.array([0, 1]), odd[:1]))
    lists = rank(fitted, holdout, checkerboard.n_items, 2, seed=0)
    assert set(lists[0]) == {9, 11}


@pytest.mark.filterwarnings("ignore:Method expects CSR input")
@pytest.mark.parametrize("system", ["implicit_cosine", "implicit_tfidf", "implicit_bm25"], indirect=True)
def test_implicits_own_recommendations_have_the_same_scores(system: System, checkerboard: Interactions) -> None:
    from implicit import nearest_neighbours  # noqa: PLC0415 - only where it is installed

    matrix = user_items(checkerboard, {})
    model = getattr(nearest_neighbours, system.recommender)(**system.start, num_threads=1)  # type: ignore[attr-defined]
    model.fit(matrix, show_progress=False)
    items, expected = model.recommend(2, matrix[2], N=6, filter_already_liked_items=False)
    batch = Batch(np.array([2], dtype=np.int32), Ragged(np.array([0, 5]), matrix[2].indices), checkerboard.n_items)
    scores = system.fit(checkerboard, system.start, seed=0).score(batch)
    assert set(items) == {0, 2, 4, 6, 8, 10}
    assert scores[0, items] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("system", ["cornac_ease"], indirect=True)
def test_ease_refuses_a_catalogue_that_is_too_large(
    system: System, checkerboard: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert system.left_out(checkerboard, include_seen=False) is None
    monkeypatch.setattr("benchmarks.baselines.cornac_ease.MAX_ITEMS", 11)
    assert "12 items" in str(system.left_out(checkerboard, include_seen=False))
