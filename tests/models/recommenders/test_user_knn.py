from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp

from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders import user_knn
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard
from models.recommenders.user_knn import UserKNN, UserKNNConfig
from models.similarity.measures import MEASURES, Measure

Codes = Callable[..., npt.NDArray[np.int32]]
every_measure = pytest.mark.parametrize("measure", MEASURES)


def signal(recommender: UserKNN, history: History) -> dict[int, float]:
    with ScoreBoard(recommender.item_users.n_rows, UserKNN.signals) as board:
        recommender.score(history, board)
        return dict(zip(board.items.tolist(), board.scores("user_knn").tolist(), strict=True))


class Folding(UserKNN):
    """Folds every history in."""

    def _is_trained_history(self, *_: Any) -> bool:
        return False


@pytest.fixture(scope="module")
def ratings() -> "sp.csr_matrix[np.float32]":
    generator = np.random.default_rng(5)
    popular = generator.random((60, 25)) < np.linspace(0.05, 0.8, 25)
    return sp.csr_matrix((popular * generator.integers(1, 6, size=popular.shape)).astype(np.float32))


@every_measure
@pytest.mark.parametrize("most", [500, 7])
def test_a_stored_history_is_folded_in_to_the_same_neighbours(
    measure: Measure, most: int, ratings: "sp.csr_matrix[np.float32]"
) -> None:
    config = UserKNNConfig(neighbours=8, measure=measure, shrinkage=2.0, max_item_users=most)
    recommender = UserKNN.fit_matrix(ratings, config)
    folding = Folding.fit_matrix(ratings, config)
    for user in range(60):
        items, strengths = recommender.histories.row(user)
        history = History(items, user, strengths)
        assert max(signal(recommender, history).values()) > 0
        assert signal(folding, history) == signal(recommender, history)
        backwards = History(items[::-1].copy(), user, strengths[::-1].copy())
        assert signal(folding, backwards) == signal(recommender, history)


def test_beyond_a_number_of_users_everybody_is_folded_in(
    ratings: "sp.csr_matrix[np.float32]", monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = UserKNN.fit_matrix(ratings, UserKNNConfig())
    monkeypatch.setattr(user_knn, "MAX_USERS", ratings.shape[0] - 1)
    bounded = UserKNN.fit_matrix(ratings, UserKNNConfig())
    assert (bounded.rows.n_rows, bounded.empty) == (0, False)
    assert bounded.fits(ratings.shape[1], ratings.shape[0])
    items, strengths = whole.histories.row(3)
    expected = signal(whole, History(items, 3, strengths))
    # The matrix is of float32 products, folding in sums in float64.
    assert signal(bounded, History(items, 3, strengths)) == pytest.approx(expected, rel=1e-5)
    assert expected


@every_measure
def test_a_history_of_other_strengths_is_folded_in(measure: Measure, ratings: "sp.csr_matrix[np.float32]") -> None:
    recommender = UserKNN.fit_matrix(ratings, UserKNNConfig(measure=measure))
    items, strengths = recommender.histories.row(3)
    changed = History(items, 3, (6 - strengths).astype(np.float32))
    found = signal(recommender, changed)
    assert found == signal(Folding.fit_matrix(ratings, UserKNNConfig(measure=measure)), changed)
    assert found != signal(recommender, History(items, 3, strengths))


def test_the_strengths_of_a_repeated_item_are_added_up(ratings: "sp.csr_matrix[np.float32]", codes: Codes) -> None:
    recommender = UserKNN.fit_matrix(ratings, UserKNNConfig())
    repeated = History(codes(20, 3, 20), -1, np.array([1, 2, 3], dtype=np.float32))
    assert signal(recommender, repeated) == signal(recommender, History(codes(3, 20), -1, np.array([2, 4], np.float32)))


def test_a_history_without_strengths_is_compared_as_ones(ratings: "sp.csr_matrix[np.float32]", codes: Codes) -> None:
    recommender = UserKNN.fit_matrix(ratings, UserKNNConfig(measure="euclidean"))
    ones = History(codes(3, 20), -1, np.ones(2, np.float32))
    assert signal(recommender, History(codes(3, 20))) == signal(recommender, ones) != {}


def test_a_busy_item_is_compared_with_a_sample_of_its_users(table: Any, codes: Codes) -> None:
    rows = [(f"u{user:02d}", "hit") for user in range(40)] + [(f"u{user:02d}", f"i{user:02d}") for user in range(40)]
    data = Interactions.from_table(table(rows))
    recommender = UserKNN.fit(TrainingData(data), UserKNNConfig(measure="cosine", max_item_users=10))
    assert len(recommender.item_users.row(0)[0]) == 10
    assert all(0 < len(recommender.rows.row(user)[0]) <= 10 for user in range(40))
    assert len(signal(recommender, History(codes(0)))) == 11
    # The lengths of the rows are those of the whole histories.
    assert recommender.rows.values.tolist() == pytest.approx([0.5] * len(recommender.rows.values))


def test_only_the_latest_interactions_of_a_user_are_used(checkerboard: Interactions) -> None:
    recommender = UserKNN.fit(TrainingData(checkerboard), UserKNNConfig(max_user_interactions=2))
    assert recommender.histories.row(0)[0].tolist() == [8, 10]
    assert signal(recommender, History(checkerboard.items[:5])).keys() == {6, 8, 10}


def test_bounds_change_nothing_on_small_data(checkerboard: Interactions) -> None:
    bounded = UserKNN.fit(TrainingData(checkerboard), UserKNNConfig(max_user_interactions=5, max_item_users=5))
    free = UserKNN.fit(TrainingData(checkerboard), UserKNNConfig())
    assert {name: array.tolist() for name, array in bounded.arrays().items()} == {
        name: array.tolist() for name, array in free.arrays().items()
    }


def test_without_an_order_the_bounds_hold_as_well(checkerboard: Interactions) -> None:
    recommender = UserKNN.fit(
        TrainingData(replace(checkerboard, timestamps=None)), UserKNNConfig(max_user_interactions=3)
    )
    assert np.diff(recommender.histories.indptr).tolist() == [3] * 12


def test_matrices_that_do_not_fit_are_refused_before_they_are_used(
    checkerboard: Interactions, store: BundleStore
) -> None:
    arrays = UserKNN.fit(TrainingData(checkerboard), UserKNNConfig()).arrays()
    codes = arrays["user_knn_histories_indices"].astype(np.int32)
    arrays["user_knn_histories_indices"] = codes + np.int32(10**6)
    bundle = store.publish(Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random"), arrays)
    with pytest.raises(BundleError, match="v1: the histories and the items' users of user_knn do not fit together"):
        UserKNN.load(bundle, UserKNNConfig())


def test_neighbours_are_the_rows_of_a_trained_history_and_searched_for_any_other(
    ratings: "sp.csr_matrix[np.float32]",
) -> None:
    recommender = UserKNN.fit_matrix(ratings, UserKNNConfig(neighbours=8))
    items, strengths = recommender.histories.row(3)
    users, similarities = recommender.neighbours(History(items, 3, strengths))
    stored = recommender.rows.row(3)
    assert (users.tolist(), similarities.tolist()) == tuple(part.tolist() for part in stored)
    for history in (History(items[:-1], 3, strengths[:-1]), History(items[:-1], -1, strengths[:-1])):
        users, similarities = recommender.neighbours(history)
        assert 0 < len(users) <= 8
        assert (3 in users) is (history.user == -1)
        assert (similarities > 0).all()
    assert len(recommender.neighbours(History(items[:0]))[0]) == 0


def test_the_affinity_of_users_is_what_they_have_of_some_items_over_the_norm_of_all_they_have() -> None:
    matrix = sp.csr_matrix(np.array([[1, 0, 0], [1, 1, 1], [0, 3, 4], [0, 0, 0], [0, 0, 2]], dtype=np.float32))
    recommender = UserKNN.fit_matrix(matrix, UserKNNConfig())
    items, weights = np.array([0, 1], dtype=np.int32), np.array([1.0, 0.5], dtype=np.float32)
    expected = [1.0, 1.5 / np.sqrt(3), 0.3, 0.0, 0.0]
    np.testing.assert_allclose(recommender.affinities(items, weights), expected, rtol=1e-6)
    recommender.leave_out(np.array([1], dtype=np.int32))
    expected[1] = 0.0
    np.testing.assert_allclose(recommender.affinities(items, weights), expected, rtol=1e-6)
