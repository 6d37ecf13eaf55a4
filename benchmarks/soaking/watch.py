"""Samples of a running server: memory and open handles of its processes, and how soon one knows what another took."""

import asyncio
import random
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

import orjson
import psutil

from benchmarks.load.errors import LoadError
from benchmarks.load.server import Server
from benchmarks.soaking.connection import Connection, written

_EVERY_SECONDS = 2.0
_LATE_SECONDS = 10.0
_TRIES = 200
_LIVE = written("GET", "/health/live")


@dataclass(frozen=True)
class Held:
    """What all processes of the server hold at a second: memory in MB (PSS), and open handles."""

    at: float
    memory: float
    handles: int


@dataclass
class Watched:
    """All samples so far; `late` are pairs of the second of a post and the seconds until the other process knew it."""

    held: list[Held] = field(default_factory=list)
    late: list[tuple[float, float]] = field(default_factory=list)


def held_by(server: Server) -> Held:
    """Measure the processes of a server."""
    memory, handles = 0.0, 0
    for process in server.processes():
        memory += process.memory_full_info().pss / 1e6
        handles += process.num_fds()
    return Held(time.monotonic(), memory, handles)


async def sample_held(server: Server, watched: Watched, every: float, over: asyncio.Event) -> None:
    """Measure again and again."""
    while not over.is_set():
        watched.held.append(await asyncio.to_thread(held_by, server))
        await _wait(over, every)


async def one_of_each_worker(server: Server) -> list[Connection]:
    """Open a connection to each of two workers, told apart by the ports of their sockets.

    Raises
    ------
    LoadError
        All connections went to one worker.
    """
    found: dict[int, Connection] = {}
    spare: list[Connection] = []
    for _ in range(_TRIES):
        connection = Connection(server.port)
        await connection.send(_LIVE)
        pid = await asyncio.to_thread(_owner, server, connection.local_port)
        spare.append(connection)
        if pid is not None:
            found.setdefault(pid, connection)
        if len(found) > 1:
            break
    for connection in spare:
        if connection not in found.values():
            connection.close()
    if len(found) <= 1:
        raise LoadError("all connections went to one worker: serve with two")
    return list(found.values())


def _owner(server: Server, port: int) -> int | None:
    for process in server.processes():
        for socket in process.net_connections("tcp"):
            if socket.raddr and socket.raddr.port == port and socket.status == psutil.CONN_ESTABLISHED:
                return int(process.pid)
    return None


async def sample_freshness(server: Server, prefix: str, watched: Watched, over: asyncio.Event) -> None:
    """Post an interaction of a new user to one worker, and ask another until its list leaves the item out."""
    connections = await one_of_each_worker(server)
    chance = random.Random(2)  # noqa: S311 - a load, no secret
    ports = {one.local_port for one in connections}
    while not over.is_set():
        for one in connections:
            await one.send(_LIVE)
        if {one.local_port for one in connections} != ports:
            # One was opened again, perhaps to the same worker as the other.
            connections = await one_of_each_worker(server)
            ports = {one.local_port for one in connections}
        chance.shuffle(connections)
        writer, reader = connections
        user = f"{prefix}-{uuid.uuid4()}"
        listed = await _items(reader, user)
        if listed:
            event = {"user_id": user, "item_id": listed[0], "event_type": "view", "event_id": f"fresh-{uuid.uuid4()}"}
            answer = await writer.send(written("POST", "/interactions", orjson.dumps(event)))
            if answer.status == HTTPStatus.CREATED:
                watched.late.append((time.monotonic(), await _known_after(reader, user, listed[0])))
        await _wait(over, _EVERY_SECONDS)
    for connection in connections:
        connection.close()


async def _known_after(reader: Connection, user: str, item: str) -> float:
    began = time.monotonic()
    while (spent := time.monotonic() - began) < _LATE_SECONDS:
        if item not in (await _items(reader, user) or [item]):
            return time.monotonic() - began
        await asyncio.sleep(0.01)
    return spent


async def _items(connection: Connection, user: str) -> list[str]:
    path = f"/recommend/{quote(user)}?limit=100&exclude_seen=true"
    answer = await connection.send(written("GET", path))
    if answer.status != HTTPStatus.OK:
        return []
    return [one["item_id"] for one in orjson.loads(answer.body)["items"]]


async def _wait(over: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(over.wait(), seconds)
    except TimeoutError:
        return
