"""The machine of a measurement: its description, its cores, and the pinning of child processes to a core."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from models import DISTRIBUTION

_MEASURED = (DISTRIBUTION, "fastapi", "uvicorn", "uvloop", "httptools", "onnxruntime", "numba", "numpy")


@dataclass(frozen=True)
class Cores:
    """The cores of the server and of the load generator; None for no pinning."""

    server: int | None = None
    load: int | None = None


def cores_for(workers: int, *, pin: bool) -> Cores:
    """Return one worker and the load a core each; several workers, or a machine of one core, are not pinned."""
    available = sorted(os.sched_getaffinity(0))
    if not pin or workers > 1 or len(available) < 2:  # noqa: PLR2004 - the server's and the load's
        return Cores()
    return Cores(*available[:2])


@contextmanager
def children_on(core: int | None) -> Iterator[None]:
    """Pin processes that are started within to a core; they inherit the pinning from their start."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def describe_machine() -> dict[str, object]:
    """Describe the machine and the time of a measurement."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "load_average_before": [round(load, 2) for load in os.getloadavg()],
        "versions": {package: version(package) for package in _MEASURED},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
