"""A client that asks for recommendations at a steady pace while something else goes on."""

import math
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from threading import Event, Thread

from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError
from benchmarks.load.server import Server

_PAUSE_SECONDS = 0.01
_SAMPLE_SECONDS = 0.1
_FAILED = math.inf


@dataclass
class Beside:
    """What the client waited, in ms, and by how many MB the processes of the server grew at most.

    Memory that several processes share counts once (PSS).
    """

    waited: list[float] = field(default_factory=list)
    grown: float = 0.0

    @property
    def p99(self) -> float:
        """Return the time that 99 of 100 requests took at most."""
        if not self.waited:
            raise LoadError("the client beside has sent no request")
        return sorted(self.waited)[math.ceil(0.99 * len(self.waited)) - 1]


@contextmanager
def client_beside(server: Server, users: Sequence[str]) -> Iterator[Beside]:
    """Ask until the block ends, in a process of its own; the result is complete afterwards."""
    found, stop = Beside(), Event()
    here, there = multiprocessing.get_context("spawn").Pipe()
    asking = multiprocessing.get_context("spawn").Process(target=_ask, args=(server.port, list(users), there))
    asking.start()
    here.recv()
    before = _size(server)

    def sample() -> None:
        while not stop.wait(_SAMPLE_SECONDS):
            found.grown = max(found.grown, _size(server) - before)

    sampling = Thread(target=sample)
    sampling.start()
    try:
        yield found
    finally:
        here.send("stop")
        found.waited = here.recv()
        asking.join()
        stop.set()
        sampling.join()


def _size(server: Server) -> float:
    return sum(memory.pss for memory in server.memory([]))


def _ask(port: int, users: list[str], control: Connection) -> None:
    waited: list[float] = []
    with Client(port) as client:
        client.get(f"/recommend/{users[0]}")
        control.send("ready")
        while not control.poll(_PAUSE_SECONDS):
            began = time.perf_counter()
            try:
                client.get(f"/recommend/{users[len(waited) % len(users)]}")
                waited.append(1000 * (time.perf_counter() - began))
            except LoadError:
                waited.append(_FAILED)
    control.send(waited)
