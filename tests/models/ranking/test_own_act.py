"""What a user did with an item."""

import numpy as np
import pytest

from models.data.goal import Goal
from models.data.history import History
from models.ranking.own_act import OwnAct, own_act

NOON = 1_750_075_200.0
HOUR, DAY = 3600.0, 86_400.0


def history(*events: tuple[str, float], now: float | None = NOON) -> History:
    kinds, ago = zip(*events, strict=True)
    times = NOON - np.array(ago)
    acts = Goal.parse("purchase").acts(kinds)
    return History.read(np.zeros(len(kinds), dtype=np.int32), None, times, acts, acts == 0, now=now)


@pytest.mark.parametrize(
    ("events", "act"),
    [
        ([("view", 2 * DAY), ("cart", HOUR)], OwnAct("cart", 1, 0)),
        ([("cart", 4 * DAY), ("view", HOUR)], OwnAct("cart", 1, 4)),
        ([("view", HOUR)], OwnAct("view", 1, 0)),
        ([("view", DAY + HOUR), ("view", DAY)], OwnAct("view", 2, 1)),
        ([("view", HOUR), ("click", 50 * DAY)], OwnAct("click", 1, 50)),
        ([("rating", HOUR)], OwnAct("like", 1, 0)),
        ([("search", HOUR)], OwnAct("other", 1, 0)),
        ([("cart", DAY), ("purchase", HOUR)], None),
        ([("view", 3 * DAY), ("purchase", 2 * DAY), ("view", HOUR)], OwnAct("view", 1, 0)),
    ],
)
def test_the_strongest_act_is_told(events: list[tuple[str, float]], act: OwnAct | None) -> None:
    assert own_act(history(*sorted(events, key=lambda one: -one[1])), 0) == act


def test_without_a_moment_nothing_is_said_about_the_time() -> None:
    assert own_act(history(("view", DAY), ("view", HOUR), now=None), 0) == OwnAct("view", 2, None)


def test_of_other_items_and_histories_without_acts_nothing_is_told() -> None:
    assert own_act(history(("view", DAY)), 7) is None
    assert own_act(History(np.zeros(1, dtype=np.int32)), 0) is None
