"""Servers and workers as processes of their own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from sqlalchemy import Connection

from app.storage.database import Database

STARTED_WITHIN = 60.0


@contextmanager
def server(
    folder: Path, port: int, command: Sequence[str] = (sys.executable, "-m", "app.cli"), **settings: str
) -> Iterator[httpx.Client]:
    """Run a server and stop it cleanly."""
    log = folder / f"server-{port}.log"
    command = [*command, "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **settings}, stdout=output, stderr=output)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            until = time.monotonic() + STARTED_WITHIN
            while True:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                try:
                    if client.get("/health/ready").status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.05)
            yield client
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def worker(folder: Path, name: str = "worker", **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; one that was not killed meanwhile is stopped, and must end cleanly."""
    log = folder / f"{name}.log"
    command = [sys.executable, "-m", "app.cli", "worker"]
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **settings}, stdout=output, stderr=output)
    try:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert "Traceback" not in log.read_text()


def in_database(url: str, work: Callable[[Connection], None]) -> None:
    """Write to the database behind the service's back."""

    async def run() -> None:
        database = Database(url)
        await database.write(work)
        await database.close()

    asyncio.run(run())
