import time
from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np
import pytest

from benchmarks.baselines.system import Between, OneOf, Range, SameForAll, Scorer, Setting, System
from benchmarks.search import space_for, tune
from models.data.holdout import Holdout, hold_out
from models.data.interactions import Interactions
from models.data.progress import silent


class Favourite(System):
    """Puts one item first, then those with a code near it."""

    name: ClassVar[str] = "favourite"
    space: ClassVar[Mapping[str, Range]] = {"item": OneOf((0, 1, 2))}
    start: ClassVar[Setting] = {"item": 0}
    reads_counts: ClassVar[bool] = True

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:  # noqa: ARG002
        time.sleep(0.01)
        return SameForAll(-np.abs(np.arange(train.n_items) - setting["item"]).astype(np.float32))


@pytest.fixture
def train(make_interactions: Callable[..., Interactions]) -> Interactions:
    return make_interactions("a:x", "b:y", "c:z")


@pytest.fixture
def validation(train: Interactions) -> Holdout:
    holdout, _ = hold_out(train, np.array([0], np.int32), np.array([2], np.int32), include_seen=False)
    return holdout


def test_without_a_budget_only_the_start_is_tried(train: Interactions, validation: Holdout) -> None:
    [trial] = tune(Favourite(), train, validation, budget=0.0, seed=0, progress=silent)
    assert trial.setting == {"item": 0}
    assert trial.seconds >= 0.01


def test_a_small_space_is_tried_out_once(train: Interactions, validation: Holdout) -> None:
    told: list[tuple[str, float]] = []
    trials = tune(
        Favourite(), train, validation, budget=60.0, seed=0, progress=lambda phase, done: told.append((phase, done))
    )
    assert sorted(int(trial.setting["item"]) for trial in trials) == [0, 1, 2]
    best = max(trials, key=lambda trial: trial.ndcg)
    assert (best.setting["item"], best.ndcg) == (2, 1.0)
    assert told[-1] == ("tuning favourite", 1.0)


def test_the_budget_ends_the_search(train: Interactions, validation: Holdout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Favourite, "space", {"item": Between(0.0, 2.0)})
    before = time.perf_counter()
    trials = tune(Favourite(), train, validation, budget=0.1, seed=0, progress=silent)
    assert 0.1 <= time.perf_counter() - before < 1.0
    assert 2 <= len(trials) <= 11


def test_counts_are_searched_where_pairs_repeat(make_interactions: Callable[..., Interactions]) -> None:
    assert "counts" not in space_for(Favourite(), make_interactions("a:xy"))
    assert "counts" in space_for(Favourite(), make_interactions("a:xyx", first_only=False))


def test_ranges_draw_within_their_ends() -> None:
    rng = np.random.default_rng(0)
    whole = [Between(5, 1000, log=True, whole=True).draw(rng) for _ in range(500)]
    assert all(isinstance(value, int) and 5 <= value <= 1000 for value in whole)
    # Evenly on the logarithmic scale: half lie below the geometric mean.
    assert sum(value < 70.7 for value in whole) == pytest.approx(250, abs=50)
    assert all(0.2 <= Between(0.2, 0.4).draw(rng) <= 0.4 for _ in range(50))
    assert {OneOf((1, 3)).draw(rng) for _ in range(50)} == {1, 3}
