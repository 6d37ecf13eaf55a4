"""Workers that start on a busy machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Completed
from tests.end_to_end.processes import server

BUSY = 5


@contextmanager
def one_busy_core() -> Iterator[None]:
    """Let this process and its children run on one core, which others keep busy for five minutes at most."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    burn = "import time\nend = time.monotonic() + 300\nwhile time.monotonic() < end: pass"
    others = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(BUSY)]
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
        for other in others:
            other.kill()
            other.wait()


@pytest.mark.slow
def test_workers_start_on_a_busy_machine(isolated: Path, braid: Any, free_port: int, monkeypatch: Any) -> None:
    monkeypatch.setattr("tests.end_to_end.processes.STARTED_WITHIN", 240.0)
    migrated: Completed = braid("migrate")
    assert migrated.returncode == 0, migrated.stderr
    with one_busy_core(), server(isolated, free_port, BRAID_WORKERS="2") as client:
        assert client.get("/health/live").status_code == 200
    assert "worker process died" not in (isolated / f"server-{free_port}.log").read_text()
