"""Pins and places for new items, on lists whose answer is known."""

import numpy as np
import numpy.typing as npt
import pytest

from models.ranking.rules import expose, pin

ITEMS = np.array([7, 3, 5, 9], dtype=np.int32)
SCORES = np.array([4, 3, 2, 1], dtype=np.float32)


@pytest.mark.parametrize(
    ("pins", "items"),
    [
        ([], [7, 3, 5, 9]),
        ([(1, 5)], [5, 7, 3, 9]),
        ([(2, 8)], [7, 8, 3, 5, 9]),
        ([(3, 7), (1, 9)], [9, 3, 7, 5]),
        ([(4, 1), (2, 2)], [7, 2, 3, 1, 5, 9]),
        ([(90, 1), (91, 2)], [7, 3, 5, 9, 1, 2]),
    ],
)
def test_a_pin_has_its_position_and_the_others_keep_their_order(pins: list[tuple[int, int]], items: list[int]) -> None:
    found, scores = pin(ITEMS, SCORES, pins)
    assert found.tolist() == items
    known = dict(zip(ITEMS.tolist(), SCORES.tolist(), strict=True))
    assert scores.tolist() == [known.get(item, 4.0) for item in items]


def test_pins_make_a_list_where_there_is_none() -> None:
    found, scores = pin(ITEMS[:0], SCORES[:0], [(3, 4), (1, 2)])
    assert (found.tolist(), scores.tolist()) == ([2, 4], [0.0, 0.0])


def new(*places: int, of: int = 20) -> npt.NDArray[np.bool_]:
    found = np.zeros(of, dtype=np.bool_)
    found[list(places)] = True
    return found


@pytest.mark.parametrize(
    ("is_new", "share", "places"),
    [
        (new(12, 15, 18), 0.0, list(range(20))),
        (new(12, 15, 18), 0.1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 12]),
        (new(12, 15, 18), 0.2, [0, 1, 2, 3, 12, 4, 5, 6, 7, 15]),
        (new(3, 12, 15), 0.2, [0, 1, 2, 3, 4, 5, 6, 7, 8, 12]),
        (new(1, 2, 3), 0.1, list(range(20))),
        (new(), 0.5, list(range(20))),
    ],
)
def test_new_items_have_their_share_and_no_more(is_new: npt.NDArray[np.bool_], share: float, places: list[int]) -> None:
    found = expose(is_new, 10, share)
    assert found[: len(places)].tolist() == places
    assert sorted(found.tolist()) == list(range(20))
