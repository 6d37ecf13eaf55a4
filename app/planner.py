"""Plans training: adds a job when the schedule, or the number of new interactions, says so."""

from datetime import UTC, datetime

import structlog

from app.config import Settings
from app.schedules import parse_schedule
from app.storage.training_jobs import TrainingJobStore
from app.times import from_microseconds

_log = structlog.get_logger(__name__)


class Planner:
    """Adds jobs for as long as none waits or runs; several workers together add one.

    Parameters
    ----------
    settings
        Whose schedule and threshold it follows.
    """

    def __init__(self, jobs: TrainingJobStore, settings: Settings) -> None:
        self._jobs = jobs
        self._due = parse_schedule(settings.training_schedule)
        self._threshold = settings.training_threshold
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
        if self._threshold is not None and await self._jobs.new_interactions(self._threshold) >= self._threshold:
            await self._jobs.add("full", "threshold", {}, unless_open=True)
