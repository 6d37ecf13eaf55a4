"""Sends the mix: as fast as answers come, to find the capacity, or at a fixed rate whatever comes back."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import orjson

from benchmarks.soaking.connection import Answer, Connection, Request

_VERSION = re.compile(rb'"bundle_version":"([^"]*)"')
_MOST_CONNECTIONS = 400


@dataclass(frozen=True)
class Failure:
    """An answer that is no success, by the seconds between which it was under way."""

    kind: str
    began: float
    ended: float
    answer: Answer

    @property
    def polite(self) -> bool:
        """Whether it is 503 and says when to come back."""
        return self.answer.status == HTTPStatus.SERVICE_UNAVAILABLE and self.answer.retry_after


@dataclass
class Outcome:
    """What came of the requests so far.

    Attributes
    ----------
    latencies
        For each answer the second at which its request was due, and the seconds from then to the answer.
    acknowledged
        Ids of the interactions in answers of success.
    wrong_versions
        Of bundles that were not active, with the seconds between which the answer was under way.
    named, nameless
        How many answers name a bundle, and how many lists that should do not.
    left_out
        Requests that were due while too many were under way.
    """

    latencies: list[tuple[float, float]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    wrong_versions: list[tuple[str, float, float]] = field(default_factory=list)
    named: int = 0
    nameless: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    left_out: int = 0


class Traffic:
    """Sends requests over connections that are kept.

    Parameters
    ----------
    draw
        Gives the next request.
    allowed
        Whether a bundle may have answered between two seconds.
    """

    def __init__(self, port: int, draw: Callable[[], Request], allowed: Callable[[str, float, float], bool]) -> None:
        self.outcome = Outcome()
        self._port, self._draw, self._allowed = port, draw, allowed
        self._idle: list[Connection] = []
        self._open = 0
        self._random = random.Random(1)  # noqa: S311 - a load, no secret

    async def capacity(self, seconds: float, connections: int) -> float:
        """Let some connections send one request after the other, and return the requests a second."""
        until = time.monotonic() + seconds
        done = 0

        async def send() -> None:
            nonlocal done
            while time.monotonic() < until:
                await self._one(self._draw(), time.monotonic())
                done += 1

        await asyncio.gather(*(send() for _ in range(connections)))
        return done / seconds

    async def offer(self, rate: float, over: asyncio.Event) -> None:
        """Send requests at random times, `rate` of them a second, until it is over; wait for their answers."""
        running: set[asyncio.Task[None]] = set()
        due = time.monotonic()
        while not over.is_set():
            due += self._random.expovariate(rate)
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            if len(running) >= _MOST_CONNECTIONS:
                self.outcome.left_out += 1
                continue
            task = asyncio.create_task(self._one(self._draw(), due))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._idle:
            connection.close()

    async def _one(self, request: Request, due: float) -> None:
        connection = self._idle.pop() if self._idle else Connection(self._port)
        began = time.monotonic()
        answer = await connection.send(request.content)
        ended = time.monotonic()
        self._idle.append(connection)
        self._note(request, answer, due, began, ended)

    def _note(self, request: Request, answer: Answer, due: float, began: float, ended: float) -> None:
        outcome = self.outcome
        outcome.sent[request.kind] += 1
        outcome.latencies.append((due, ended - due))
        if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            outcome.failures.append(Failure(request.kind, began, ended, answer))
            return
        if request.kind == "batch" and orjson.loads(answer.body)["refused"]:
            outcome.failures.append(Failure(request.kind, began, ended, answer))
            return
        outcome.acknowledged.update(request.events)
        named = set(_VERSION.findall(answer.body))
        outcome.named += bool(named)
        outcome.nameless += request.asks and not named
        for version in named:
            if not self._allowed(version.decode(), began, ended):
                outcome.wrong_versions.append((version.decode(), began, ended))
