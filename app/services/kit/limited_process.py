"""Runs a command in a process of low priority, with bounded memory and threads; it ends with who waits for it."""

import asyncio
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.services.kit.process_exits import exit_of

_NICE = 10
_MEGABYTE = 1 << 20
_STOP_SECONDS = 2.0
_SHORT_OF_MEMORY = ("MemoryError", "std::bad_alloc", "alloc of size")
_LAUNCHER = "app.services.kit.end_with_parent"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
# One pool and one arena: others reserve memory that they do not use, and the limit counts it.
QUIET = {**dict.fromkeys(_THREADS, "1"), "ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}
"""Environment that keeps memory and threads of a process low."""


@dataclass(frozen=True)
class Ended:
    """How a process ended, what it wrote, and its last line of errors."""

    code: int
    output: bytes
    said: str

    @property
    def reason(self) -> str:
        """What it said last, or how it ended."""
        if any(word in self.said for word in _SHORT_OF_MEMORY):
            return "it needs more memory than it may take"
        return self.said or f"the process {exit_of(self.code)}; it may have been short of memory"


async def run_limited(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    memory_mb: int,
    cpu_seconds: int | None = None,
) -> Ended:
    """Run a module of Python until it ends.

    Parameters
    ----------
    environment
        Variables besides those of this process.
    cpu_seconds
        Processor time after which it is ended.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _LAUNCHER, module, *arguments),
        env={**os.environ, **environment, **QUIET},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _limit(process.pid, memory_mb * _MEGABYTE, cpu_seconds)
        output, errors = await _read(process)
    finally:
        if process.returncode is None:
            await _stop(process)
    lines = errors.decode(errors="replace").strip().splitlines()
    return Ended(process.returncode or 0, output, lines[-1] if lines else "")


async def _read(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """Read what a process writes until it ends; its standard input stays open, since it ends with that."""
    streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
    output, errors = await asyncio.gather(*(stream.read() for stream in streams))
    await process.wait()
    return output, errors


def _limit(pid: int, memory: int, cpu_seconds: int | None) -> None:
    # It may have ended already.
    with suppress(ProcessLookupError, PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, _NICE)
        if sys.platform == "linux":
            resource.prlimit(pid, resource.RLIMIT_DATA, (memory, memory))
            if cpu_seconds is not None:
                resource.prlimit(pid, resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
