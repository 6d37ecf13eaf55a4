"""Times as the tables keep them, and the clock that answers are made by: microseconds since 1970, UTC."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(moment: datetime) -> int:
    """Convert a moment exactly."""
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def from_microseconds(microseconds: int) -> datetime:
    """Convert back, exactly."""
    return _EPOCH + timedelta(microseconds=microseconds)


def now() -> int:
    """Return the machine's time, for records of what the service did; `clock` is the time that decides answers."""
    return to_microseconds(datetime.now(UTC))


class Clock:
    """The time that decides answers: the machine's, or in a test the moment that was set last.

    The ages of interactions, the availability of items, the time of an interaction that has none and retention are all
    measured by it.
    """

    def __init__(self) -> None:
        self._moment: int | None = None
        self._moved = 0.0

    def now(self) -> int:
        """Return the present time in microseconds since 1970."""
        return int(time.time() * 1e6) if self._moment is None else self._moment

    def seconds(self) -> float:
        """Return the present time in seconds since 1970."""
        return time.time() if self._moment is None else self._moment / 1e6

    def elapsed(self) -> float:
        """Return seconds to measure intervals with: they pass with the machine, and when a test moves the clock."""
        return time.monotonic() + self._moved

    def set(self, moment: datetime) -> None:
        """Stop the clock at a moment, later or earlier than the last one."""
        before, self._moment = self.now(), to_microseconds(moment)
        self._moved += abs(self._moment - before) / 1e6

    @contextmanager
    def stopped(self, moment: datetime | None) -> Iterator[None]:
        """Stop the clock at a moment, unless that is None; leaving follows the machine again."""
        if moment is not None:
            self.set(moment)
        try:
            yield
        finally:
            self._moment, self._moved = None, 0.0


clock = Clock()
"""The clock of this process."""
