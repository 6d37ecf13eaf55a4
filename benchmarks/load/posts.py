"""Single posts against a no-op, and batches, over HTTP."""

import http.client
import statistics
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks.load.application import NO_OP
from benchmarks.load.client import HOST
from benchmarks.load.errors import LoadError
from benchmarks.load.server import serving
from benchmarks.load.work import Say, Work
from benchmarks.load.wrk import run_wrk

_SINGLE, _BATCH = "/interactions", "/interactions/batch"
_ROWS = 1000
_SENDERS = 4


@dataclass(frozen=True)
class Singles:
    """Requests per second of stored posts and of the no-op, one for each round, and latencies in ms."""

    stored: list[float]
    no_op: list[float]
    p50: float
    p99: float

    @property
    def share(self) -> float:
        """The median over the rounds of the rate of stored posts relative to the no-op."""
        return statistics.median(stored / no_op for stored, no_op in zip(self.stored, self.no_op, strict=True))


def measure_singles(work: Work, *, connections: int, seconds: int, rounds: int, folder: Path, say: Say) -> Singles:
    """Post interactions one by one, each acknowledged after its commit, and in turns as many to the no-op."""
    rates: dict[str, list[float]] = {_SINGLE: [], NO_OP: []}
    latencies: list[tuple[float, float]] = []
    with serving(work, folder, answer=no_answer(folder)) as server:
        for number in range(-1, rounds):
            for path in (_SINGLE, NO_OP) if number % 2 else (NO_OP, _SINGLE):
                length = seconds if number >= 0 else 2
                found = run_wrk(
                    server.port,
                    [path],
                    connections=connections,
                    seconds=length,
                    core=None,
                    folder=folder,
                    post_run=uuid.uuid4().hex[:8],
                )
                # The first round warms up.
                if number >= 0:
                    rates[path].append(found.rate)
                    if path == _SINGLE:
                        latencies.append((found.p50, found.p99))
                    say(f"round {number + 1}, {path}: {found.rate:,.0f}/s, p99 {found.p99:.1f} ms")
    p50, p99 = (statistics.median(each) for each in zip(*latencies, strict=True))
    return Singles(rates[_SINGLE], rates[NO_OP], p50, p99)


def measure_batches(work: Work, *, keyed: bool, batches: int, folder: Path, say: Say) -> float:
    """Post batches of 1,000 on four connections, and return the interactions per second.

    Parameters
    ----------
    keyed
        Whether each interaction has a random UUID as its `event_id`.
    batches
        Number of timed batches; the same number is sent before them to warm up.
    """
    bodies = [_batch(number, keyed=keyed) for number in range(2 * batches)]
    with serving(work, folder, answer=no_answer(folder)) as server:
        _send(server.port, bodies[:batches])
        start = time.perf_counter()
        _send(server.port, bodies[batches:])
        rate = batches * _ROWS / (time.perf_counter() - start)
    say(f"batches, {'with' if keyed else 'without'} event_id: {rate:,.0f} interactions/s")
    return rate


def no_answer(folder: Path) -> Path:
    """Return the constant answer for a benchmark that does not use it."""
    path = folder / "answer.json"
    path.write_text("{}", encoding="utf-8")
    return path


def _batch(number: int, *, keyed: bool) -> bytes:
    rows = []
    for place in range(_ROWS):
        count = number * _ROWS + place
        row = {
            "user_id": f"u-{count * 7919 % 20_000}",
            "item_id": f"i-{count * 104_729 % 5000}",
            "event_type": "view",
            "timestamp": f"2026-03-{1 + count % 28:02}T{count % 24:02}:{count % 60:02}:{count // 7 % 60:02}Z",
        }
        rows.append(row | ({"event_id": str(uuid.uuid4())} if keyed else {}))
    return orjson.dumps(rows)


def _send(port: int, bodies: list[bytes]) -> None:
    waiting, failures = iter(bodies), []
    lock = threading.Lock()

    def send() -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        try:
            while True:
                with lock:
                    body = next(waiting, None)
                if body is None:
                    return
                connection.request("POST", _BATCH, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                reply = answer.read()
                if answer.status != http.HTTPStatus.OK or orjson.loads(reply)["refused"]:
                    failures.append(f"{answer.status}: {reply[:300]!r}")
                    return
        except OSError as error:
            failures.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(_SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise LoadError(f"POST {_BATCH}: {failures[0]}")
