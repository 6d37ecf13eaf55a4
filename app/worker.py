"""The worker: takes training jobs one after the other, trains in a process of its own, and activates what passes.

The lease of the job is renewed while the process trains. Whoever loses it, because the database gave the job to
another worker, stops and changes nothing more.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from app.context import Context
from app.errors import BraidError, DatabaseError
from app.planner import Planner
from app.storage.training_jobs import Job
from models.bundle.errors import BundleError
from models.bundle.store import new_version

_TICK_SECONDS = 1.0
_MAX_LINE = 2000
_STREAM_LIMIT = 1 << 20
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
_log = structlog.get_logger(__name__)


@dataclass
class _Told:
    """What the process of a job has told so far, and what of it is not stored yet."""

    phase: str | None = None
    progress: float | None = None
    lines: list[str] = field(default_factory=list)
    outcome: dict[str, Any] | None = None


class Worker:
    """Takes jobs until it is stopped.

    Parameters
    ----------
    context
        Of this process; it serves nothing.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._jobs = context.job_store
        self._planner = Planner(context.job_store, context.settings)
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._stopping = asyncio.Event()
        self._away = False

    def stop(self) -> None:
        """Stop: a job under way is given back."""
        self._stopping.set()

    async def run(self) -> None:
        """Take jobs, for as long as the worker is not stopped."""
        _log.info("worker started", worker=self._name)
        while not self._stopping.is_set():
            job = await self._next()
            if job is None:
                await self._wait(_TICK_SECONDS)
            else:
                await self._do(job)
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

    async def _do(self, job: Job) -> None:
        _log.info("training job taken", job=job.job_id, kind=job.kind, attempt=job.attempts)
        told = _Told()
        state = await self._train(job, told)
        # While the database is away there is nothing else to do.
        while True:
            try:
                await self._end(job, told, state)
                break
            except DatabaseError as error:
                _log.error("training job not ended yet", job=job.job_id, reason=str(error))
                if self._stopping.is_set():
                    break
                await self._wait(_TICK_SECONDS)
        with suppress(BundleError, OSError):
            await asyncio.to_thread(self._context.bundles.sweep)

    async def _train(self, job: Job, told: _Told) -> str:
        """Train in a process; tell whether the job is still `ours`, or is `cancelling`, `lost` or to be `put back`."""
        if job.bundle_version in await asyncio.to_thread(self._context.bundles.versions):
            # An earlier worker got that far and died before it could say so.
            told.outcome = {"version": job.bundle_version}
            told.lines.append(f"bundle {job.bundle_version} was published by an earlier attempt")
            return "ours"
        process = await self._start(job)
        reading = [asyncio.create_task(_read(stream, told)) for stream in (process.stdout, process.stderr) if stream]
        ended = asyncio.create_task(process.wait())
        state = "ours"
        try:
            while state == "ours" and not ended.done():
                stopping = asyncio.create_task(self._stopping.wait())
                await asyncio.wait([ended, stopping], timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                if self._stopping.is_set() and not ended.done():
                    state = "put back"
                elif not ended.done():
                    state = await self._renew(job, told)
        finally:
            if process.returncode is None:
                process.kill()
            await ended
            await asyncio.gather(*reading)
        if told.outcome is None and state == "ours":
            told.outcome = {"failed": _how(process.returncode)}
        return state

    async def _start(self, job: Job) -> asyncio.subprocess.Process:
        settings = self._context.settings
        threads = settings.training_threads or max((os.cpu_count() or 2) - 1, 1)
        environment = {
            **os.environ,
            **settings.as_environment(),
            **dict.fromkeys(_THREADS, str(threads)),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        order = {**job.options, "kind": job.kind, "version": job.bundle_version}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.trainer_process", json.dumps(order)),
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_STREAM_LIMIT,
        )

    async def _renew(self, job: Job, told: _Told) -> str:
        lines = list(told.lines)
        try:
            state = await self._jobs.renew(job, told.phase, told.progress, lines)
        except DatabaseError as error:
            # The training goes on: the job is ours until somebody else takes it.
            _log.warning("lease not renewed", job=job.job_id, reason=str(error))
            return "ours"
        del told.lines[: len(lines)]
        return state

    async def _end(self, job: Job, told: _Told, state: str) -> None:
        if state == "put back":
            await self._jobs.put_back(job)
            return
        if state == "ours":
            state = await self._jobs.renew(job, told.phase, told.progress, [])
        if state == "lost":
            _log.warning("training job lost to another worker", job=job.job_id)
            return
        if state == "cancelling":
            await self._jobs.finish(job, "cancelled", "it was cancelled", told.lines)
            _log.info("training job cancelled", job=job.job_id)
            return
        outcome = told.outcome or {}
        if "version" not in outcome:
            await self._jobs.finish(job, "failed", str(outcome.get("failed")), told.lines)
            _log.error("training job failed", job=job.job_id, reason=outcome.get("failed"))
            return
        await self._pass(job, str(outcome["version"]), told.lines)

    async def _pass(self, job: Job, version: str, lines: list[str]) -> None:
        """Activate what the gate let pass."""
        try:
            gate = (await asyncio.to_thread(self._context.bundles.manifest, version)).gate
            refusal = None if gate is None else gate.reason
            if refusal is not None:
                _log.error("bundle refused by the gate", job=job.job_id, version=version, reason=refusal)
                await self._jobs.finish(job, "refused", refusal, lines)
                return
            await self._context.versions.activate(version, f"job {job.job_id}")
        except DatabaseError:
            raise
        except (BraidError, BundleError) as error:
            _log.error("training job failed", job=job.job_id, reason=str(error))
            await self._jobs.finish(job, "failed", str(error), lines)
            return
        await self._jobs.finish(job, "succeeded", None, [*lines, f"bundle {version} is active"])
        _log.info("training job succeeded", job=job.job_id, version=version)
        await self._context.versions.prune()


async def _read(stream: asyncio.StreamReader, told: _Told) -> None:
    """Take note of what a process says, until it ends; what is no message of ours is a line of the log."""
    while line := await stream.readline():
        text = line.decode(errors="replace").rstrip()
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict) or not message.keys() & {"phase", "line", "outcome"}:
            if text:
                told.lines.append(text[:_MAX_LINE])
            continue
        told.phase = message.get("phase", told.phase)
        told.progress = message.get("progress", told.progress)
        told.outcome = message.get("outcome", told.outcome)
        if "line" in message:
            told.lines.append(str(message["line"])[:_MAX_LINE])


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"the process that trained was ended by {signal.Signals(-code).name}; it may have been short of memory"
    return f"the process that trained ended with code {code} and said nothing"
