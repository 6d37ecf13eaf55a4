"""The worker: takes training jobs one after the other, trains in a separate process, and activates bundles that pass.

The lease of the job is renewed while the process trains. A worker that loses it, because another one has taken the job,
stops and changes nothing more.
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import structlog

from app.errors import BundleRefusedError, DatabaseError
from app.process import factory
from app.process.resources import Resources
from app.services.kit.supervision import stop
from app.storage.training_jobs import LEASE_SECONDS, Job, Status
from app.tracing import traces
from app.worker.planner import Planner
from app.worker.training_process import Report, how_it_ended, start
from models.bundle.errors import BundleError, StoreUnreachableError
from models.bundle.naming import new_version

_TICK_SECONDS = 1.0
_ATTEMPTS = 5
_RETRY_SECONDS = 3.0
_log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")


class Worker:
    """Takes jobs until it is stopped.

    Parameters
    ----------
    resources
        Those of this process.
    """

    def __init__(self, resources: Resources) -> None:
        self._settings = resources.settings
        self._bundles = resources.bundles
        self._versions = factory.versions(resources)
        self._jobs = resources.training_jobs
        self._planner = Planner(self._jobs, self._bundles, self._settings)
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._stopping = asyncio.Event()
        self._away = False

    def stop(self) -> None:
        """Stop; a running job goes back to the queue."""
        self._stopping.set()

    async def run(self) -> None:
        """Take jobs until the worker is stopped."""
        _log.info("worker started", worker=self._name)
        while not self._stopping.is_set():
            job = await self._next()
            if job is None:
                await self._wait(_TICK_SECONDS)
            else:
                await self._do_whatever_happens(job)
        _log.info("worker stopped", worker=self._name)

    async def _next(self) -> Job | None:
        try:
            await self._planner.plan()
            job = await self._jobs.claim(self._name, new_version())
        except DatabaseError as error:
            if not self._away:
                self._away = True
                _log.error("training jobs cannot be read", reason=str(error))
            return None
        self._away = False
        return job

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _do_whatever_happens(self, job: Job) -> None:
        """Run a job; an unexpected error ends the job, but not the worker."""
        try:
            with traces.root("training job", {"braid.job.id": job.job_id, "braid.job.kind": job.kind}):
                await self._do(job)
        except Exception as error:  # noqa: BLE001 - whatever it was, the next job is taken
            _log.exception("training job failed", job=job.job_id)
            with suppress(DatabaseError):
                await self._jobs.finish(job, "failed", f"{type(error).__name__}: {error}")
            await self._wait(_TICK_SECONDS)

    async def _do(self, job: Job) -> None:
        _log.info("training job taken", job=job.job_id, kind=job.kind, attempt=job.attempts)
        report = Report()
        state = await self._train(job, report)
        holding = asyncio.create_task(self._hold(job, report))
        try:
            # While the database is unavailable there is nothing else to do.
            while True:
                try:
                    await self._end(job, report, state)
                    break
                except DatabaseError as error:
                    _log.error("training job not ended yet", job=job.job_id, reason=str(error))
                    if self._stopping.is_set():
                        break
                    await self._wait(_TICK_SECONDS)
        finally:
            await stop(holding)
        with suppress(BundleError, OSError):
            await asyncio.to_thread(self._bundles.sweep)

    async def _hold(self, job: Job, report: Report) -> None:
        """Keep the lease while a bundle is verified and activated."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            with suppress(DatabaseError):
                await self._jobs.renew(job, report.phase, report.progress, [])

    async def _train(self, job: Job, report: Report) -> str:
        """Train in a process; return whether the job is `ours`, `cancelling`, `lost` or to be `put back`."""
        if job.bundle_version in await self._patiently(self._bundles.versions):
            # An earlier worker published it and died before it could record that.
            report.outcome = {"version": job.bundle_version}
            report.lines.append(f"bundle {job.bundle_version} was published by an earlier attempt")
            return "ours"
        process = await start(job, self._settings)
        reading = [asyncio.create_task(report.read(stream)) for stream in (process.stdout, process.stderr) if stream]
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        state = "ours"
        held_at = time.monotonic()
        try:
            while state == "ours" and not ended.done():
                await asyncio.wait([ended, stopping], timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if self._stopping.is_set() and not ended.done():
                    state = "put back"
                elif not ended.done():
                    state = await self._renew(job, report)
                    held_at = time.monotonic() if state != "away" else held_at
                    # Another worker that reaches the database may have the job by now.
                    lapsed = time.monotonic() - held_at > LEASE_SECONDS
                    state = ("lost" if lapsed else "ours") if state == "away" else state
        finally:
            stopping.cancel()
            if process.returncode is None:
                process.kill()
            await ended
            await asyncio.gather(*reading)
        if report.outcome is None and state == "ours":
            report.outcome = {"failed": how_it_ended(process.returncode)}
        return state

    async def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        """Call the store of bundles; retry a few times if it cannot be reached."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return await asyncio.to_thread(ask)
            except StoreUnreachableError as error:
                _log.warning("bundles cannot be reached", reason=str(error))
                await self._wait(_RETRY_SECONDS)
        return await asyncio.to_thread(ask)

    async def _renew(self, job: Job, report: Report) -> str:
        lines = list(report.lines)
        try:
            state = await self._jobs.renew(job, report.phase, report.progress, lines)
        except DatabaseError as error:
            _log.warning("lease not renewed", job=job.job_id, reason=str(error))
            return "away"
        del report.lines[: len(lines)]
        return state

    async def _end(self, job: Job, report: Report, state: str) -> None:
        if state == "put back":
            await self._jobs.put_back(job)
            return
        if state == "ours":
            state = await self._jobs.renew(job, report.phase, report.progress, [])
        if state == "lost":
            _log.warning("training job lost to another worker", job=job.job_id)
            return
        if state == "cancelling":
            await self._finish(job, "cancelled", "it was cancelled", report.lines)
            _log.info("training job cancelled", job=job.job_id)
            return
        outcome = report.outcome or {}
        if "version" not in outcome:
            await self._finish(job, "failed", str(outcome.get("failed")), report.lines)
            _log.error("training job failed", job=job.job_id, reason=outcome.get("failed"))
            return
        await self._pass(job, str(outcome["version"]), report.lines)

    async def _finish(self, job: Job, status: Status, reason: str | None, lines: Sequence[str] = ()) -> bool:
        traces.note("braid.job.status", status)
        return await self._jobs.finish(job, status, reason, lines)

    async def _pass(self, job: Job, version: str, lines: list[str]) -> None:
        """Activate the bundle if it passed the gate."""
        try:
            gate = (await self._patiently(lambda: self._bundles.manifest(version))).gate
            refusal = None if gate is None else gate.reason
            if refusal is not None:
                _log.error("bundle refused by the gate", job=job.job_id, version=version, reason=refusal)
                await self._finish(job, "refused", refusal, lines)
                return
            await self._versions.take(version, f"job {job.job_id}")
        except BundleRefusedError as error:
            _log.error("bundle refused", job=job.job_id, version=version, reason=str(error))
            await self._finish(job, "refused", str(error), lines)
            return
        if not await self._finish(job, "succeeded", None, [*lines, f"bundle {version} is active"]):
            _log.warning("training job lost to another worker", job=job.job_id)
            return
        _log.info("training job succeeded", job=job.job_id, version=version)
        with suppress(BundleError, OSError, DatabaseError):
            # Bundles that other running jobs have published and not activated yet are kept.
            await self._versions.prune(await self._jobs.versions_at_work())
