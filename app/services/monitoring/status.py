"""What there is, in one look: the server, the database, the bundle, training, disks, and what needs attention."""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.errors import DatabaseError
from app.schemas.health import Check
from app.schemas.status import (
    Attention,
    BundleStatus,
    DatabaseStatus,
    DiskStatus,
    JobStatus,
    ServerStatus,
    Status,
    TrainingStatus,
)
from app.services.monitoring.operation_checks import training_check
from app.services.monitoring.storage_checks import database_checks, nearest_folders, storage_check
from app.storage.database import Database
from app.storage.sizes import sizes_of
from app.storage.training_jobs import TrainingJobStore
from app.times import from_microseconds
from models.bundle.errors import BundleError
from models.bundle.manifest import REPORT_FILE, Manifest
from models.bundle.store import BundleStore
from models.evaluation.headline import bundle_headline
from models.evaluation.report import BLEND, POPULARITY

_DAY = 86_400.0
_OLD_DAYS = 30
_ENDED_BADLY = ("failed", "refused")


class StatusOf:
    """Looks at a deployment; changes nothing and loads no bundle.

    Parameters
    ----------
    folders
        Where something is written, beside the database.
    """

    def __init__(
        self, database: Database, bundles: BundleStore, jobs: TrainingJobStore, folders: Sequence[Path]
    ) -> None:
        self._database = database
        self._bundles = bundles
        self._jobs = jobs
        self._folders = folders

    async def look(self, version: str, server: ServerStatus) -> Status:
        """Look at everything; what needs the database is left out where it does not answer."""
        checks = await database_checks(self._database)
        answers = all(check.status == "ok" for check in checks.values())
        if answers:
            checks["disk"] = await storage_check(self._database, self._folders)
            checks["worker"] = await training_check(self._jobs)
        database = await self._of_database(checks, answers=answers)
        bundle, problem = await asyncio.to_thread(self._of_bundle)
        training = await self._of_training(checks["worker"]) if answers else None
        return Status(
            version=version,
            server=server,
            database=database,
            bundle=bundle,
            training=training,
            disks=_disks(nearest_folders(self._database, self._folders)),
            attention=[*_of_server(server), *_of_checks(checks), *_of_contents(database, bundle, problem, training)],
        )

    async def _of_database(self, checks: dict[str, Check], *, answers: bool) -> DatabaseStatus:
        place = self._database.place
        if not answers:
            detail = next(check.detail for check in checks.values() if check.status != "ok")
            return DatabaseStatus(place=place, answers=False, detail=detail)
        try:
            found = await sizes_of(self._database)
        except DatabaseError as error:
            return DatabaseStatus(place=place, answers=True, detail=f"not counted: {error}")
        return DatabaseStatus(
            place=place,
            answers=True,
            detail="",
            size_bytes=found.size_bytes,
            interactions=found.interactions,
            users=found.users,
            items=found.items,
            newest_interaction=None if found.newest is None else from_microseconds(found.newest),
        )

    def _of_bundle(self) -> tuple[BundleStatus | None, str | None]:
        """Return the active bundle, and what is wrong with it."""
        version = None
        try:
            version = self._bundles.active_version()
            manifest = None if version is None else self._bundles.manifest(version)
        except BundleError as error:
            return (None if version is None else BundleStatus(version=version)), str(error)
        return (None, None) if manifest is None else (self._described(manifest), None)

    def _described(self, manifest: Manifest) -> BundleStatus:
        metrics = manifest.metrics.get("test", {})
        report = self._bundles.root / manifest.version / REPORT_FILE
        return BundleStatus(
            version=manifest.version,
            created_at=manifest.created_at,
            age_days=(datetime.now(UTC) - manifest.created_at).total_seconds() / _DAY,
            says=bundle_headline(manifest),
            protocol=manifest.protocol,
            metrics={name: metrics[name] for name in (BLEND, POPULARITY) if name in metrics},
            report=str(report) if report.is_file() else None,
        )

    async def _of_training(self, check: Check) -> TrainingStatus | None:
        try:
            waiting, newest = await self._jobs.waiting(), await self._jobs.page(1)
        except DatabaseError:
            return None
        last = None
        if newest:
            job = newest[0]
            ended = None if job.finished_at is None else from_microseconds(job.finished_at)
            last = JobStatus(
                job_id=job.job_id,
                status=job.status,
                phase=job.phase,
                progress=job.progress,
                reason=job.reason,
                finished_at=ended,
            )
        return TrainingStatus(queued=waiting.waiting, running=waiting.running, detail=check.detail, last=last)


def _disks(folders: Sequence[Path]) -> list[DiskStatus]:
    """Return the room on each disk, with the first folder that is on it."""
    by_disk: dict[int, Path] = {}
    for folder in folders:
        by_disk.setdefault(folder.stat().st_dev, folder)
    return [DiskStatus(folder=str(one), free_bytes=shutil.disk_usage(one).free) for one in by_disk.values()]


def _of_server(server: ServerStatus) -> Iterator[Attention]:
    if server.detail:
        advice = ": start it with `braid serve`" if server.state == "no answer" else ""
        yield Attention(name="server", detail=f"{server.detail}{advice}")


def _of_checks(checks: dict[str, Check]) -> Iterator[Attention]:
    for name, check in checks.items():
        if check.status != "ok":
            yield Attention(name=name, detail=check.detail)
            if name == "database":
                # What follows from it is no news.
                return


def _of_contents(
    database: DatabaseStatus, bundle: BundleStatus | None, problem: str | None, training: TrainingStatus | None
) -> Iterator[Attention]:
    if problem is not None:
        yield Attention(name="bundle", detail=f"{problem}: `braid bundles` lists the others")
    elif bundle is None and database.answers:
        empty = not database.interactions
        first = "no interactions yet: `braid import FOLDER` reads some, or your back end posts them"
        yield Attention(name="bundle", detail=first if empty else "no bundle yet: `braid train` makes one")
    elif bundle is not None and (bundle.age_days or 0) > _OLD_DAYS:
        advice = "run `braid train`, or `braid worker`, which trains by itself"
        yield Attention(name="bundle", detail=f"it is {bundle.age_days:,.0f} days old: {advice}")
    last = None if training is None else training.last
    if last is not None and last.status in _ENDED_BADLY:
        yield Attention(name="training", detail=f"the newest job was {last.status}: {last.reason}")
