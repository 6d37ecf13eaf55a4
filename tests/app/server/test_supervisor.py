"""Worker processes that die, are silent or do not start: they are replaced, and not for ever."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.command_errors import WorkersError
from app.server.supervisor import MOST_DEATHS, Deaths

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path, repository: Path, free_port: int) -> Iterator[Start]:
    """Start a server of two workers in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def run(word: str, patience: float = 60) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.app.server.supervised", word, str(free_port), str(patience)]
        environment = {**os.environ, "PYTHONPATH": str(repository)}
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        # With the workers, which may be stopped and keep the pipe open.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)


def deaths_in(lines: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] == "worker process died"]


def test_deaths_are_counted_until_a_worker_is_ready() -> None:
    deaths = Deaths()
    for _ in range(3):
        for _ in range(MOST_DEATHS - 1):
            deaths.add("was ended by SIGKILL")
        deaths.ready()
    for _ in range(MOST_DEATHS - 1):
        deaths.add("was ended by SIGKILL")
    with pytest.raises(WorkersError, match=f"{MOST_DEATHS} worker processes died.*the last one was ended by SIGSEGV"):
        deaths.add("was ended by SIGSEGV")


def test_workers_that_are_killed_again_and_again_end_the_server(start: Start) -> None:
    process = start("killed")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    deaths = deaths_in(said)
    assert len(deaths) == MOST_DEATHS
    assert {(line["level"], line["reason"], line["ready"]) for line in deaths} == {
        ("error", "was ended by SIGKILL", False)
    }
    assert said.splitlines()[-1].startswith(f"{MOST_DEATHS} worker processes died, and none was ready meanwhile")


def test_workers_that_cannot_start_end_the_server_at_once(start: Start) -> None:
    process = start("broken")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(deaths_in(said)) == 1
    assert said.splitlines()[-1] == "a worker process could not start, and said why above"


def test_a_silent_worker_is_replaced_after_the_time_that_is_set(start: Start, free_port: int) -> None:
    process = start("silent_once", patience=3)
    until = time.monotonic() + 60
    seen: set[str] = set()
    while len(seen) < 2:
        assert time.monotonic() < until
        try:
            seen.add(httpx.get(f"http://127.0.0.1:{free_port}/", timeout=5).text)
        except httpx.TransportError:
            time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    (death,) = deaths_in(said)
    assert death["reason"].startswith("did not answer for 3 s")


def test_a_signal_stops_a_server_whose_workers_are_silent(start: Start, tmp_path: Path) -> None:
    process = start("silent_once")
    until = time.monotonic() + 60
    while not (tmp_path / "stopped").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 0
