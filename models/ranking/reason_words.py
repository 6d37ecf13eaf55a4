"""What a user did with an item, in words: "in your cart", "you looked at it twice yesterday"."""

import numpy as np

from models.data.goal import ACTS, REACHED
from models.data.history import SECONDS_A_DAY, History
from models.data.order import are_times

_VERBS = {
    "click": "you clicked on it",
    "view": "you looked at it",
    "like": "you liked it",
    "other": "you came across it",
}
"""What is said of an act, those that say most first; the cart comes before them."""
_MONTH = 30


def words_for(history: History, item: int) -> str | None:
    """Describe what a user did with an item since it last reached the goal; None where there is nothing.

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
    in_cart = rows[events.acts[rows] == ACTS.index("cart")]
    if len(in_cart):
        return "in your cart" + _since(_days_ago(events, int(in_cart[-1])))
    for act, verb in _VERBS.items():
        own = rows[events.acts[rows] == ACTS.index(act)]
        if len(own):
            often = {1: "", 2: " twice"}.get(len(own), f" {len(own)} times")
            return verb + often + _when(_days_ago(events, int(own[-1])))
    return None


def _days_ago(events: History, row: int) -> int | None:
    """Return how many days (UTC) ago a row was; None without a clock."""
    if events.times is None or events.now is None or not are_times(events.times):
        return None
    return max(int(events.now // SECONDS_A_DAY) - int(events.times[row] // SECONDS_A_DAY), 0)


def _when(ago: int | None) -> str:
    if ago is None:
        return ""
    if ago > _MONTH:
        return " more than a month ago"
    return {0: " today", 1: " yesterday"}.get(ago, f" {ago} days ago")


def _since(ago: int | None) -> str:
    if not ago:
        return ""
    if ago > _MONTH:
        return " for more than a month"
    return " since yesterday" if ago == 1 else f" for {ago} days"
