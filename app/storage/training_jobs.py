"""Training jobs in SQL: what added each one, which worker runs it and how it ended.

A worker owns a job as long as it renews its lease. Once the lease has ended, any worker may take the job and start it
again, at most three times. On PostgreSQL the clock is the database's, so that clocks of machines may differ.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, case, func, insert, or_, select, text, update

from app.storage.clocks import moment_of
from app.storage.database import Database
from app.storage.queues import require_room
from app.storage.tables import interactions, training_job_lines, training_jobs
from app.times import now

Status = Literal["queued", "running", "succeeded", "refused", "failed", "cancelled"]
Origin = Literal["api", "command", "schedule", "threshold"]
OPEN = ("queued", "running")
MAX_ATTEMPTS = 3
_MAX_QUEUED = 10
LEASE_SECONDS = 30
_MAX_LINES = 10_000


@dataclass(frozen=True)
class Job:
    """One training job; the fields are the columns of its table."""

    job_id: str
    kind: str
    origin: str
    options: dict[str, Any]
    status: str
    attempts: int
    worker: str | None
    cancelling: bool
    phase: str | None
    progress: float | None
    last_interaction_id: int | None
    bundle_version: str | None
    reason: str | None
    created_at: int
    started_at: int | None
    finished_at: int | None


@dataclass(frozen=True)
class Line:
    """One line of a job's log."""

    id: int
    written_at: int
    line: str


@dataclass(frozen=True)
class Waiting:
    """Jobs that wait for a worker, those that a worker runs, and seconds since the oldest waits."""

    waiting: int
    running: int
    seconds: float


_COLUMNS = [training_jobs.c[name] for name in Job.__dataclass_fields__]


class TrainingJobStore:
    """Keeps training jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, kind: str, origin: Origin, options: Mapping[str, Any], *, unless_open: bool = False) -> Job:
        """Add a job to the queue, unless it is full; with `unless_open`, return an open one instead, if any."""

        def work(connection: Connection) -> Job:
            if not self._database.is_sqlite:
                # Serialises the check for an open job and the insert.
                connection.execute(text("LOCK TABLE training_jobs IN SHARE ROW EXCLUSIVE MODE"))
            if unless_open:
                waiting = select(*_COLUMNS).where(training_jobs.c.status.in_(OPEN)).limit(1)
                found = connection.execute(waiting).mappings().first()
                if found is not None:
                    return _job(found)
            queued = connection.scalar(select(func.count()).where(training_jobs.c.status == "queued"))
            require_room(queued or 0, _MAX_QUEUED, "training jobs")
            job_id = secrets.token_hex(8)
            row = {
                "job_id": job_id,
                "kind": kind,
                "origin": origin,
                "options": dict(options),
                "status": "queued",
                "created_at": now(),
            }
            connection.execute(insert(training_jobs).values(row))
            return _one(connection, job_id)

        return await self._database.write(work)

    async def claim(self, worker: str, version: str) -> Job | None:
        """Take the oldest job that waits or whose lease has ended; None where there is none.

        Parameters
        ----------
        worker
            Name of the worker that takes it.
        version
            Version that it will publish, unless an earlier attempt chose one.
        """

        def work(connection: Connection) -> Job | None:
            moment = moment_of(connection)
            gone = (training_jobs.c.status == "running") & (training_jobs.c.lease_until < moment)
            _give_up(connection, gone)
            free = or_(training_jobs.c.status == "queued", gone)
            statement = select(training_jobs.c.job_id).where(free).order_by(training_jobs.c.created_at).limit(1)
            job_id = connection.scalar(statement.with_for_update(skip_locked=True))
            if job_id is None:
                return None
            newest = connection.scalar(select(func.max(interactions.c.id)))
            taken = {
                "status": "running",
                "worker": worker,
                "attempts": training_jobs.c.attempts + 1,
                "lease_until": moment + LEASE_SECONDS * 1_000_000,
                "started_at": moment,
                "phase": None,
                "progress": None,
                "last_interaction_id": newest,
                "bundle_version": func.coalesce(training_jobs.c.bundle_version, version),
            }
            connection.execute(update(training_jobs).where(training_jobs.c.job_id == job_id).values(taken))
            return _one(connection, job_id)

        return await self._database.write(work)

    async def renew(
        self, job: Job, phase: str | None, progress: float | None, lines: Sequence[str]
    ) -> Literal["ours", "cancelling", "lost"]:
        """Renew a job's lease, store its progress and log lines, and return whether it is still the worker's."""

        def work(connection: Connection) -> Literal["ours", "cancelling", "lost"]:
            until = moment_of(connection) + LEASE_SECONDS * 1_000_000
            values = {"lease_until": until, "phase": phase, "progress": progress}
            if not connection.execute(update(training_jobs).where(_held(job)).values(values)).rowcount:
                return "lost"
            _write_lines(connection, job.job_id, lines)
            return "cancelling" if _one(connection, job.job_id).cancelling else "ours"

        return await self._database.write(work)

    async def finish(self, job: Job, status: Status, reason: str | None = None, lines: Sequence[str] = ()) -> bool:
        """End a job; False where it is not the worker's any more, and nothing was written."""

        def work(connection: Connection) -> bool:
            values = {"status": status, "reason": reason, "finished_at": now(), "lease_until": None}
            if not connection.execute(update(training_jobs).where(_held(job)).values(values)).rowcount:
                return False
            _write_lines(connection, job.job_id, lines)
            return True

        return await self._database.write(work)

    async def put_back(self, job: Job) -> None:
        """Return an unfinished job to the queue; the attempt is not counted."""

        def work(connection: Connection) -> None:
            status = case((training_jobs.c.cancelling, "cancelled"), else_="queued")
            ended = case((training_jobs.c.cancelling, now()))
            values = {"status": status, "finished_at": ended, "lease_until": None, "phase": None, "progress": None}
            fewer = {"attempts": training_jobs.c.attempts - 1}
            connection.execute(update(training_jobs).where(_held(job)).values(values | fewer))

        await self._database.write(work)

    async def cancel(self, job_id: str) -> Job | None:
        """Cancel a job; one that waits ends at once, a running one soon. None where there is none."""

        def work(connection: Connection) -> Job | None:
            mine = (training_jobs.c.job_id == job_id) & training_jobs.c.status.in_(OPEN)
            waiting = training_jobs.c.status == "queued"
            values = {
                "cancelling": True,
                "status": case((waiting, "cancelled"), else_=training_jobs.c.status),
                "finished_at": case((waiting, now()), else_=training_jobs.c.finished_at),
            }
            connection.execute(update(training_jobs).where(mine).values(values))
            found = connection.execute(select(*_COLUMNS).where(training_jobs.c.job_id == job_id)).mappings().first()
            return None if found is None else _job(found)

        return await self._database.write(work)

    async def get(self, job_id: str) -> Job | None:
        """Return a job; None where there is none."""
        async with self._database.begin() as connection:
            statement = select(*_COLUMNS).where(training_jobs.c.job_id == job_id)
            found = (await connection.execute(statement)).mappings().first()
            return None if found is None else _job(found)

    async def versions_at_work(self) -> list[str]:
        """Return the versions that running jobs will publish or have published."""
        statement = select(training_jobs.c.bundle_version).where(
            training_jobs.c.status.in_(OPEN), training_jobs.c.bundle_version.is_not(None)
        )
        async with self._database.begin() as connection:
            return [str(version) for version in (await connection.execute(statement)).scalars()]

    async def page(self, limit: int, before: tuple[int, str] | None = None) -> list[Job]:
        """List jobs, newest first, those that come after a moment and an id."""
        statement = select(*_COLUMNS).order_by(training_jobs.c.created_at.desc(), training_jobs.c.job_id.desc())
        if before is not None:
            created_at, job_id = before
            earlier = training_jobs.c.created_at < created_at
            same = (training_jobs.c.created_at == created_at) & (training_jobs.c.job_id < job_id)
            statement = statement.where(earlier | same)
        async with self._database.begin() as connection:
            return [_job(row) for row in (await connection.execute(statement.limit(limit))).mappings()]

    async def lines(self, job_id: str, after: int = 0, limit: int = _MAX_LINES) -> list[Line]:
        """Read a job's log, the lines after one of them."""
        table = training_job_lines.c
        statement = select(table.id, table.written_at, table.line).where(table.job_id == job_id, table.id > after)
        async with self._database.begin() as connection:
            rows = await connection.execute(statement.order_by(table.id).limit(limit))
            return [Line(row.id, row.written_at, row.line) for row in rows]

    async def statuses(self) -> dict[str, int]:
        """Count the jobs of each status."""
        statement = select(training_jobs.c.status, func.count()).group_by(training_jobs.c.status)
        async with self._database.begin() as connection:
            return {row[0]: row[1] for row in await connection.execute(statement)}

    async def waiting(self) -> Waiting:
        """Return which jobs wait for a worker."""
        queued, running = training_jobs.c.status == "queued", training_jobs.c.status == "running"
        async with self._database.begin() as connection:
            moment = await connection.run_sync(moment_of)
            held = running & (training_jobs.c.lease_until >= moment)
            left = running & (training_jobs.c.lease_until < moment)
            counts = [func.count(case((which, 1))) for which in (queued, held, left)]
            oldest = func.min(case((queued, training_jobs.c.created_at), (left, training_jobs.c.lease_until)))
            row = (await connection.execute(select(*counts, oldest))).one()
            return Waiting(row[0] + row[2], row[1], 0.0 if row[3] is None else (moment - row[3]) / 1e6)

    async def last_of(self, origin: Origin) -> int | None:
        """Return when a job of this origin was last added, in microseconds since 1970; None if never."""
        statement = select(func.max(training_jobs.c.created_at)).where(training_jobs.c.origin == origin)
        async with self._database.begin() as connection:
            found: int | None = await connection.scalar(statement)
            return found

    async def new_interactions(self, enough: int, after: int = 0) -> int:
        """Count the interactions since the last job was taken and after row `after`; stop at `enough`."""
        last = select(func.max(training_jobs.c.last_interaction_id)).scalar_subquery()
        newer = select(interactions.c.id).where(interactions.c.id > func.coalesce(last, 0), interactions.c.id > after)
        some = newer.limit(enough).subquery()
        async with self._database.begin() as connection:
            return int(await connection.scalar(select(func.count()).select_from(some)) or 0)


def _held(job: Job) -> Any:
    mine = (training_jobs.c.job_id == job.job_id) & (training_jobs.c.worker == job.worker)
    return mine & (training_jobs.c.status == "running") & (training_jobs.c.attempts == job.attempts)


def _give_up(connection: Connection, gone: Any) -> None:
    """End jobs whose worker is gone, if they were tried often enough or were being cancelled."""
    ended = {"finished_at": now(), "lease_until": None}
    cancelled = gone & training_jobs.c.cancelling
    connection.execute(update(training_jobs).where(cancelled).values(status="cancelled", **ended))
    tried = gone & (training_jobs.c.attempts >= MAX_ATTEMPTS)
    reason = f"its worker died in each of {MAX_ATTEMPTS} attempts"
    connection.execute(update(training_jobs).where(tried).values(status="failed", reason=reason, **ended))


def _write_lines(connection: Connection, job_id: str, lines: Sequence[str]) -> None:
    if lines:
        moment = now()
        # PostgreSQL cannot store NUL characters.
        rows = [{"job_id": job_id, "written_at": moment, "line": line.replace("\0", "")} for line in lines]
        connection.execute(insert(training_job_lines), rows)


def _one(connection: Connection, job_id: str) -> Job:
    return _job(connection.execute(select(*_COLUMNS).where(training_jobs.c.job_id == job_id)).mappings().one())


def _job(row: Mapping[Any, Any]) -> Job:
    return Job(**{name: row[name] for name in Job.__dataclass_fields__})
