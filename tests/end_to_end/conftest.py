"""A real server process, started as a user would."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

STARTED_WITHIN = 240.0
"""A first `braid demo` trains before it answers, on a busy machine as well."""
STOPPED_WITHIN = 15.0
Running = Callable[..., AbstractContextManager[tuple[httpx.Client, Callable[[], str]]]]


@pytest.fixture
def running(isolated: Path, free_port: int) -> Running:
    """Run a command that serves; gives a client of it and what it has printed. At the end it must stop cleanly."""

    @contextmanager
    def run(*arguments: object, **settings: object) -> Iterator[tuple[httpx.Client, Callable[[], str]]]:
        log = isolated / f"server-{len(list(isolated.glob('server-*')))}.log"
        environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}
        command = [sys.executable, "-m", "app.cli", *map(str, arguments), "--port", str(free_port)]
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=isolated, env=environment, stdout=output, stderr=output)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=10) as client:
                _wait(client, process, log)
                yield client, log.read_text
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOPPED_WITHIN) == 0, log.read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        assert "Traceback" not in log.read_text()

    return run


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            client.get("/health/live").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the server did not answer within {STARTED_WITHIN} s:\n{log.read_text()}")
