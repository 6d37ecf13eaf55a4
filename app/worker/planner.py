"""Plans training: adds a job when the schedule or the number of new interactions requires one."""

import asyncio
from datetime import UTC, datetime

import structlog

from app.config import Settings
from app.schedules import parse_schedule
from app.storage.training_jobs import TrainingJobStore
from app.times import from_microseconds
from models.bundle.errors import BundleError
from models.bundle.store import BundleStore

_log = structlog.get_logger(__name__)


class Planner:
    """Adds a job when one is due and none waits or runs; several workers together add only one.

    Parameters
    ----------
    bundles
        Interactions that the active bundle was trained on do not count as new.
    settings
        They hold the schedule and the threshold.
    """

    def __init__(self, jobs: TrainingJobStore, bundles: BundleStore, settings: Settings) -> None:
        self._jobs = jobs
        self._bundles = bundles
        self._due = parse_schedule(settings.training_schedule)
        self._threshold = settings.training_threshold
        self._read = 0
        self._since = datetime.now(UTC)

    async def plan(self) -> None:
        """Add a job where one is due.

        Raises
        ------
        DatabaseError
            The database does not answer.
        """
        last = await self._jobs.last_of("schedule")
        if self._due(self._since if last is None else from_microseconds(last), datetime.now(UTC)):
            await self._jobs.add("full", "schedule", {}, unless_open=True)
        if self._threshold is not None and await self._enough(self._threshold):
            await self._jobs.add("full", "threshold", {}, unless_open=True)

    async def _enough(self, threshold: int) -> bool:
        if await self._jobs.new_interactions(threshold, self._read) < threshold:
            return False
        # The store of bundles may be remote: it is read only where a job may be due, and the result is cached.
        self._read = max(self._read, await asyncio.to_thread(self._read_by_the_active_one))
        return await self._jobs.new_interactions(threshold, self._read) >= threshold

    def _read_by_the_active_one(self) -> int:
        try:
            version = self._bundles.active_version()
            return 0 if version is None else int(self._bundles.manifest(version).data.get("last_interaction_id") or 0)
        except (BundleError, OSError):
            return 0
