from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.interactions import Interactions
from models.recommenders import kernels
from models.recommenders.board import Board
from models.recommenders.item_knn import ItemKNN, ItemKNNConfig
from models.recommenders.user_knn import UserKNN, UserKNNConfig

Int32 = npt.NDArray[np.int32]
Codes = Callable[..., Int32]
Kind = tuple[Any, Any, int]
KINDS: list[Kind] = [
    (ItemKNN, ItemKNNConfig(), kernels.RECENCY),
    (ItemKNN, ItemKNNConfig(recency_decay=1.0), kernels.FLAT),
    (ItemKNN, ItemKNNConfig(neighbours=5), kernels.RECENCY),
    (UserKNN, UserKNNConfig(), kernels.USERS),
    (UserKNN, UserKNNConfig(neighbours=3), kernels.USERS),
]
every_recommender = pytest.mark.parametrize(
    "kind", KINDS, ids=["item", "item-flat", "item-few-neighbours", "user", "user-few-neighbours"]
)


def scores(
    recommender: Any, column: int, history: Int32, board: Board, excluded: Int32 | None = None
) -> dict[int, float]:
    with board:
        if excluded is not None:
            board.exclude(excluded)
        recommender.score(history, board)
        return dict(zip(board.items.tolist(), board.scores(column).tolist(), strict=True))


@every_recommender
def test_the_user_of_one_parity_gets_items_of_that_parity(kind: Kind, checkerboard: Interactions) -> None:
    recommender = kind[0].fit(checkerboard, kind[1])
    board = Board(12)
    for user in range(12):
        history = checkerboard.items[checkerboard.offsets[user] : checkerboard.offsets[user + 1]]
        found = scores(recommender, kind[2], history, board, excluded=history)
        assert max(found, key=lambda item: found[item]) == user
        assert {item % 2 for item, score in found.items() if score > 0} == {user % 2}


@every_recommender
def test_the_best_is_the_one_item_the_user_lacks(kind: Kind, checkerboard: Interactions) -> None:
    recommender = kind[0].fit(checkerboard, kind[1])
    history = np.array([0, 2, 4, 6, 8], dtype=np.int32)
    assert list(scores(recommender, kind[2], history, Board(12), excluded=history)) == [10]


@every_recommender
def test_excluded_items_are_never_touched(kind: Kind, checkerboard: Interactions, codes: Codes) -> None:
    recommender = kind[0].fit(checkerboard, kind[1])
    found = scores(recommender, kind[2], codes(0, 2), Board(12), excluded=codes(4, 0, 2, -1))
    assert found
    assert not {0, 2, 4} & set(found)


@every_recommender
def test_the_board_gives_the_same_answer_twice(kind: Kind, checkerboard: Interactions, codes: Codes) -> None:
    recommender = kind[0].fit(checkerboard, kind[1])
    board = Board(12)
    first = scores(recommender, kind[2], codes(1, 3), board, excluded=codes(1, 3))
    scores(recommender, kind[2], codes(0, 2, 4), board, excluded=codes(5, 7))
    assert scores(recommender, kind[2], codes(1, 3), board, excluded=codes(1, 3)) == first
    assert (board.slot == -1).all()
    assert board.count == 0


@every_recommender
def test_an_empty_history_gives_nothing(kind: Kind, checkerboard: Interactions, codes: Codes) -> None:
    assert scores(kind[0].fit(checkerboard, kind[1]), kind[2], codes(), Board(12)) == {}


@every_recommender
def test_scores_are_finite_and_not_negative(kind: Kind, checkerboard: Interactions, codes: Codes) -> None:
    found = scores(kind[0].fit(checkerboard, kind[1]), kind[2], codes(1, 0, 5), Board(12))
    assert all(np.isfinite(score) and score >= 0 for score in found.values())
    assert any(score > 0 for score in found.values())


@every_recommender
def test_a_bundle_gives_back_the_same_recommender(
    kind: Kind, checkerboard: Interactions, codes: Codes, store: BundleStore
) -> None:
    fitted = kind[0].fit(checkerboard, kind[1])
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    loaded = kind[0].load(store.publish(manifest, fitted.arrays()), kind[1])
    history = codes(1, 3, 2)
    assert scores(loaded, kind[2], history, Board(12)) == scores(fitted, kind[2], history, Board(12)) != {}


@every_recommender
def test_an_item_that_nobody_had_is_never_recommended(kind: Kind, checkerboard: Interactions, codes: Codes) -> None:
    without = checkerboard.select(checkerboard.items != 4)
    recommender = kind[0].fit(without, kind[1])
    assert 4 not in scores(recommender, kind[2], codes(0, 2), Board(12))
    assert scores(recommender, kind[2], codes(4), Board(12)) == {}
