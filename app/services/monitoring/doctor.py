"""Looks at everything that a deployment needs, once; creates, migrates and changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from app.errors import DatabaseError
from app.schemas.health import Check
from app.services.monitoring.data_checks import clock_check, ids_check
from app.services.monitoring.findings import Finding
from app.services.monitoring.operation_checks import EventTypesOfLog, training_check
from app.services.monitoring.storage_checks import database_checks, storage_check
from app.services.state.bundle_origin import BundleOrigin
from app.services.state.bundle_reading import read_rankers
from app.storage.counts import CountStore
from app.storage.database import Database
from app.storage.samples import SampleStore
from app.storage.training_jobs import TrainingJobStore
from models.arrays.types import Ids
from models.bundle.errors import BundleError, BundleUnreadableError
from models.bundle.store import BundleStore

_UNKNOWN = Check(status="degraded", detail="unknown until the database answers and has the right tables")


class Doctor:
    """Makes the checks of readiness, and those that are too slow for it.

    Parameters
    ----------
    folders
        Where something is written, beside the database.
    """

    def __init__(
        self,
        database: Database,
        bundles: BundleStore,
        origin: BundleOrigin,
        counts: CountStore,
        samples: SampleStore,
        jobs: TrainingJobStore,
        event_types: EventTypesOfLog,
        folders: Sequence[Path],
    ) -> None:
        self._database = database
        self._bundles = bundles
        self._origin = origin
        self._counts = counts
        self._samples = samples
        self._jobs = jobs
        self._event_types = event_types
        self._folders = folders

    async def look(self) -> list[Finding]:
        """Look at everything; what needs the database is unknown without it."""
        checks = await database_checks(self._database)
        answers = all(check.status == "ok" for check in checks.values())
        checks["bundle"] = await self._bundle(with_catalogue=answers)
        others: Mapping[str, Callable[[], Awaitable[Check]]] = {
            "disk": lambda: storage_check(self._database, self._folders),
            "clock": lambda: clock_check(self._counts),
            "workers": lambda: training_check(self._jobs),
            "event_types": self._event_types.compare,
            "ids": lambda: ids_check(self._samples),
        }
        for name, check in others.items():
            checks[name] = await _made(check) if answers else _UNKNOWN
        return [_finding(name, check) for name, check in checks.items()]

    async def _bundle(self, *, with_catalogue: bool) -> Check:
        def read() -> tuple[str, Ids] | None:
            version = self._bundles.active_version()
            return None if version is None else (version, read_rankers(self._bundles, version)[0].item_ids)

        try:
            found = await asyncio.to_thread(read)
        except BundleUnreadableError as error:
            return Check(status="unreadable", detail=f"{error}: run `braid train`")
        except (BundleError, OSError) as error:
            advice = "restore its files, or activate another version: `braid bundles` lists them"
            return Check(status="failed", detail=f"{error}: {advice}")
        if found is None:
            return Check(status="none", detail="no bundle yet: `braid train` makes one")
        problem = await self._origin.refusal(*found) if with_catalogue else None
        if problem is not None:
            return Check(status="foreign", detail=f"{problem}: check BRAID_DATABASE_URL and BRAID_BUNDLES, or train")
        return Check(status="ok", detail=found[0])


async def _made(check: Callable[[], Awaitable[Check]]) -> Check:
    try:
        return await check()
    except DatabaseError as error:
        return Check(status="degraded", detail=f"unknown: {error}")


def _finding(name: str, check: Check) -> Finding:
    status = check.status
    return Finding(name, "ok" if status == "ok" else "failed" if status == "failed" else "warning", check.detail or "")
