"""What users did with one item, and what one user did: interactions counted by type in the log."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.services.kit.database_timeout import with_timeout
from app.storage.counts import CountStore

LATEST = 500_000
"""Latest rows of the log that are looked at for an item: it has no index by item."""


@dataclass(frozen=True, slots=True)
class EventCounts:
    """Interactions by event type, the most frequent first; `whole` tells whether the whole log was looked at."""

    by_type: Mapping[str, int]
    whole: bool = True

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_type.values())


class EventCounting:
    """Counts interactions by type."""

    def __init__(self, counts: CountStore) -> None:
        self._counts = counts

    async def of_item(self, item_id: str) -> EventCounts:
        """Count what users did with an item, among the latest interactions.

        Raises
        ------
        DatabaseError
            The log cannot be read within a second.
        """
        return EventCounts(*await with_timeout(self._counts.of_item(item_id, LATEST)))

    async def of_user(self, user_id: str) -> EventCounts:
        """Count what a user did.

        Raises
        ------
        DatabaseError
            The log cannot be read within a second.
        """
        return EventCounts(await with_timeout(self._counts.of_user(user_id)))
