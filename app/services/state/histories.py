"""A read-through cache of the users' histories, kept up to date with new interactions."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from cachetools import LRUCache

from app.storage.interactions import LATEST_IMPRESSIONS, InteractionStore, LogEntry
from app.storage.rows import Row, Stored
from app.storage.users import UserStore
from models.data.events import IMPRESSIONS
from models.data.sales import counted_type

MAX_EVENTS = 10_000
"""Latest events of a user that are read: no person has more, and a log without a bound would delay other requests."""
_LOG_BYTES = 1000
"""Measured bytes of a log without its events, but with its cache entry and the data derived from it."""
_EVENT_BYTES = 12
"""Measured bytes of the derived data for each event."""


_NO_ATTRIBUTES: Mapping[str, Any] = {}


class _Packed(NamedTuple):
    """Events as JSON: as objects they would take six times the memory, and the garbage collector's time."""

    content: bytes
    length: int

    @classmethod
    def of(cls, events: Sequence[LogEntry]) -> "_Packed":
        # A copy, because the encoder's result keeps its whole buffer of 4 KB alive.
        return cls(bytes(memoryview(orjson.dumps(events))), len(events))

    @property
    def events(self) -> list[LogEntry]:
        return [tuple(event) for event in orjson.loads(self.content)] if self.length else []

    def with_events(self, new: Sequence[LogEntry], most: int) -> "_Packed":
        events = self.events if new else []
        known = {number for _, number, *_ in events}
        missing = [event for event in new if event[1] not in known]
        return _Packed.of(sorted(events + missing, key=_order)[-most:]) if missing else self


class Log:
    """All events of a user, oldest first, and the user's attributes; immutable: an update makes a new log.

    Impressions are apart: they say nothing about interest, and must not push out what does. `derived` caches what is
    derived from the events.
    """

    __slots__ = ("_attributes", "_events", "_impressions", "derived")

    def __init__(self, events: Sequence[LogEntry] = (), attributes: Mapping[str, Any] | None = None) -> None:
        told, shown = _apart(events)
        self._events, self._impressions = _Packed.of(told), _Packed.of(shown)
        self._attributes = bytes(memoryview(orjson.dumps(attributes))) if attributes else b""
        self.derived: Any = None

    def __len__(self) -> int:
        return self._events.length

    @property
    def events(self) -> list[LogEntry]:
        """The events without impressions, oldest first."""
        return self._events.events

    @property
    def impressions(self) -> list[LogEntry]:
        """The latest impressions, oldest first."""
        return self._impressions.events

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the user; empty without a profile."""
        return orjson.loads(self._attributes) if self._attributes else _NO_ATTRIBUTES

    @property
    def size(self) -> int:
        """Approximate size in memory, in bytes."""
        content = len(self._events.content) + len(self._impressions.content)
        content += len(self._attributes)
        return _LOG_BYTES + content + _EVENT_BYTES * (self._events.length + self._impressions.length)

    def with_events(self, new: Sequence[LogEntry]) -> "Log":
        """Insert more events in order; those already in the log are ignored."""
        told, shown = _apart(new)
        events = self._events.with_events(told, MAX_EVENTS)
        impressions = self._impressions.with_events(shown, LATEST_IMPRESSIONS)
        if events is self._events and impressions is self._impressions:
            return self
        log = Log()
        log._events, log._impressions, log._attributes = events, impressions, self._attributes
        return log


def _apart(events: Sequence[LogEntry]) -> tuple[list[LogEntry], list[LogEntry]]:
    """Tell impressions from all other events."""
    told: list[LogEntry] = []
    shown: list[LogEntry] = []
    for event in events:
        (shown if event[3] in IMPRESSIONS else told).append(event)
    return told, shown


def _size_of(log: Log) -> int:
    return log.size


def _order(event: LogEntry) -> tuple[bool, int, int]:
    # Events without a time stay in the order in which the log gave them: sorting is stable.
    return (False, 0, 0) if event[0] is None else (True, event[0], event[1])


class Histories:
    """Caches the logs of the users who were requested last, within a bound of memory.

    Events written while a log is being read may be missing from it: such a log is read again before it is used.

    Parameters
    ----------
    store
        The log in SQL.
    max_bytes
        Approximate bound of the memory for logs.
    users
        The users' profiles in SQL; without them no log has attributes.
    """

    def __init__(self, store: InteractionStore, max_bytes: int, users: UserStore | None = None) -> None:
        self._store = store
        self._users = users
        self._logs: LRUCache[str, Log] = LRUCache(max_bytes, getsizeof=_size_of)
        self._loading: dict[str, asyncio.Task[dict[str, Log]]] = {}
        self._dirty: set[str] = set()
        self._refreshing: set[str] = set()

    def __len__(self) -> int:
        return len(self._logs)

    @property
    def bytes(self) -> float:
        """Approximate memory of the logs, in bytes."""
        return self._logs.currsize

    def cached(self, user_id: str) -> Log | None:
        """Return a user's log if it is in memory."""
        # `get` looks twice: every request comes by here.
        try:
            return self._logs[user_id]
        except KeyError:
            return None

    async def get(self, user_id: str) -> Log:
        """Return a user's log, from memory or from SQL.

        Raises
        ------
        DatabaseError
            It is not in memory and cannot be read.
        """
        log = self.cached(user_id)
        return (await self.get_many([user_id]))[user_id] if log is None else log

    async def get_many(self, user_ids: Sequence[str]) -> dict[str, Log]:
        """Return the logs of several users; those that are not in memory are read together.

        Raises
        ------
        DatabaseError
            A log is not in memory and cannot be read.
        """
        missing = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in self._logs]
        new = [user_id for user_id in missing if user_id not in self._loading]
        found = {user_id: self._logs[user_id] for user_id in user_ids if user_id in self._logs}
        if new:
            task = asyncio.create_task(self._load(new))
            self._loading |= dict.fromkeys(new, task)
            # Callers that wait get the error; it is marked as seen in case all of them were cancelled.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        for task in {self._loading[user_id] for user_id in missing}:
            # Cancelling one caller must not cancel the read that others wait for.
            found |= await asyncio.shield(task)
        return {user_id: found[user_id] for user_id in user_ids}

    async def _load(self, user_ids: list[str]) -> dict[str, Log]:
        logs: dict[str, Log] = {}
        pending = set(user_ids)
        try:
            while pending:
                self._dirty -= pending
                logs |= await self._read(sorted(pending))
                pending &= self._dirty
            for user_id, log in logs.items():
                self._keep(user_id, log)
        finally:
            for user_id in user_ids:
                self._loading.pop(user_id, None)
                self._dirty.discard(user_id)
        return logs

    def stored(self, rows: Sequence[Row], places: Sequence[Stored]) -> None:
        """Add interactions that this process has committed, with their places in the log."""
        new: dict[str, list[LogEntry]] = {}
        for row, stored in zip(rows, places, strict=True):
            if not stored.repeated:
                self._mark(row.user_id)
                if row.user_id in self._logs:
                    kind = counted_type(row.event_type, row.quantity)
                    event = (row.timestamp, stored.id, row.item_id, kind, row.value)
                    new.setdefault(row.user_id, []).append(event)
        for user_id, events in new.items():
            # The log of another user of these rows may have taken its place in memory.
            log = self._logs.get(user_id)
            if log is not None:
                self._keep(user_id, log.with_events(events))

    async def refresh(self, user_ids: Collection[str] | None) -> None:
        """Read again the logs that other processes have changed: those of these users, or all.

        Raises
        ------
        DatabaseError
            The logs cannot be read; they were removed from memory, as they are out of date.
        """
        if user_ids is None:
            self.clear()
            return
        for user_id in user_ids:
            self._mark(user_id)
        pending = {user_id for user_id in user_ids if user_id in self._logs}
        self._refreshing |= pending
        try:
            while pending:
                self._dirty -= pending
                read = await self._read(sorted(pending))
                for user_id in pending - self._dirty:
                    if user_id in self._logs:
                        self._keep(user_id, read[user_id])
                self._refreshing -= pending - self._dirty
                pending &= self._dirty
        finally:
            for user_id in pending:
                self._logs.pop(user_id, None)
            self._refreshing -= pending
            self._dirty -= pending

    async def _read(self, user_ids: Sequence[str]) -> dict[str, Log]:
        read = await self._store.histories(user_ids, MAX_EVENTS)
        attributes = {} if self._users is None else await self._users.attributes(user_ids)
        return {user_id: Log(events, attributes.get(user_id)) for user_id, events in read.items()}

    def clear(self) -> None:
        """Forget everything: any log may be out of date."""
        self._dirty |= set(self._loading) | self._refreshing
        self._logs.clear()

    def _mark(self, user_id: str) -> None:
        """Mark a read that is under way to be repeated."""
        if user_id in self._loading or user_id in self._refreshing:
            self._dirty.add(user_id)

    def _keep(self, user_id: str, log: Log) -> None:
        if log.size <= self._logs.maxsize:
            self._logs[user_id] = log
        else:
            self._logs.pop(user_id, None)
