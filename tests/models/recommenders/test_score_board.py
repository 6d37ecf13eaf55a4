from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from models.recommenders.score_board import ScoreBoard

Codes = Callable[..., npt.NDArray[np.int32]]


def floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


@pytest.fixture
def board() -> ScoreBoard:
    return ScoreBoard(6, ("sparse", "dense", "other"))


def scored(board: ScoreBoard, signal: str) -> dict[int, float]:
    return dict(zip(board.items.tolist(), board.scores(signal).tolist(), strict=True))


def test_added_items_become_candidates_and_what_is_added_again_adds_up(board: ScoreBoard, codes: Codes) -> None:
    with board:
        board.exclude(codes(5))
        board.add("sparse", codes(3, 1, 5), floats(1, 2, 8))
        board.add("sparse", codes(1, 0), floats(0.5, 4))
        assert scored(board, "sparse") == {3: 1.0, 1: 2.5, 0: 4.0}
        assert scored(board, "other") == {3: 0.0, 1: 0.0, 0: 0.0}


def test_a_dense_signal_reaches_every_candidate_those_that_come_later_too(board: ScoreBoard, codes: Codes) -> None:
    with board:
        board.add_candidates(codes(2))
        board.add_dense("dense", floats(*range(6)), codes(5))
        board.add_candidates(codes(0))
        board.write_deferred()
        assert scored(board, "dense") == {2: 2.0, 5: 5.0, 0: 0.0}
        assert scored(board, "sparse") == {2: 0.0, 5: 0.0, 0: 0.0}


def test_the_best_of_every_dense_signal_become_candidates(board: ScoreBoard, codes: Codes) -> None:
    with board:
        board.exclude(codes(4))
        board.add_dense("dense", floats(*range(6)), codes(5, 4))
        board.add_dense("other", floats(*range(6, 0, -1)), codes(0, 1))
        board.write_deferred()
        assert scored(board, "dense") == {5: 5.0, 0: 0.0, 1: 1.0}
        assert scored(board, "other") == {5: 1.0, 0: 6.0, 1: 5.0}


def test_what_was_dense_is_forgotten_with_the_request(board: ScoreBoard, codes: Codes) -> None:
    with board:
        board.add_dense("dense", floats(*range(6)), codes(5))
    with board:
        board.add_candidates(codes(3, 5))
        board.write_deferred()
        assert scored(board, "dense") == {3: 0.0, 5: 0.0}


def test_a_signal_of_no_name_is_refused(board: ScoreBoard, codes: Codes) -> None:
    with board, pytest.raises(KeyError, match="unheard-of"):
        board.add("unheard-of", codes(1), floats(1))
