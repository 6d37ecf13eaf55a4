"""Starts the process that trains for a job, and reads what it reports."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any

import structlog

from app.config import Settings
from app.services.kit.process_exits import exit_of
from app.storage.training_jobs import Job

_MAX_LINE = 2000
_STREAM_LIMIT = 1 << 20
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
_log = structlog.get_logger(__name__)


@dataclass
class Report:
    """What the process of a job has reported so far; `lines` are those that are not stored yet."""

    phase: str | None = None
    progress: float | None = None
    lines: list[str] = field(default_factory=list)
    outcome: dict[str, Any] | None = None

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Read the output of a process until it ends; anything that is not a message is a line of the log."""
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                # A line that is too long to be a message.
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            try:
                message = json.loads(text)
            except ValueError:
                message = None
            if not isinstance(message, dict) or not message.keys() & {"phase", "line", "outcome", "traceback"}:
                if text:
                    self.lines.append(text[:_MAX_LINE])
                continue
            if "traceback" in message:
                _log.error("unexpected error in training", traceback=message["traceback"])
            self.phase = message.get("phase", self.phase)
            self.progress = message.get("progress", self.progress)
            self.outcome = message.get("outcome", self.outcome)
            if "line" in message:
                self.lines.append(str(message["line"])[:_MAX_LINE])


async def start(job: Job, settings: Settings) -> asyncio.subprocess.Process:
    """Start the process that trains for a job."""
    threads = settings.training_threads or max((os.cpu_count() or 2) - 1, 1)
    environment = {
        **os.environ,
        **settings.as_environment(),
        **dict.fromkeys(_THREADS, str(threads)),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    order = {**job.options, "kind": job.kind, "version": job.bundle_version}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.worker.child", json.dumps(order)),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_STREAM_LIMIT,
    )


def how_it_ended(code: int | None) -> str:
    """Explain why a process ended without an outcome."""
    silent = "" if code is not None and code < 0 else " and without a message"
    return f"the process that trained {exit_of(code)}{silent}; it may have been short of memory"
