"""Retention: old rows are deleted, in steps that are too small to slow down requests."""

import asyncio

import structlog

from app.errors import BraidError
from app.storage.merging import MergeStore
from app.storage.retention import RetentionStore
from app.times import clock

_EVERY_SECONDS = 3600.0
_PAUSE_SECONDS = 0.05
_DAY = 86_400_000_000
_log = structlog.get_logger(__name__)


class Retention:
    """Deletes what is too old: interactions and requests, and moves of merges.

    Parameters
    ----------
    days
        None keeps everything.
    """

    def __init__(self, store: RetentionStore, merging: MergeStore, days: int | None) -> None:
        self._store = store
        self._merging = merging
        self._days = days

    async def run(self) -> None:
        """Delete old rows now and every hour, for as long as the process lives."""
        while True:
            try:
                await self.drop()
            except BraidError as error:
                _log.error("old interactions not dropped", reason=str(error))
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self._merging.forget_moves()
            except BraidError as error:
                _log.error("moves of old merges not forgotten", reason=str(error))

    async def drop(self) -> int:
        """Delete old rows; return their number.

        Raises
        ------
        DatabaseError
            The database does not answer; rows deleted so far stay deleted.
        """
        if self._days is None:
            return 0
        total = 0
        async for dropped in self._store.drop(clock.now() - self._days * _DAY):
            total += dropped
            # Other writers get their turn in between.
            await asyncio.sleep(_PAUSE_SECONDS)
        if total:
            _log.info("old interactions dropped", rows=total, days=self._days)
        return total
