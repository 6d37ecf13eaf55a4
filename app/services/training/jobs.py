"""Training jobs: adds, returns, follows and cancels them."""

import asyncio

from app.errors import BundleRefusedError, BundlesUnavailableError, InvalidFieldsError, NotFoundError
from app.schemas.problems import FieldError
from app.schemas.training_jobs import (
    LogLine,
    TrainingJob,
    TrainingJobIn,
    TrainingJobsPage,
    TrainingJobsQuery,
    TrainingJobWithLog,
)
from app.services.kit.pagination import decode, encode
from app.storage.training_jobs import Job, Line, Origin, TrainingJobStore
from app.times import from_microseconds
from models.bundle.errors import BundleError, StoreUnreachableError
from models.bundle.store import BundleStore

_LIST = "training_jobs"


class TrainingJobs:
    """Adds jobs to the queue that workers take them from."""

    def __init__(self, jobs: TrainingJobStore, bundles: BundleStore) -> None:
        self._jobs = jobs
        self._bundles = bundles

    async def add(self, wanted: TrainingJobIn, origin: Origin) -> TrainingJob:
        """Add a job.

        Raises
        ------
        InvalidFieldsError
            There is no bundle whose settings it could keep.
        QueueFullError
            Too many jobs wait.
        """
        await asyncio.to_thread(self._check, wanted)
        options = wanted.model_dump(exclude={"kind"})
        return described(await self._jobs.add(wanted.kind, origin, options))

    async def get(self, job_id: str) -> TrainingJobWithLog:
        """Return a job and its log.

        Raises
        ------
        NotFoundError
            There is no job with this id.
        """
        job = await self._find(job_id)
        lines = await self._jobs.lines(job_id)
        return TrainingJobWithLog(**described(job).model_dump(), log=[described_line(line) for line in lines])

    async def page(self, query: TrainingJobsQuery) -> TrainingJobsPage:
        """List jobs, newest first."""
        before = decode(query.cursor, _LIST, (int, str))
        jobs = await self._jobs.page(query.limit + 1, None if before is None else (before[0], before[1]))
        more = len(jobs) > query.limit
        kept = jobs[: query.limit]
        cursor = encode(_LIST, kept[-1].created_at, kept[-1].job_id) if more else None
        return TrainingJobsPage(items=[described(job) for job in kept], next_cursor=cursor)

    async def cancel(self, job_id: str) -> TrainingJob:
        """Request that a job is cancelled; one that has ended stays as it is.

        Raises
        ------
        NotFoundError
            There is no job with this id.
        """
        job = await self._jobs.cancel(job_id)
        if job is None:
            raise NotFoundError(f"there is no training job {job_id!r}")
        return described(job)

    async def _find(self, job_id: str) -> Job:
        job = await self._jobs.get(job_id)
        if job is None:
            raise NotFoundError(f"there is no training job {job_id!r}")
        return job

    def _check(self, wanted: TrainingJobIn) -> None:
        try:
            if wanted.kind == "refresh" and self._bundles.active_version() is None:
                raise _invalid("kind", "there is no active bundle to refresh: train in full first")
            if (wanted.kind == "again") != (wanted.from_manifest is not None):
                raise _invalid("from_manifest", "goes with the kind `again`, and with no other")
            if wanted.from_manifest is not None and wanted.from_manifest not in self._bundles.versions():
                raise _invalid("from_manifest", f"there is no bundle {wanted.from_manifest!r}")
        except StoreUnreachableError as error:
            raise BundlesUnavailableError(str(error)) from error
        except BundleError as error:
            raise BundleRefusedError(str(error)) from error


def _invalid(field: str, detail: str) -> InvalidFieldsError:
    return InvalidFieldsError(
        f"1 field is not valid: {field}", [FieldError(field=field, code="invalid", detail=detail)]
    )


def described_line(line: Line) -> LogLine:
    """Return a line of a job's log as clients see it."""
    return LogLine(id=line.id, written_at=from_microseconds(line.written_at), line=line.line)


def described(job: Job) -> TrainingJob:
    """Return a job as clients see it."""
    moments = {"created_at": job.created_at, "started_at": job.started_at, "finished_at": job.finished_at}
    options = {"seed": 0, "budget": None, "from_manifest": None} | job.options
    return TrainingJob(
        job_id=job.job_id,
        kind=job.kind,
        origin=job.origin,
        status=job.status,
        attempts=job.attempts,
        cancelling=job.cancelling,
        phase=job.phase,
        progress=job.progress,
        bundle_version=job.bundle_version,
        reason=job.reason,
        **options,
        **{name: None if value is None else from_microseconds(value) for name, value in moments.items()},
    )
