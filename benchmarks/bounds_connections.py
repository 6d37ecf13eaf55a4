"""Attacks on the connections of a server, while another client asks: `python -m benchmarks.bounds_connections`.

Exit codes: 0 done, 1 something went wrong, 2 wrong usage.
"""

import resource
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import typer

from benchmarks.load.beside import client_beside
from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.load.raw import Raw, opened, statuses
from benchmarks.load.server import Server, serving
from benchmarks.load.work import Work
from models.data.folder import write_folder
from models.data.synthetic import generate

NORMAL_SECONDS = 5.0
DESCRIPTORS = 1024
"""What a shell usually allows: the server starts with as many."""
_MOST_SECONDS = 60
_HOST = b"Host: 127.0.0.1\r\n"
_GET = b"GET /health/live HTTP/1.1\r\n" + _HOST
_POST = b"POST /interactions HTTP/1.1\r\n" + _HOST + b"Content-Type: application/json\r\nContent-Length: 300\r\n\r\n{"
_END = "1772366400000000~0a1b2c3d"
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@dataclass(frozen=True)
class Outcome:
    """How an attack ended: what the server answered, and after how many seconds."""

    answered: str
    seconds: float


@dataclass(frozen=True)
class Attack:
    """Something that a client may try."""

    name: str
    run: Callable[[Server], Outcome]
    prepare: Callable[[Server], None] | None = None
    """What is done before anything is measured."""


def endless_header(server: Server) -> Outcome:
    """Send a header of 60 MB on one connection."""
    raw, began = Raw(server.port), time.perf_counter()
    raw.send(_GET + b"X: ")
    for _ in range(60):
        if not raw.send(b"a" * 1_000_000):
            break
    return Outcome(str(raw.status()), time.perf_counter() - began)


def header_flood(server: Server) -> Outcome:
    """Send requests of 30 kB in 2,000 headers for three seconds, each on a connection of its own."""
    worst, until, answers = 0.0, time.monotonic() + 3, set()
    while time.monotonic() < until:
        began, raw = time.perf_counter(), Raw(server.port)
        raw.send(_GET + b"X: 123456789\r\n" * 2000 + b"\r\n")
        answers.add(raw.status())
        worst = max(worst, time.perf_counter() - began)
    return Outcome(", ".join(map(str, sorted(answers))), worst)


def slow_headers(server: Server) -> Outcome:
    """Send the head of 500 requests a byte a second (slow loris)."""
    return _trickled(server, 500, _GET + b"X: ")


def slow_bodies(server: Server) -> Outcome:
    """Send the bodies of 500 posts a byte a second."""
    return _trickled(server, 500, _POST)


def half_sent(server: Server) -> Outcome:
    """Open as many posts as a process usually may have files, and send half of each."""
    began, held = time.perf_counter(), opened(server.port, DESCRIPTORS)
    for raw in held:
        raw.send(_POST)
    return Outcome(statuses(held), time.perf_counter() - began)


def idle(server: Server) -> Outcome:
    """Open 1,000 connections and send nothing."""
    began, held = time.perf_counter(), opened(server.port, 1000)
    return Outcome(statuses(held), time.perf_counter() - began)


def pipelined(server: Server) -> Outcome:
    """Send 10,000 requests at once on each of ten connections."""
    began, held = time.perf_counter(), opened(server.port, 10)
    for raw in held:
        raw.send((_GET + b"\r\n") * 10_000)
    return Outcome(statuses(held), time.perf_counter() - began)


def name_bundles(server: Server) -> None:
    """Post 30,000 impressions of bundles that there are not."""
    rows = [
        {"user_id": "u", "item_id": f"i{n}", "event_type": "shown", "request_id": f"v{n}~personalized~{_END}"}
        for n in range(30_000)
    ]
    with Client(server.port) as client:
        for start in range(0, len(rows), 1000):
            client.post("/interactions/batch", rows[start : start + 1000])


def invented(server: Server) -> Outcome:
    """Look at the metrics and the console."""
    time.sleep(NORMAL_SECONDS)
    with Client(server.port) as client:
        began = time.perf_counter()
        lines, page = client.get("/metrics").count(b"\n"), len(client.get("/console"))
        return Outcome(f"{lines:,} metric lines, a page of {page / 1e3:.0f} kB", time.perf_counter() - began)


def followers(server: Server) -> Outcome:
    """Follow a training job 200 times for five seconds."""
    with Client(server.port) as client:
        held = _follow(server, client)
    before, began = server.cpu_seconds(), time.perf_counter()
    time.sleep(NORMAL_SECONDS)
    spent = (server.cpu_seconds() - before) / (time.perf_counter() - began)
    for raw in held:
        raw.close()
    return Outcome(f"{100 * spent:.0f} % of a core, the client beside included", 0.0)


ATTACKS = (
    Attack("an endless header", endless_header),
    Attack("requests of 2,000 headers", header_flood),
    Attack("500 heads, a byte a second", slow_headers),
    Attack("500 bodies, a byte a second", slow_bodies),
    Attack(f"{DESCRIPTORS:,} half-sent posts", half_sent),
    Attack("1,000 idle connections", idle),
    Attack("10,000 requests at once, ten times", pipelined),
    Attack("200 followers of a job", followers),
    Attack("30,000 invented versions", invented, name_bundles),
)


@cli.command()
def main() -> None:
    """Train on a small generated shop, serve it with one worker, and attack it."""
    typer.echo(f"{describe_machine()}; one worker")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        with tempfile.TemporaryDirectory(prefix="braid-bounds-") as name:
            folder = Path(name)
            data = generate(200, 100, 4000, seed=1)
            write_folder(folder / "data", data)
            work = Work(folder / "braid.sqlite3", folder / "bundles")
            work.braid("migrate")
            work.braid("import", str(folder / "data"))
            work.braid("train", "--budget", "0", "--force")
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, soft), hard))
            with serving(work, folder) as server:
                resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
                attack_all(server, sorted(set(data.interactions["user_id"].to_pylist())))
    except LoadError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def attack_all(server: Server, users: list[str]) -> None:
    """Print a row for each attack, and how long a stop takes."""
    typer.echo("| attack | answered | s | p99 normal, ms | p99 during, ms | ratio | memory, MB |")
    typer.echo("| --- | --- | --- | --- | --- | --- | --- |")
    for attack in ATTACKS:
        if attack.prepare is not None:
            attack.prepare(server)
        with client_beside(server, users) as normal:
            time.sleep(NORMAL_SECONDS)
        with client_beside(server, users) as during:
            outcome = attack.run(server)
        cells = [f"{outcome.seconds:.1f}", f"{normal.p99:.1f}", f"{during.p99:.1f}", f"{during.p99 / normal.p99:.1f}"]
        typer.echo(f"| {attack.name} | {outcome.answered} | {' | '.join(cells)} | {during.grown:.0f} |")
    with Client(server.port) as client:
        held = _follow(server, client)
    began = time.perf_counter()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)
    typer.echo(f"a stop with {len(held)} followers takes {time.perf_counter() - began:.1f} s")


def _follow(server: Server, client: Client) -> list[Raw]:
    job = client.post("/training-jobs", {})["job_id"]
    held = opened(server.port, 200)
    for raw in held:
        raw.send(b"GET /training-jobs/%s HTTP/1.1\r\n%sAccept: text/event-stream\r\n\r\n" % (job.encode(), _HOST))
    if any(raw.head_status() != HTTPStatus.OK for raw in held):
        raise LoadError("not all followers were let in")
    return held


def _trickled(server: Server, count: int, begin: bytes) -> Outcome:
    began, held = time.perf_counter(), opened(server.port, count)
    for raw in held:
        raw.send(begin)
    going = list(held)
    while going and time.perf_counter() - began < _MOST_SECONDS:
        time.sleep(1)
        going = [raw for raw in going if not raw.has_answer() and raw.send(b"a")]
    return Outcome(statuses(held), time.perf_counter() - began)


if __name__ == "__main__":
    cli()
