"""Reading a history: a user's log as item codes with strengths, for the bundle in use."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.services.state.histories import Log
from app.services.state.serving import Serving
from app.storage.interactions import LogEntry
from app.times import clock
from models.arrays.types import Float64, Int32
from models.data.goal import REACHED
from models.data.history import History
from models.data.impressions import NO_SHOWS, SHOWN, Shows
from models.data.strengths import RATING, VIEW

_NOTHING: Int32 = np.empty(0, dtype=np.int32)

HALF_LIVES_HELD = math.log2(1 / (1 - 1e-4))
"""Half-lives in which a weight falls by one in ten thousand: until then an answer counts as the same."""


@dataclass(frozen=True, slots=True)
class UserHistory:
    """A user's log in codes.

    `history` holds the liked items as the recommenders read them; items without a code are missing. `excluded` are the
    codes (int32) of items that do not come into the list, by default everything that the user has seen. `has_log` tells
    whether the log holds anything that counts in favour of an item. `read_at` is the moment, in seconds since 1970, at
    which the ages of interactions were measured, and `holds` the seconds until the strengths are out of date: infinite
    where they do not decay. `shows` is what the user was shown and passed over.
    """

    history: History
    excluded: Int32
    has_log: bool
    read_at: float = 0.0
    holds: float = math.inf
    shows: Shows = NO_SHOWS

    @property
    def current(self) -> bool:
        """Whether the strengths still hold."""
        return self.holds == math.inf or abs(clock.seconds() - self.read_at) < self.holds

    @property
    def items(self) -> Int32:
        """The codes of the liked items."""
        return self.history.items

    @property
    def disliked(self) -> Int32:
        """The codes of the items whose latest event is a dislike; they are never recommended."""
        return _NOTHING if self.history.disliked is None else self.history.disliked


def read_history(
    serving: Serving,
    user_id: str | None,
    log: Log | None,
    *,
    session_items: Sequence[str] = (),
    exclude_seen: bool | Sequence[str] | None = None,
    attributes: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> UserHistory:
    """Read the history of a request: a user's log, then the items of a session.

    Parameters
    ----------
    log
        None for an anonymous session, or where the log cannot be read.
    exclude_seen
        Whether seen items stay out of the list: all, none, or those that interactions of some types are about; where
        None those that reached the goal of the bundle, or all where it has none. Disliked items stay out in any case.
    attributes
        Of the user, as the request gives them: they come before those of the profile.
    context
        Of the request.
    """
    if log is None or session_items:
        log = Log() if log is None else log
        found = read_events(serving, user_id, log.events, session_items, log.impressions)
    else:
        found = read_log(serving, user_id, log)
    if attributes or context or (session_items and log is not None):
        profile = serving.profile(known_attributes(log, attributes), context)
        found = replace(found, history=replace(found.history, profile=profile))
    if exclude_seen is None:
        return found
    if exclude_seen is True:
        return replace(found, excluded=np.concatenate([found.disliked, found.items]))
    types = exclude_seen or ()
    events = [] if log is None else [*log.events, *log.impressions]
    seen = serving.live.known_codes(list({item for _, _, item, kind, _ in events if kind in types}))
    return replace(found, excluded=np.concatenate([found.disliked, seen]))


def read_log(serving: Serving, user_id: str | None, log: Log) -> UserHistory:
    """Read a log; the result is kept with it until codes change or its strengths have decayed."""
    codes = (serving.number, len(serving.live))
    if log.derived is None or log.derived[0] != codes or not log.derived[1].current:
        read = read_events(serving, user_id, log.events, impressions=log.impressions)
        profile = serving.profile(log.attributes)
        log.derived = (codes, replace(read, history=replace(read.history, profile=profile)))
    found: UserHistory = log.derived[1]
    return found


def known_attributes(log: Log | None, given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the attributes of a user: those of the profile, and those that a request gives, which come before."""
    return {**({} if log is None else log.attributes), **(given or {})}


def read_events(
    serving: Serving,
    user_id: str | None,
    events: Sequence[LogEntry],
    session_items: Sequence[str] = (),
    impressions: Sequence[LogEntry] = (),
) -> UserHistory:
    """Read events, oldest first, then the items of a session, each as a view; see `History.read`."""
    scale, now = serving.scale, clock.seconds()
    items = [item for _, _, item, _, _ in events]
    kinds = [kind for _, _, _, kind, _ in events]
    # All at once: a call for each event would take milliseconds of a long log.
    values = np.array([np.nan if kind != RATING or value is None else value for _, _, _, kind, value in events])
    # What has an order but no time comes first, each at a time of its own: items of one time have no order.
    untimed = -len(events)
    times = np.array([untimed + n if event[0] is None else event[0] / 1e6 for n, event in enumerate(events)])
    strengths = scale.weights(kinds) * scale.for_ratings(values).signed(values)
    shortest = np.inf
    if scale.half_lives:
        lives = np.array([scale.half_lives.get(kind, np.inf) for kind in kinds])
        lives[[moment is None for moment, *_ in events]] = np.inf
        shortest = float(lives.min(initial=np.inf))
        strengths *= np.exp2(-np.maximum(now - times, 0.0) / lives)
    has_log, goal = _any_liked(items, strengths), serving.goal
    if session_items:
        view = np.abs(scale.weights([VIEW]))
        items += session_items
        kinds += [VIEW] * len(session_items)
        strengths = np.append(strengths, np.repeat(view if view[0] else 1.0, len(session_items)))
        # After everything in the log, though an event of a client whose clock is fast may lie ahead.
        times = np.append(times, max(now, times.max(initial=now)) + (1 + np.arange(len(session_items))) * _STEP)
    codes = serving.live.codes(items)
    kept = (codes >= 0) & (strengths != 0)
    user = serving.user_row(user_id)
    acts = None if goal is None else goal.acts(kinds)[kept]
    reached = None if acts is None else acts == REACHED
    history = History.read(codes[kept], strengths[kept].astype(np.float32), times[kept], acts, reached, user=user)
    seen = history.seen if history.disliked is None else np.concatenate([history.disliked, history.seen])
    shows = _passed_over(serving, impressions, history) if impressions else NO_SHOWS
    return UserHistory(history, seen, has_log, now if shortest < np.inf else 0.0, shortest * HALF_LIVES_HELD, shows)


_STEP = 1e-6
"""Seconds between the items of a session, which have an order but no times."""


def _passed_over(serving: Serving, impressions: Sequence[LogEntry], history: History) -> Shows:
    """Read the impressions that say that the user saw the item and when."""
    seen = [(item, moment / 1e6) for moment, _, item, kind, _ in impressions if kind == SHOWN and moment is not None]
    codes = serving.live.codes([item for item, _ in seen])
    times = np.array([moment for _, moment in seen], dtype=np.float64)
    return Shows.passed_over(codes[codes >= 0], times[codes >= 0], history)


def _any_liked(items: Sequence[str], strengths: Float64) -> bool:
    """Return whether the latest event of some item is in its favour."""
    if not (strengths < 0).any():
        return bool((strengths > 0).any())
    return any(strength > 0 for strength in dict(zip(items, strengths.tolist(), strict=True)).values())
