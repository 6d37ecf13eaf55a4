"""Popular items by the log itself: the fallback while there is no bundle."""

import time
from collections.abc import Collection

from app.storage.interactions import InteractionStore
from models.data.events import POSITIVE_EVENT_TYPES

_HEAD = 1000
_SECONDS = 1.0


class PopularItems:
    """Counts the log's interactions by item; a count is used for a second, or until this process stores something."""

    def __init__(self, interactions: InteractionStore) -> None:
        self._interactions = interactions
        self._head: list[tuple[str, int]] = []
        self._until = 0.0

    def forget(self) -> None:
        """Count anew at the next call: the log has changed."""
        self._until = 0.0

    async def top(self, limit: int, exclude: Collection[str]) -> list[tuple[str, float]]:
        """Give the most popular items and their number of interactions."""
        if limit + len(exclude) > _HEAD:
            head = await self._interactions.top_items(POSITIVE_EVENT_TYPES, limit + len(exclude))
        else:
            head = await self._cached()
        return [(item, float(count)) for item, count in head if item not in exclude][:limit]

    async def _cached(self) -> list[tuple[str, int]]:
        if time.monotonic() >= self._until:
            until = self._until = time.monotonic() + _SECONDS
            head = await self._interactions.top_items(POSITIVE_EVENT_TYPES, _HEAD)
            if self._until != until:
                # Something was stored meanwhile: this count may lack it, so it serves only this call.
                return head
            self._head = head
        return self._head
