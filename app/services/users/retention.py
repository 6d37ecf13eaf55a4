"""Retention: old rows are deleted, in steps that are too small to slow down requests."""

import asyncio
from datetime import datetime, timedelta

import structlog

from app.errors import BraidError
from app.storage.merging import MergeStore
from app.storage.retention import RetentionStore
from app.times import clock, from_microseconds
from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore

_EVERY_SECONDS = 3600.0
_PAUSE_SECONDS = 0.05
_DAY = 86_400_000_000
_LONGEST_TRAINING = timedelta(days=2)
_log = structlog.get_logger(__name__)


class Retention:
    """Deletes what is too old: interactions and requests, ids of erased users whom no bundle contains, moves of merges.

    Parameters
    ----------
    days
        None keeps everything.
    bundles
        The oldest one decides which erased users must be remembered.
    """

    def __init__(self, store: RetentionStore, merging: MergeStore, bundles: BundleStore, days: int | None) -> None:
        self._store = store
        self._merging = merging
        self._bundles = bundles
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
        await self._forget_erased()
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

    async def _forget_erased(self) -> None:
        try:
            oldest = await asyncio.to_thread(self._oldest_bundle)
        except (BundleError, OSError):
            return
        # Where there is no bundle here, another machine may have some.
        if oldest is not None:
            await self._store.forget_erased(int(oldest.timestamp() * 1e6))

    def _oldest_bundle(self) -> datetime | None:
        manifests = [self._bundles.manifest(version) for version in self._bundles.versions()]
        return min((_data_of(manifest) for manifest in manifests), default=None)


def _data_of(manifest: Manifest) -> datetime:
    """Return the moment at which the data of a bundle were read."""
    read_at = manifest.data.get("catalogue_at")
    if read_at is None:
        return manifest.created_at - _LONGEST_TRAINING
    return from_microseconds(int(read_at))
