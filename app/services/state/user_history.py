"""Reading a history: a user's log as item codes with strengths, for the bundle in use."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.services.state.histories import Log
from app.services.state.serving import Serving
from app.storage.interactions import LogEntry
from app.times import clock
from models.arrays.types import Float32, Int32
from models.data.history import History
from models.data.strengths import RATING
from models.ranking.live_catalogue import LiveCatalogue

HALF_LIVES_HELD = math.log2(1 / (1 - 1e-4))
"""Half-lives in which a weight falls by one in ten thousand: until then an answer counts as the same."""


@dataclass(frozen=True, slots=True)
class UserHistory:
    """A user's log in codes.

    `items` (int32) are the liked items, oldest first, with their `strengths` (float32); items without a code are
    missing. `repeated` holds every single interaction with them and its time; None where the bundle has no repeats.
    `user` is the row in the bundle, -1 if there is none. `disliked` and `excluded` are codes: `excluded` items do not
    come into the list, by default everything that the user has seen. `has_log` tells whether the log holds anything
    that counts in favour of an item. `read_at` is the moment, in seconds since 1970, at which the ages of interactions
    were measured, and `holds` the seconds until the strengths are out of date: infinite where they do not decay.
    """

    items: Int32
    strengths: Float32
    repeated: History | None
    user: int
    disliked: Int32
    excluded: Int32
    has_log: bool
    read_at: float = 0.0
    holds: float = math.inf

    def current(self, now: float) -> bool:
        """Return whether the strengths still hold at a moment."""
        return abs(now - self.read_at) < self.holds

    @property
    def history(self) -> History:
        """The liked items, as the recommenders read them."""
        return History(self.items, self.user, self.strengths)


def read_history(
    serving: Serving,
    user_id: str | None,
    log: Log | None,
    *,
    session_items: Sequence[str] = (),
    exclude_seen: bool | Sequence[str] = True,
) -> UserHistory:
    """Read the history of a request: a user's log, then the items of a session.

    Parameters
    ----------
    log
        None for an anonymous session, or where the log cannot be read.
    exclude_seen
        Whether seen items stay out of the list: all, none, or those that interactions of some types are about.
        Disliked items stay out in any case.
    """
    if log is None or session_items:
        found = read_events(serving, user_id, [] if log is None else log.events, session_items)
    else:
        found = read_log(serving, user_id, log)
    if exclude_seen is True:
        return found
    types = exclude_seen or ()
    events = [] if log is None else log.events
    seen = serving.live.known_codes(list({item for _, _, item, kind, _ in events if kind in types}))
    return replace(found, excluded=np.concatenate([found.disliked, seen]))


def read_log(serving: Serving, user_id: str | None, log: Log) -> UserHistory:
    """Read a log; the result is kept with it until codes change or its strengths have decayed."""
    codes = (serving.number, len(serving.live))
    if log.derived is None or log.derived[0] != codes or not log.derived[1].current(clock.seconds()):
        log.derived = (codes, read_events(serving, user_id, log.events))
    found: UserHistory = log.derived[1]
    return found


def read_events(
    serving: Serving, user_id: str | None, events: Sequence[LogEntry], session_items: Sequence[str] = ()
) -> UserHistory:
    """Read events, oldest first, then the items of a session, each as a view.

    An item stands where its latest event is. The latest event decides whether it is liked or disliked; the strengths of
    the events in its favour add up.
    """
    scale, live = serving.scale, serving.live
    likes: dict[str, float] = {}
    every: list[tuple[str, float, float]] = []
    disliked: set[str] = set()
    # All at once: a call for each rating would take milliseconds of a long log.
    values = np.array([np.nan if kind != RATING or value is None else value for _, _, _, kind, value in events])
    now = clock.seconds()
    shortest = math.inf
    signs = scale.for_ratings(values).signed(values).tolist()
    for (moment, _, item, kind, _), signed in zip(events, signs, strict=True):
        weight = scale.event_weights.get(kind, 0.0) * signed
        if scale.half_lives and moment is not None and kind in scale.half_lives:
            weight *= 0.5 ** (max(now - moment / 1e6, 0.0) / scale.half_lives[kind])
            shortest = min(shortest, scale.half_lives[kind])
        if weight > 0:
            likes[item] = likes.pop(item, 0.0) + weight
            every.append((item, weight, 0.0 if moment is None else moment / 1e6))
            disliked.discard(item)
        elif weight < 0:
            likes.pop(item, None)
            disliked.add(item)
    has_log = bool(likes)
    view = abs(scale.event_weights.get("view", 0.0)) or 1.0
    for item in session_items:
        likes[item] = likes.pop(item, 0.0) + view
    codes = live.codes(list(likes))
    known = codes >= 0
    items = codes[known]
    disliked_codes = live.known_codes(list(disliked))
    ranker = serving.ranker
    return UserHistory(
        items,
        np.array(list(likes.values()), dtype=np.float32)[known],
        None if ranker is None or ranker.repeats is None else _repeated(every, disliked, live),
        serving.user_row(user_id),
        disliked_codes,
        np.concatenate([disliked_codes, items]) if len(disliked_codes) else items,
        has_log,
        now if shortest < math.inf else 0.0,
        shortest * HALF_LIVES_HELD,
    )


def _repeated(every: list[tuple[str, float, float]], disliked: set[str], live: LiveCatalogue) -> History:
    kept = [event for event in every if event[0] not in disliked]
    codes = live.codes([item for item, _, _ in kept])
    known = (codes >= 0) & (codes < live.n_items)
    strengths = np.array([strength for _, strength, _ in kept], dtype=np.float32)
    times = np.array([moment for _, _, moment in kept], dtype=np.float64)
    return History(codes[known], strengths=strengths[known], times=times[known])
