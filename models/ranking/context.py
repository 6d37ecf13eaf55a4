"""The context of a request: when it is made, and its place in the user's visit."""

import math

import numpy as np

from models.arrays.types import Float32
from models.data.history import History

CONTEXT = (
    "seconds_since_last",
    "visit_events",
    "visit_items_share",
    "hour_sin",
    "hour_cos",
    "weekday_sin",
    "weekday_cos",
)
"""Features of a request that are the same for all its candidates."""
AGE = "item_age"
"""Feature of a candidate: the days since its first interaction, when the recommenders were fitted."""
_DAY, _WEEK = 86_400.0, 604_800.0


def context_of(history: History, pause: float) -> Float32:
    """Compute the context features of a request, float32 of `CONTEXT`'s length; zeros where its time is not known.

    Parameters
    ----------
    history
        With the times of the interactions and of the request, in seconds since 1970.
    pause
        Seconds without an interaction that end a visit.
    """
    found = np.zeros(len(CONTEXT), dtype=np.float32)
    times, now = history.every.times, history.now
    if now is None:
        return found
    if times is not None and len(times):
        found[0] = math.log1p(max(now - float(times[-1]), 0.0))
        gaps = np.diff(np.append(times, now))
        pauses = np.flatnonzero(gaps > pause)
        events = len(times) - 1 - int(pauses[-1]) if len(pauses) else len(times)
        found[1] = math.log1p(events)
        found[2] = events / len(times)
    hour, weekday = (2 * math.pi * (now % period) / period for period in (_DAY, _WEEK))
    found[3:] = math.sin(hour), math.cos(hour), math.sin(weekday), math.cos(weekday)
    return found
