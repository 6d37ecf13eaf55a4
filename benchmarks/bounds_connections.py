"""Attacks on the connections of a server: rows of `benchmarks.bounds`."""

import signal
import time
from http import HTTPStatus

import orjson

from benchmarks.load.attacks import Attack, Outcome
from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError
from benchmarks.load.raw import Raw, opened, statuses
from benchmarks.load.server import Server

NORMAL_SECONDS = 5.0
DESCRIPTORS = 1024
"""What a shell usually allows: the server starts with as many."""
_MOST_SECONDS = 60
_HOST = b"Host: 127.0.0.1\r\n"
_GET = b"GET /health/live HTTP/1.1\r\n" + _HOST
_POST = b"POST /interactions HTTP/1.1\r\n" + _HOST + b"Content-Type: application/json\r\nContent-Length: 300\r\n\r\n{"
_END = "1772366400000000~0a1b2c3d"


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


def stopped(server: Server) -> Outcome:
    """Stop a server while 200 clients follow a training job."""
    with Client(server.port) as client:
        held = _follow(server, client)
    began = time.perf_counter()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)
    return Outcome(f"stopped beside {len(held)} followers", time.perf_counter() - began)


def _follow(server: Server, client: Client) -> list[Raw]:
    # Others may have filled the queue.
    for one in orjson.loads(client.get("/training-jobs"))["items"]:
        if one["finished_at"] is None:
            client.post(f"/training-jobs/{one['job_id']}/cancel", {})
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
