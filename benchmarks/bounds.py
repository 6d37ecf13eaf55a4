"""Measures what requests that ask for much cost a server, and its other clients: `python -m benchmarks.bounds`.

Each is sent to a server with a small generated shop while another client asks for recommendations. Exit codes: 0 done,
1 something went wrong, 2 wrong usage.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import psutil
import typer

from benchmarks.bounds_bodies import ATTACKS
from benchmarks.load.attacks import Attack
from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.load.server import Server, serving
from benchmarks.load.work import Work
from models.data.folder import write_folder
from models.data.synthetic import generate

cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
_USERS = 200
_PAUSE = 0.002
_SAMPLE_SECONDS = 0.05
_SETTLE_SECONDS = 0.5
_AT_LEAST_SECONDS = 2.0


@dataclass
class Beside:
    """What was measured while something else went on: milliseconds of each answer, and the most memory in MB."""

    waited: list[float] = field(default_factory=list)
    failed: int = 0
    memory: float = 0.0

    @property
    def p99(self) -> float:
        """The 99th percentile of the answers."""
        return float(np.percentile(self.waited, 99)) if self.waited else float("inf")


@cli.command()
def bounds(
    rounds: Annotated[int, typer.Option(min=1, help="How often all rows are measured, on one server.")] = 1,
    normal: Annotated[float, typer.Option(min=1, help="Seconds before each, without it.")] = 5,
) -> None:
    """Serve a small generated shop, and print a row for each attack."""
    typer.echo(f"{describe_machine()}; one worker")
    try:
        with tempfile.TemporaryDirectory(prefix="braid-bounds-") as name:
            folder = Path(name)
            write_folder(folder / "shop", generate(_USERS, 100, 4_000, seed=1))
            work = Work(folder / "braid.sqlite3", folder / "bundles", settings={"imports": str(folder / "imports")})
            work.braid("migrate")
            work.braid("import", str(folder / "shop"), "--timestamps", "seconds")
            work.braid("train", "--budget", "0", "--force")
            with serving(work, folder) as server:
                _compare(server, work.users()[:_USERS], rounds, normal)
    except LoadError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _compare(server: Server, users: list[str], rounds: int, normal: float) -> None:
    with _beside(server, users):
        time.sleep(1)
    typer.echo(f"the server has {memory_of(server):.0f} MB\n")
    typer.echo("| Request | Answer | s | p99 before, ms | p99, ms | times | longest, ms | MB more |")
    typer.echo("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for attack in ATTACKS * rounds:
        attack.prepare()
        with _beside(server, users) as usual:
            time.sleep(normal)
        typer.echo(f"| {' | '.join(_row(server, users, attack, usual))} |")


def _row(server: Server, users: list[str], attack: Attack, usual: Beside) -> list[str]:
    time.sleep(_SETTLE_SECONDS)
    before = memory_of(server)
    with _beside(server, users) as found:
        began = time.monotonic()
        outcome = attack.run(server)
        time.sleep(max(_AT_LEAST_SECONDS - (time.monotonic() - began), 0))
    failed = f", {found.failed} others failed" if found.failed else ""
    return [
        attack.name,
        outcome.answered + failed,
        f"{outcome.seconds:.2f}",
        f"{usual.p99:.1f}",
        f"{found.p99:.1f}",
        f"{found.p99 / usual.p99:.1f}",
        f"{max(found.waited, default=0):.0f}",
        f"{found.memory - before:.0f}",
    ]


@contextmanager
def _beside(server: Server, users: list[str]) -> Iterator[Beside]:
    """Ask for recommendations, and watch the memory, until the block ends."""
    found, done = Beside(), threading.Event()

    def ask() -> None:
        number = 0
        with Client(server.port) as client:
            while not done.is_set():
                began = time.perf_counter()
                try:
                    client.get(f"/recommend/{users[number % len(users)]}?limit={10 + number % 40}")
                    found.waited.append(1e3 * (time.perf_counter() - began))
                except LoadError:
                    found.failed += 1
                number += 1
                time.sleep(_PAUSE)

    def watch() -> None:
        while not done.wait(_SAMPLE_SECONDS):
            found.memory = max(found.memory, memory_of(server))

    threads = [threading.Thread(target=work) for work in (ask, watch)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        done.set()
        for thread in threads:
            thread.join()


def memory_of(server: Server) -> float:
    """Add up the resident memory of all processes of a server, in MB."""
    total = 0.0
    for pid in server.pids():
        try:
            total += psutil.Process(pid).memory_info().rss / 1e6
        except psutil.NoSuchProcess:
            continue
    return total


if __name__ == "__main__":
    cli()
