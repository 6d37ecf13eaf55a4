from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders import ease
from models.recommenders.content import Content, ContentConfig
from models.recommenders.ease import Ease, EaseConfig
from models.recommenders.item_knn import ItemKNN, ItemKNNConfig
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard
from models.recommenders.successor import Successor, SuccessorConfig
from models.recommenders.user_knn import UserKNN, UserKNNConfig
from models.similarity.measures import MEASURES, Measure

Codes = Callable[..., npt.NDArray[np.int32]]


@pytest.fixture
def few(table: Callable[[list[tuple[object, ...]]], object]) -> Interactions:
    """Users a: w x, b: w x y, c: y z; so cos(w, x) = 1, cos(w, y) = cos(x, y) = 1/2, cos(y, z) = 0.7071."""
    rows: list[tuple[object, ...]] = [("a", "w", 1.0), ("a", "x", 2.0), ("b", "w", 1.0), ("b", "x", 2.0)]
    return Interactions.from_table(table([*rows, ("b", "y", 3.0), ("c", "y", 1.0), ("c", "z", 2.0)]))


def users_signal(recommender: UserKNN, history: npt.NDArray[np.int32], user: int = -1) -> dict[int, float]:
    with ScoreBoard(recommender.item_users.n_rows, UserKNN.signals) as board:
        recommender.score(History(history, user), board)
        pairs = zip(board.items.tolist(), board.scores("user_knn").tolist(), strict=True)
        return {item: round(score, 4) for item, score in pairs}


def test_item_knn_weighs_older_items_less(few: Interactions, codes: Codes) -> None:
    cosine = ItemKNNConfig(item_exponent=0.5, user_exponent=0.0, target_exponent=0.5, recency_decay=0.5)
    with ScoreBoard(4, ItemKNN.signals) as board:
        ItemKNN.fit(TrainingData(few), cosine).score(History(codes(0, 3)), board)
        assert board.items.tolist() == [1, 2]
        assert board.scores("item_knn").tolist() == pytest.approx([0.5, 0.5 / 2 + 0.5**0.5])
        assert board.scores("item_knn_unweighted").tolist() == pytest.approx([1.0, 1 / 2 + 0.5**0.5])
        assert board.scores("item_knn_last").tolist() == pytest.approx([0.0, 0.5**0.5])


def test_other_exponents_are_those_of_a_new_fit(few: Interactions, codes: Codes) -> None:
    start, wanted = ItemKNNConfig(), ItemKNNConfig(item_exponent=0.7, target_exponent=-0.1, recency_decay=0.3)
    found = []
    for recommender in (
        ItemKNN.fit(TrainingData(few), start).configured(wanted),
        ItemKNN.fit(TrainingData(few), wanted),
    ):
        with ScoreBoard(4, ItemKNN.signals) as board:
            recommender.score(History(codes(0, 1, 3)), board)
            found.append(dict(zip(board.items.tolist(), board.scores("item_knn").tolist(), strict=True)))
    assert found[0] == pytest.approx(found[1])


@pytest.mark.parametrize("measure", [measure for measure in MEASURES if measure != "cooccurrence"])
def test_without_cooccurrence_only_the_decay_changes_afterwards(measure: Measure, few: Interactions) -> None:
    recommender = ItemKNN.fit(TrainingData(few), ItemKNNConfig(measure=measure))
    wanted = ItemKNNConfig(measure=measure, item_exponent=0.9, target_exponent=0.9, recency_decay=0.3)
    found = recommender.configured(wanted)
    assert found.rows.values.tolist() == recommender.rows.values.tolist() != []
    assert found.config.recency_decay == 0.3


def test_item_knn_uses_only_the_latest_interactions_of_a_user(few: Interactions) -> None:
    rows = ItemKNN.fit(TrainingData(few), ItemKNNConfig(max_user_interactions=2)).rows
    assert [rows.row(item)[0].tolist() for item in range(4)] == [[1], [0, 2], [3, 1], [2]]


def test_successors_are_counted_by_gap_and_direction(few: Interactions) -> None:
    plain = SuccessorConfig(window=2, gap_decay=0.5, item_exponent=0.0, target_exponent=0.0)
    rows = Successor.fit(TrainingData(few), plain).rows
    assert dict(zip(*(part.tolist() for part in rows.row(0)), strict=True)) == {1: 2.0, 2: 0.5}
    assert dict(zip(*(part.tolist() for part in rows.row(1)), strict=True)) == {2: 1.0}
    assert dict(zip(*(part.tolist() for part in rows.row(2)), strict=True)) == {3: 1.0}
    assert rows.row(3)[0].tolist() == []


def test_without_an_order_there_are_no_successors(few: Interactions) -> None:
    unordered = replace(few, timestamps=None)
    assert Successor.fit(TrainingData(unordered), SuccessorConfig()).rows.indices.tolist() == []


def test_content_knows_rare_words_and_labels(few: Interactions) -> None:
    catalogue = pa.table(
        {
            "item_id": ["w", "x", "y", "z", "unheard-of"],
            "title": ["Red shoe", "red boot", "Blue boot", None, "red"],
            "tags": [["a"], ["a", "b"], None, ["b"], ["a"]],
        }
    )
    rows = Content.fit(TrainingData(few, catalogue), ContentConfig(max_share=0.5)).rows
    assert sorted(rows.row(0)[0].tolist()) == [1]
    assert sorted(rows.row(1)[0].tolist()) == [0, 2, 3]
    assert rows.row(3)[0].tolist() == [1]
    assert Content.fit(TrainingData(few), ContentConfig()).rows.indices.tolist() == []


def test_ease_solves_the_ridge_regression_of_each_item_on_the_others(few: Interactions) -> None:
    config = EaseConfig(regularization=2.0, user_exponent=0.0)
    rows = Ease.fit(TrainingData(few), config).rows
    x = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]], dtype=float)
    for target in range(4):
        others = [item for item in range(4) if item != target]
        gram = x[:, others].T @ x[:, others] + 2.0 * np.eye(3)
        expected = np.linalg.solve(gram, x[:, others].T @ x[:, target])
        for item, weight in zip(others, expected, strict=True):
            columns, values = rows.row(item)
            assert values[columns.tolist().index(target)] == pytest.approx(weight, abs=1e-5)


@pytest.mark.parametrize("n_items", [7, 1030])
def test_ease_inverts_in_place_a_block_at_a_time(n_items: int) -> None:
    half = np.random.default_rng(1).random((n_items, n_items))
    gram = np.asfortranarray(half @ half.T + n_items * np.eye(n_items))
    expected = np.linalg.inv(gram)
    found = ease._invert(gram)
    assert np.allclose(found, expected, atol=1e-10)
    weights = -expected / np.diag(expected)
    np.fill_diagonal(weights, 0.0)
    rows = ease._top(found, np.arange(n_items), n_items, 3)
    for item in (0, n_items // 2, n_items - 1):
        columns, values = rows.row(item)
        assert np.sort(np.abs(values)) == pytest.approx(np.sort(np.abs(weights[item]))[-3:], rel=1e-5)
        assert values == pytest.approx(weights[item, columns], rel=1e-5)


def test_user_knn_sums_the_similarities_of_the_items_users(few: Interactions, codes: Codes) -> None:
    found = users_signal(UserKNN.fit(TrainingData(few), UserKNNConfig(measure="cosine")), codes(2))
    assert found == {0: 0.5774, 1: 0.5774, 2: 1.2845, 3: 0.7071}


def test_a_new_history_is_folded_in_as_the_stored_one(checkerboard: Interactions, codes: Codes) -> None:
    recommender = UserKNN.fit(TrainingData(checkerboard), UserKNNConfig(measure="cosine"))
    stored = checkerboard.items[checkerboard.offsets[4] : checkerboard.offsets[5]]
    with_matrix = users_signal(recommender, stored, user=4)
    recommender.rows.values[:] = 0.0
    assert set(users_signal(recommender, stored, user=4).values()) == {0.0}
    without_itself = UserKNN.fit(
        TrainingData(checkerboard.select(checkerboard.users != 4)), UserKNNConfig(measure="cosine")
    )
    assert users_signal(without_itself, stored) == with_matrix
    assert max(with_matrix.values()) > 0


def test_the_stored_history_is_known_in_any_order(checkerboard: Interactions) -> None:
    recommender = UserKNN.fit(TrainingData(checkerboard), UserKNNConfig(measure="cosine"))
    stored = checkerboard.items[checkerboard.offsets[4] : checkerboard.offsets[5]]
    assert users_signal(recommender, stored[::-1].copy(), user=4) == users_signal(recommender, stored, user=4)


def test_a_history_that_has_grown_leaves_the_user_out_of_the_neighbours(few: Interactions, codes: Codes) -> None:
    recommender = UserKNN.fit(TrainingData(few), UserKNNConfig(measure="cosine"))
    found = users_signal(recommender, codes(0, 1, 3), user=0)
    assert found == {0: 0.6667, 1: 0.6667, 2: 1.0749, 3: 0.4082}


def test_user_knn_counts_a_repeated_item_once(few: Interactions, codes: Codes) -> None:
    recommender = UserKNN.fit(TrainingData(few), UserKNNConfig(measure="cosine"))
    assert users_signal(recommender, codes(2, 2, 0, 2)) == users_signal(recommender, codes(0, 2))


def test_only_the_nearest_users_count(few: Interactions, codes: Codes) -> None:
    found = users_signal(UserKNN.fit(TrainingData(few), UserKNNConfig(neighbours=1, measure="cosine")), codes(2))
    assert found == {2: 0.7071, 3: 0.7071}


def test_touching_gives_each_item_one_slot_with_empty_scores(codes: Codes) -> None:
    with ScoreBoard(5, ("one", "two")) as board:
        board.exclude(codes(2))
        board.add_candidates(codes(3, 2, 3, 0))
        assert board.items.tolist() == [3, 0]
        assert board.rows[:, :2].tolist() == [[0.0, 0.0]] * 2
    assert (board.slot == -1).all()


def test_the_board_is_empty_again_after_an_error(codes: Codes) -> None:
    board = ScoreBoard(5, ("one",))
    history: npt.NDArray[np.int32] = codes(2)

    def interrupted() -> None:
        with board:
            board.exclude(history)
            board.add_candidates(codes(3))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert (board.slot == -1).all()
    assert board.items.tolist() == []
