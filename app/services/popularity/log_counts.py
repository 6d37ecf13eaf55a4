"""Popular items by the counts of the log: the fallback while there is no bundle."""

import asyncio

import numpy as np

from app.errors import DatabaseError
from app.services.kit.database_timeout import with_timeout
from app.storage.interactions import InteractionStore
from app.times import clock
from models.arrays.types import Float32
from models.data.events import positive_types
from models.data.strengths import StrengthScale
from models.ranking.live_catalogue import LiveCatalogue

_HEAD = 1000
_SECONDS = 1.0


class LogCounts:
    """Counts the log's interactions by item; a count is used for a second, or until this process stores something.

    Parameters
    ----------
    scale
        Interactions of the event types with a weight above 0 are counted, but no low ratings.
    """

    def __init__(self, interactions: InteractionStore, scale: StrengthScale) -> None:
        self._interactions = interactions
        self._scale = scale
        self._positive = positive_types(scale.event_weights)
        self._counting = asyncio.Lock()
        self._stored = 0
        self._head: list[tuple[str, int]] = []
        self._until = 0.0

    def forget(self) -> None:
        """Count again at the next call: the log has changed."""
        self._stored += 1
        self._until = 0.0

    async def counts(self, live: LiveCatalogue) -> Float32:
        """Return the interactions of each code of a catalogue; items of the log without a code get one.

        While the database is unavailable, the last counts are returned.

        Raises
        ------
        DatabaseError
            The log cannot be read, and there is no earlier count.
        """
        try:
            head = await with_timeout(self._cached())
        except DatabaseError:
            if not self._head:
                raise
            head = self._head
        live.assign_codes([item for item, _ in head])
        codes = live.codes([item for item, _ in head])
        counts = np.zeros(live.size, dtype=np.float32)
        counts[codes[codes >= 0]] = np.array([count for _, count in head], dtype=np.float32)[codes >= 0]
        return counts

    async def _cached(self) -> list[tuple[str, int]]:
        async with self._counting:
            if clock.elapsed() >= self._until:
                stored = self._stored
                self._head = await self._interactions.top_items(self._positive, _HEAD, self._scale)
                # A count that may miss rows stored meanwhile is used for this call only.
                self._until = clock.elapsed() + _SECONDS if stored == self._stored else 0.0
            return self._head
