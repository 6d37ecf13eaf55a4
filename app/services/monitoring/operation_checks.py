"""Whether changes of other processes arrive, training jobs are taken, and event types are known."""

import asyncio

import structlog

from app.errors import DatabaseError
from app.schemas.health import Check
from app.services.kit.event_types import EventTypeRule
from app.storage.counts import CountStore
from app.storage.training_jobs import TrainingJobStore

_LAG_SECONDS = 5.0
_WAITING_SECONDS = 300.0
_MINUTE = 60
_LATEST_ROWS = 1_000_000
_EVERY_SECONDS = 3600.0
_NAMED = 10
_log = structlog.get_logger(__name__)


def feed_check(seconds_behind: float) -> Check:
    """Check how far a process is behind what others have committed."""
    lag = f"{seconds_behind:.1f} s behind"
    if seconds_behind < _LAG_SECONDS:
        return Check(status="ok", detail=lag)
    detail = (
        f"{lag}: what other processes store has no effect here yet; look in the log for why the change feed cannot be"
        " read, and whether the processor or the database is overloaded"
    )
    return Check(status="degraded", detail=detail)


async def training_check(jobs: TrainingJobStore) -> Check:
    """Check that training jobs do not wait for a worker that does not run."""
    try:
        found = await jobs.waiting()
    except DatabaseError as error:
        return Check(status="degraded", detail=f"unknown: {error}")
    if found.running:
        return Check(status="ok", detail=f"a worker runs a training job; {found.waiting} wait")
    if not found.waiting:
        return Check(status="ok", detail="no training job waits")
    if found.seconds < _WAITING_SECONDS:
        waiting = f"{found.waiting} training {'jobs wait' if found.waiting > 1 else 'job waits'}"
        return Check(status="ok", detail=waiting)
    minutes = f"{found.seconds / _MINUTE:,.0f} minutes"
    waited = f"{found.waiting} training {'jobs have' if found.waiting > 1 else 'job has'} waited for {minutes}"
    return Check(status="degraded", detail=f"{waited}, and no worker takes one: start `braid worker`")


class EventTypesOfLog:
    """Compares the event types of the log with those of the settings, now and every hour.

    Parameters
    ----------
    counts
        Counts the latest million rows of the log.
    rule
        The event types of the settings.
    """

    def __init__(self, counts: CountStore, rule: EventTypeRule) -> None:
        self._counts = counts
        self._rule = rule
        self._unknown: dict[str, int] = {}
        self.check = Check(status="ok", detail="not compared with the log yet")
        """What was found last."""

    async def run(self) -> None:
        """Compare for as long as the process lives; an event type that is new among those found is logged."""
        while True:
            before = self._unknown
            try:
                await self.compare()
            except DatabaseError as error:
                _log.error("event types of the log not read", reason=str(error))
            if set(self._unknown) - set(before):
                _log.warning("event types of the log are not in the settings", found=self.check.detail)
            await asyncio.sleep(_EVERY_SECONDS)

    async def compare(self) -> Check:
        """Read the log and compare once.

        Raises
        ------
        DatabaseError
            The database does not answer.
        """
        found = await self._counts.event_types(_LATEST_ROWS)
        self._unknown = {kind: count for kind, count in sorted(found.items()) if kind not in self._rule.known}
        self.check = self._compared()
        return self.check

    def _compared(self) -> Check:
        if not self._unknown:
            return Check(status="ok", detail="the settings have all that the log has")
        named = [f"{kind} ({count:,})" for kind, count in self._unknown.items()]
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        listed = ", ".join(named[:_NAMED]) + more
        if self._rule.allow_unknown:
            return Check(status="ok", detail=f"in the log and not in BRAID_EVENT_TYPES, with weight 0: {listed}")
        detail = (
            f"in the log and not in BRAID_EVENT_TYPES: {listed}; they count for nothing: name them there, with weight"
            " 0 if that is meant"
        )
        return Check(status="degraded", detail=detail)
