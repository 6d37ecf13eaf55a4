"""What a user did with an item since it last reached the goal: the act that says most, how often, and how long ago."""

from dataclasses import dataclass

import numpy as np

from models.data.goal import ACTS, REACHED
from models.data.history import SECONDS_A_DAY, History
from models.data.order import are_times

_BY_WEIGHT = ("cart", "click", "view", "like", "other")
"""The acts, those that say most first."""


@dataclass(frozen=True)
class OwnAct:
    """An act of a user with an item: its kind, how often, and the days (UTC) since the last; None without a clock."""

    act: str
    times: int
    days: int | None


def own_act(history: History, item: int) -> OwnAct | None:
    """Return what a user did with an item since it last reached the goal; None where there is nothing.

    Parameters
    ----------
    history
        With its acts, and the moment of the request.
    item
        Code of the item.
    """
    events = history.every
    if events.acts is None:
        return None
    rows = np.flatnonzero(events.items == item)
    reached = rows[events.acts[rows] == REACHED]
    rows = rows[rows > reached[-1]] if len(reached) else rows
    for act in _BY_WEIGHT:
        own = rows[events.acts[rows] == ACTS.index(act)]
        if len(own):
            return OwnAct(act, len(own), _days_ago(events, int(own[-1])))
    return None


def _days_ago(events: History, row: int) -> int | None:
    if events.times is None or events.now is None or not are_times(events.times):
        return None
    return max(int(events.now // SECONDS_A_DAY) - int(events.times[row] // SECONDS_A_DAY), 0)
