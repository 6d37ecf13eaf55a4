"""Popular items by the log itself: the fallback while there is no bundle."""

import asyncio
import time
from collections.abc import Collection, Mapping

from app.storage.interactions import InteractionStore
from models.data.events import positive_types

_HEAD = 1000
_SECONDS = 1.0


class PopularItems:
    """Counts the log's interactions by item; a count is used for a second, or until this process stores something."""

    def __init__(self, interactions: InteractionStore, event_weights: Mapping[str, float]) -> None:
        self._interactions = interactions
        self._positive = positive_types(event_weights)
        self._counting = asyncio.Lock()
        self._stored = 0
        self._head: list[tuple[str, int]] = []
        self._until = 0.0

    def forget(self) -> None:
        """Count anew at the next call: the log has changed."""
        self._stored += 1
        self._until = 0.0

    async def top(self, limit: int, exclude: Collection[str]) -> list[tuple[str, float]]:
        """Give the most popular items and their number of interactions."""
        if limit + len(exclude) > _HEAD:
            head = await self._interactions.top_items(self._positive, limit + len(exclude))
        else:
            head = await self._cached()
        return [(item, float(count)) for item, count in head if item not in exclude][:limit]

    async def _cached(self) -> list[tuple[str, int]]:
        async with self._counting:
            if time.monotonic() >= self._until:
                stored = self._stored
                self._head = await self._interactions.top_items(self._positive, _HEAD)
                # A count that may lack what was stored meanwhile serves only this call.
                self._until = time.monotonic() + _SECONDS if stored == self._stored else 0.0
            return self._head
