"""How many connections, requests and unfinished bodies a server process holds at most."""

import resource
from collections.abc import Iterable
from typing import Protocol

MOST_CONNECTIONS = 4096
MOST_REQUESTS = 1000
"""Requests that are being answered; those whose body is still on its way do not count."""
MOST_HELD = 64 * 1024 * 1024
"""Bytes of bodies that are not complete yet, of all connections together."""
_SPARE_DESCRIPTORS = 256
"""For the database, files and log."""
_MOST_DESCRIPTORS = 1_048_576
"""Some programs that a process starts close as many as the limit allows, one by one."""


class Waiting(Protocol):
    """A connection that waits for the rest of a request."""

    def give_way(self) -> None:
        """End, as the place is needed."""


class Places:
    """Knows which connections of this process wait for their client, the one that has waited longest first.

    A connection that sends nothing, or half a request, costs a place only as long as nobody else needs it.
    """

    def __init__(self) -> None:
        self._waiting: dict[Waiting, None] = {}
        self._bodies: dict[Waiting, int] = {}
        self._queued: set[Waiting] = set()
        self._held = 0

    @property
    def unfinished(self) -> int:
        """Return how many requests whose turn has come wait for the rest of their body."""
        return len(self._bodies) - len(self._queued)

    def wait(self, connection: Waiting) -> None:
        """Note that a connection waits for its client."""
        self._waiting[connection] = None

    def answer(self, connection: Waiting) -> None:
        """Note that its request is there, and it does not wait any more."""
        self._waiting.pop(connection, None)

    def make_room(self, connections: int) -> bool:
        """Free a place where all are taken; return False where no connection can give way."""
        if connections <= most_connections():
            return True
        return self._end_first(self._waiting)

    def begin_body(self, connection: Waiting, *, queued: bool) -> None:
        """Note that a request has a body, of which nothing came yet; `queued` behind another request, or its turn."""
        self._bodies[connection] = 0
        if queued:
            self._queued.add(connection)

    def begin_turn(self, connection: Waiting) -> None:
        """Note that no other request is before the last one of a connection."""
        self._queued.discard(connection)

    def hold(self, connection: Waiting, size: int) -> None:
        """Count bytes of an unfinished body; where all are too many, the oldest request that holds some ends."""
        self._bodies[connection] += size
        self._held += size
        while self._held > MOST_HELD and self._end_first(one for one, held in self._bodies.items() if held):
            pass

    def end_body(self, connection: Waiting) -> None:
        """Note that a body is complete, or will never be."""
        self._held -= self._bodies.pop(connection, 0)
        self._queued.discard(connection)

    def _end_first(self, of: Iterable[Waiting]) -> bool:
        for oldest in of:
            self.end_body(oldest)
            self._waiting.pop(oldest, None)
            oldest.give_way()
            return True
        return False


def most_connections() -> int:
    """Return how many connections this process may have: there must be descriptors for other things."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    spare = soft - _SPARE_DESCRIPTORS if soft > 2 * _SPARE_DESCRIPTORS else soft // 2
    return min(MOST_CONNECTIONS, spare)


def raise_descriptor_limit() -> None:
    """Allow this process and its children as many open files and connections as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
