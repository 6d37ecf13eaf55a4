"""What a process needs before it should take traffic, and what it should be helped with."""

from collections.abc import Sequence
from pathlib import Path

from app.schemas.health import Check, Ready
from app.services.kit.supervision import Supervisor
from app.services.monitoring.operation_checks import EventTypesOfLog, feed_check, training_check
from app.services.monitoring.storage_checks import database_checks, storage_check
from app.services.state.active_bundle import ActiveBundle
from app.services.state.change_feed import ChangeFeed
from app.storage.database import Database
from app.storage.training_jobs import TrainingJobStore

_UNKNOWN = Check(status="degraded", detail="unknown while the database does not answer or has other tables")


class Readiness:
    """Checks database, migrations, bundle and background loops, and what does not stop requests.

    Parameters
    ----------
    folders
        Where something is written, beside the database.
    """

    def __init__(
        self,
        database: Database,
        bundle: ActiveBundle,
        background: Supervisor,
        feed: ChangeFeed,
        jobs: TrainingJobStore,
        event_types: EventTypesOfLog,
        folders: Sequence[Path],
    ) -> None:
        self._database = database
        self._bundle = bundle
        self._background = background
        self._feed = feed
        self._jobs = jobs
        self._event_types = event_types
        self._folders = folders

    async def check(self) -> Ready:
        """Check everything.

        A bundle that does not exist yet or cannot be read by this version is no failure, nor is anything that does not
        stop reads: a loop that is being restarted, a disk that is full, a job that no worker takes.
        """
        checks = await database_checks(self._database)
        answers = all(check.status == "ok" for check in checks.values())
        status, detail = self._bundle.state
        checks["bundle"] = Check(status=status, detail=detail)
        checks["background"] = self._background_check()
        checks["storage"] = await storage_check(self._database, self._folders) if answers else _UNKNOWN
        checks["change_feed"] = feed_check(self._feed.seconds_behind)
        checks["training"] = await training_check(self._jobs) if answers else _UNKNOWN
        checks["event_types"] = self._event_types.check
        failed = any(check.status == "failed" for check in checks.values())
        return Ready(status="failed" if failed else "ok", checks=checks)

    def _background_check(self) -> Check:
        failing = self._background.failing
        if not failing:
            return Check(status="ok", detail=", ".join(self._background.names))
        names = ", ".join(f"{name} ({type(error).__name__})" for name, error in sorted(failing.items()))
        return Check(status="degraded", detail=f"died and is restarted, the log has the error: {names}")
