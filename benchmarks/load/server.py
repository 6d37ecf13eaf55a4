"""Starts and stops the server that is measured, and looks at its processes."""

import http.client
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import psutil

from benchmarks.load.application import ANSWER
from benchmarks.load.client import HOST, Client, connections_by_worker
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import children_on
from benchmarks.load.work import Work

READY = "/health/ready"
_READY_SECONDS = 300.0
_REFUSED_SECONDS = 5.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.002
_TAIL = 2000
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Memory:
    """Memory of a process in MB: resident (RSS), proportional (PSS) and unique (USS)."""

    role: str
    rss: float
    pss: float
    uss: float


@dataclass(frozen=True)
class Server:
    """A server that is ready."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    started_in: float
    """Seconds from its start to the first 200 of `/health/ready`."""

    def cpu_seconds(self) -> float:
        """Add up the CPU time of all its processes so far."""
        times = [process.cpu_times() for process in self.processes()]
        return float(sum(spent.user + spent.system for spent in times))

    def pids(self) -> list[int]:
        """List the ids of all its processes."""
        return [process.pid for process in self.processes()]

    def memory(self, workers: Sequence[int]) -> list[Memory]:
        """Measure its processes, the workers in the order of their ids."""
        found = []
        for process in self.processes():
            try:
                held = process.memory_full_info()
            except psutil.NoSuchProcess:
                continue
            number = sorted(workers).index(process.pid) + 1 if process.pid in workers else 0
            role = f"worker {number}" if number else "supervisor and helpers"
            found.append(Memory(role, held.rss / _MEGABYTE, held.pss / _MEGABYTE, held.uss / _MEGABYTE))
        return sorted(found, key=lambda memory: memory.role)

    def explain(self, error: LoadError) -> LoadError:
        """Add to an error whether the server still runs, and the end of its log."""
        code = self.process.poll()
        state = "the server still runs" if code is None else f"the server ended with {code}"
        return LoadError(f"{error}\n{state}; its log ends:\n{tail(self.log)}")

    def processes(self) -> list[psutil.Process]:
        """List the server and all that it started."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]


@contextmanager
def serving(
    work: Work, folder: Path, *, answer: Path | None = None, workers: int = 1, core: int | None = None
) -> Iterator[Server]:
    """Serve until the block ends.

    Parameters
    ----------
    work
        Database and bundles.
    folder
        Where the log is written.
    answer
        The constant answer of the additional route; without it, the server is `braid serve`.
    core
        The core that the server is pinned to.

    Raises
    ------
    LoadError
        The server did not get ready, or the block failed; the text holds the end of the server's log.
    """
    port, log = free_port(), folder / "server.log"
    environment = work.environment(host=HOST, port=port, workers=workers)
    if answer is None:
        command = [sys.executable, "-m", "app.cli", "serve"]
    else:
        command = [sys.executable, "-m", "benchmarks.load.application"]
        environment[ANSWER] = str(answer)
    with log.open("wb") as output, children_on(core):
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_until_ready(process, port, log)
        server = Server(port, process, log, time.perf_counter() - start)
        try:
            yield server
        except LoadError as error:
            raise server.explain(error) from error
    finally:
        _stop(process)


def warm(port: int, workers: int, users: Sequence[str], *, limit: int) -> list[int]:
    """Let every worker answer for every user once, so that it holds their histories; return the workers' ids.

    Raises
    ------
    LoadError
        An answer was an error, or a worker had no bundle.
    """
    failures: list[LoadError] = []

    def ask_all(client: Client) -> None:
        try:
            require_bundle(client)
            for user in users:
                client.get(f"/recommend/{quote(user)}?limit={limit}")
        except LoadError as error:
            failures.append(error)

    with ExitStack() as stack:
        found = connections_by_worker(port, workers)
        threads = [Thread(target=ask_all, args=(stack.enter_context(client),)) for client in found.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    return list(found)


def require_bundle(client: Client) -> None:
    """Check that recommendations will come from a bundle."""
    check = client.json(READY)["checks"]["bundle"]
    if check["status"] != "ok":
        raise LoadError(f"the server has no bundle: {check['detail']}")


def start_up(work: Work, folder: Path, *, times: int, core: int | None) -> list[float]:
    """Start `braid serve` several times, and return the seconds until ready; a first start warms the file cache."""
    found = []
    for _ in range(times + 1):
        with serving(work, folder, core=core) as server, Client(server.port) as client:
            require_bundle(client)
            found.append(server.started_in)
    return found[1:]


def free_port() -> int:
    """Find a free port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def tail(log: Path) -> str:
    """Return the end of a log."""
    return log.read_text(encoding="utf-8", errors="replace")[-_TAIL:].strip()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    start = time.monotonic()
    said, refused_since = "no answer yet", math.inf
    while (now := time.monotonic()) < start + _READY_SECONDS:
        if process.poll() is not None:
            raise LoadError(f"the server ended with {process.returncode}; its log ends:\n{tail(log)}")
        try:
            with Client(port) as client:
                status, body = client.ask(READY)
            if status == http.client.OK:
                return
            said, refused_since = body.decode(errors="replace"), min(refused_since, now)
        except OSError:
            pass
        if now > refused_since + _REFUSED_SECONDS:
            break
        time.sleep(_POLL_SECONDS)
    raise LoadError(f"the server was not ready after {now - start:.0f} s: {said}; its log ends:\n{tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # A session of its own, so that no worker outlives the server.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
