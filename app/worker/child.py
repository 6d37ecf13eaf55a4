"""The process that a worker starts for one job: trains, and reports its progress on standard output.

Each line is a JSON object: `phase` with `progress`, a `line` for the log, and at last the `outcome`. It has a low
priority, bounded threads and bounded memory, and it ends with the worker that started it.
"""

import asyncio
import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

from app.config import Settings, load_settings
from app.errors import BraidError
from app.process.resources import Resources
from app.services.kit.end_with_parent import end_with_parent
from app.worker.training_run import Order, run_training, summary
from models.bundle.errors import BundleError
from models.data.errors import DataSetError

_NICE = 10
_EVERY_SECONDS = 0.5
_MEMORY_SHARE = 0.75
_MEGABYTE = 1 << 20
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


class Reporter:
    """Reports progress: the start and end of every phase, and some steps in between."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._done: set[str] = set()
        self._reported_at = 0.0

    def __call__(self, phase: str, done: float) -> None:
        """Report the progress of a phase."""
        moment = time.monotonic()
        first = phase not in self._began
        self._began.setdefault(phase, moment)
        ended = done >= 1.0 and phase not in self._done
        if first or ended or moment - self._reported_at > _EVERY_SECONDS:
            self._reported_at = moment
            report(phase=phase, progress=round(done, 4))
        if ended:
            self._done.add(phase)
            report(line=f"{phase}: done after {moment - self._began[phase]:.1f} s")


def report(**message: Any) -> None:
    """Write one line for the worker."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run the training order given as JSON; the exit code is 0 if a bundle was published, else 1."""
    order = Order(**json.loads(sys.argv[1]))
    # Another worker will take its job.
    end_with_parent()
    try:
        settings = load_settings()
        _bound(settings)
        bundle = asyncio.run(_run(settings, order))
    except MemoryError:
        _fail("it needs more memory than BRAID_TRAINING_MEMORY_MB allows")
    except (BraidError, BundleError, DataSetError, OSError) as error:
        _fail(" ".join(str(error).splitlines()))
    except Exception as error:  # noqa: BLE001 - whatever it was, the job's log says so
        report(traceback=traceback.format_exc())
        _fail(f"{type(error).__name__}: {error}")
    report(outcome=bundle)


def _fail(reason: str) -> NoReturn:
    report(outcome={"failed": reason})
    sys.exit(1)


async def _run(settings: Settings, order: Order) -> dict[str, Any]:
    async with Resources(settings) as resources:
        trained = await run_training(resources, order, Reporter())
        for line in summary(trained):
            report(line=line)
    return {"version": trained.bundle.version}


def _bound(settings: Settings) -> None:
    os.nice(_NICE)
    wanted = settings.training_memory_mb
    limit = int(_memory() * _MEMORY_SHARE) if wanted is None else wanted * _MEGABYTE
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


def _memory() -> int:
    """Return the memory of this machine, or of the container."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(_CGROUP_LIMIT.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return machine


if __name__ == "__main__":
    main()
