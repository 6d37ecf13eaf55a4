"""The connection of the soak, against a server that says what it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from benchmarks.load.server import free_port
from benchmarks.soaking.connection import Connection, written
from benchmarks.soaking.mix import BATCH, Mix

Say = Callable[[int], bytes | None]


@asynccontextmanager
async def saying(say: Say) -> AsyncIterator[int]:
    """Answer the n-th request of a connection with some bytes, or close the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = 0
        while not reader.at_eof():
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            said = say(number)
            number += 1
            if said is None:
                break
            writer.write(said)
        writer.close()

    port = free_port()
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield port


def answer(status: str, body: bytes = b"{}", head: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


async def test_status_body_and_retry_after_are_read() -> None:
    said = [
        answer("200 OK", b'{"a":1}'),
        answer("503 Unavailable", head="Retry-After: 1\r\n"),
        answer("503 Unavailable"),
    ]
    async with saying(lambda number: said[number]) as port:
        connection = Connection(port)
        found = [await connection.send(written("GET", "/")) for _ in said]
        connection.close()
    assert [(one.status, one.retry_after) for one in found] == [(200, False), (503, True), (503, False)]
    assert found[0].body == b'{"a":1}'


async def test_no_answer_has_the_status_0_and_the_next_request_a_new_connection() -> None:
    async with saying(lambda number: answer("200 OK") if number == 0 else None) as port:
        connection = Connection(port)
        statuses = [(await connection.send(written("GET", "/"))).status for _ in range(3)]
        connection.close()
    assert statuses == [200, 0, 200]


async def test_a_connection_that_nobody_used_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with saying(lambda _: answer("200 OK")) as port:
        connection = Connection(port)
        await connection.send(written("GET", "/"))
        first = connection.local_port
        await connection.send(written("GET", "/"))
        assert connection.local_port == first
        monkeypatch.setattr("benchmarks.soaking.connection._IDLE_SECONDS", -1.0)
        await connection.send(written("GET", "/"))
        assert connection.local_port not in {0, first}
        connection.close()


def test_the_mix_has_every_kind_and_ids_of_its_run() -> None:
    mix = Mix(["u"], ["i"], ["c"], run="soak-1")
    drawn = [mix.draw() for _ in range(400)]
    assert {one.kind for one in drawn} == {"recommend", "filtered", "similar", "page", "post", "batch"}
    assert {len(one.events) for one in drawn} == {0, 1, BATCH}
    events = [event for one in drawn for event in one.events]
    assert len(events) == len(set(events))
    assert all(event.startswith("soak-1-") for event in events)
