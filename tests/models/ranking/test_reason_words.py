"""What a user did with an item, in words."""

import numpy as np
import pytest

from models.data.goal import Goal
from models.data.history import History
from models.ranking.reason_words import words_for

NOON = 1_750_075_200.0
HOUR, DAY = 3600.0, 86_400.0


def history(*events: tuple[str, float], now: float | None = NOON) -> History:
    kinds, ago = zip(*events, strict=True)
    times = NOON - np.array(ago)
    acts = Goal.parse("purchase").acts(kinds)
    return History.read(np.zeros(len(kinds), dtype=np.int32), None, times, acts, acts == 0, now=now)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([("view", 2 * DAY), ("cart", HOUR)], "in your cart"),
        ([("cart", DAY)], "in your cart since yesterday"),
        ([("cart", 4 * DAY), ("view", HOUR)], "in your cart for 4 days"),
        ([("cart", 40 * DAY)], "in your cart for more than a month"),
        ([("view", HOUR)], "you looked at it today"),
        ([("view", DAY + HOUR), ("view", DAY)], "you looked at it twice yesterday"),
        ([("view", 9 * DAY), ("view", 8 * DAY), ("view", 3 * DAY)], "you looked at it 3 times 3 days ago"),
        ([("view", HOUR), ("click", 50 * DAY)], "you clicked on it more than a month ago"),
        ([("rating", HOUR)], "you liked it today"),
        ([("search", HOUR)], "you came across it today"),
        ([("cart", DAY), ("purchase", HOUR)], None),
        ([("view", 3 * DAY), ("purchase", 2 * DAY), ("view", HOUR)], "you looked at it today"),
    ],
)
def test_the_strongest_act_is_told(events: list[tuple[str, float]], words: str | None) -> None:
    assert words_for(history(*sorted(events, key=lambda one: -one[1])), 0) == words


def test_without_a_moment_nothing_is_said_about_the_time() -> None:
    assert words_for(history(("view", DAY), ("view", HOUR), now=None), 0) == "you looked at it twice"


def test_other_items_and_histories_without_acts_have_no_words() -> None:
    assert words_for(history(("view", DAY)), 7) is None
    assert words_for(History(np.zeros(1, dtype=np.int32)), 0) is None
