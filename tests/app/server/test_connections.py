"""What a client may send, and how long it may take; others are answered meanwhile."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from app.server import connections, places
from tests.app.server.raw_clients import GET, POST, Client, Served, serving

_SOON = 0.3


@pytest.fixture
async def served(free_port: int, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "WRITE_SECONDS", "_LINGER_SECONDS"):
        monkeypatch.setattr(connections, name, _SOON)
    async with serving(free_port) as served:
        yield served


@pytest.fixture
async def client(served: Served) -> Client:
    return await served.connect()


async def test_requests_one_after_the_other_and_at_once(client: Client) -> None:
    await client.send(GET)
    assert await client.answer() == (200, b"done")
    await client.send(GET * 5 + POST + bytes(300))
    assert [await client.answer() for _ in range(6)] == [(200, b"done")] * 6
    await asyncio.sleep(2 * _SOON)
    await client.send(GET)
    assert await client.answer() == (200, b"done")


@pytest.mark.parametrize("sent", [GET[:20], POST, POST + b"{", b"\r\n"])
async def test_a_request_that_is_not_completed_ends(client: Client, sent: bytes) -> None:
    await client.send(sent)
    assert await client.problem() == (408, "request_timeout")
    assert await client.ended()


async def test_a_trickle_does_not_keep_a_request_alive(client: Client) -> None:
    async def trickle() -> None:
        for byte in GET * 3:
            await client.send(bytes([byte]))
            await asyncio.sleep(0.05)

    trickling = asyncio.create_task(trickle())
    assert await client.problem() == (408, "request_timeout")
    trickling.cancel()


async def test_a_connection_that_sends_nothing_ends_without_a_word(client: Client) -> None:
    assert await client.ended()


async def test_a_long_body_that_goes_on_is_waited_for(client: Client) -> None:
    size = connections.BODY_STEP
    await client.send(POST.replace(b"300", b"%d" % (4 * size)))
    for _ in range(4):
        await asyncio.sleep(_SOON * 0.7)
        await client.send(bytes(size))
    assert await client.answer() == (200, b"done")


@pytest.mark.parametrize(
    "head",
    [b"X: " + b"a" * 200_000, b"X: 1\r\n" * 101 + b"\r\n", b"X: " + b"a" * 40_000 + b"\r\n\r\n"],
)
async def test_headers_have_bounds(client: Client, head: bytes) -> None:
    await client.send(GET[:-2])
    await client.send(head)
    await client.send(b"a" * 40_000)
    assert await client.problem() == (431, "headers_too_large")


@pytest.mark.parametrize("after", [b"0\r\nX: " + b"a" * 300_000, b"1;" + b"e" * 300_000, b"1\r\na\r\n" * 20_000])
async def test_what_is_beside_a_body_has_bounds(client: Client, after: bytes) -> None:
    await client.send(b"POST /quick HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    # What comes with the head is not counted.
    await asyncio.sleep(0.05)
    await client.send(after)
    assert await client.problem() == (400, "malformed_request")


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        POST.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"),
        POST.replace(b"\r\n\r\n", b"\r\nContent-Length: 301\r\n\r\n"),
    ],
)
async def test_what_is_no_request_or_an_ambiguous_one_is_refused(client: Client, sent: bytes) -> None:
    await client.send(sent)
    assert await client.problem() == (400, "malformed_request")
    assert await client.ended()


async def test_a_connection_asks_few_things_at_once(client: Client) -> None:
    await client.send(GET * 1000)
    assert await client.ended()


async def test_the_rest_of_a_body_that_is_not_wanted_is_dropped(client: Client) -> None:
    await client.send(POST.replace(b"quick", b"early"))
    assert await client.answer() == (200, b"done")
    assert await client.ended()


async def test_a_client_that_takes_no_answer_is_let_go(served: Served, client: Client) -> None:
    client.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await client.send(GET.replace(b"quick", b"large"))
    await asyncio.sleep(3 * _SOON)
    assert not served.server.server_state.connections


async def test_a_slow_client_that_goes_on_gets_all_of_its_answer(client: Client) -> None:
    # The system takes little of the answer ahead: each read is a step.
    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
    await client.send(GET.replace(b"quick", b"large"))
    taken, began = 0, time.monotonic()
    while taken < 30_000_000:
        part = await client.reader.read(1_000_000)
        assert part
        taken += len(part)
        await asyncio.sleep(0.007)
    assert time.monotonic() - began > 2 * _SOON


async def test_a_request_that_was_answered_is_not_refused_as_well(client: Client) -> None:
    await client.send(b"POST /early HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    assert await client.answer() == (200, b"done")
    await client.send(b"nonsense\r\n")
    assert await client.ended()


async def test_refusals_are_counted(served: Served, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def counted() -> list[float]:
        reasons = ("headers_too_large", "malformed_request", "overloaded", "request_timeout")
        found = [REGISTRY.get_sample_value("braid_refused_connections_total", {"reason": name}) for name in reasons]
        return [value for value in found if value is not None]

    before = counted()
    idle, long, wrong, late = [await served.connect() for _ in range(4)]
    await long.send(GET[:-2] + b"X: 1\r\n" * 101 + b"\r\n")
    await wrong.send(b"nonsense\r\n\r\n")
    await late.send(POST)
    for one, status in ((long, 431), (wrong, 400), (late, 408)):
        assert (await one.problem())[0] == status
    assert await idle.ended()
    monkeypatch.setattr(connections, "MOST_REQUESTS", 0)
    again = await served.connect()
    await again.send(GET)
    assert await again.problem() == (503, "overloaded")
    assert [now - then for then, now in zip(before, counted(), strict=True)] == [1, 1, 1, 1]


async def test_idle_connections_give_way(served: Served, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_CONNECTIONS", 3)
    await client.send(GET.replace(b"quick", b"busy"))
    half, idle = [await served.connect() for _ in range(2)]
    await half.send(POST)
    await asyncio.sleep(0.05)
    late = await served.connect()
    await late.send(GET)
    assert await late.answer() == (200, b"done")
    assert await half.problem() == (503, "overloaded")
    assert await client.answer() == (200, b"done")
    assert await idle.ended()


async def test_requests_have_places_that_half_sent_ones_do_not_take(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_REQUESTS", 1)
    for _ in range(3):
        await (await served.connect()).send(POST)
    await client.send(GET.replace(b"quick", b"busy"))
    await asyncio.sleep(0.05)
    other = await served.connect()
    await other.send(GET)
    assert await other.problem() == (503, "overloaded")
    assert await client.answer() == (200, b"done")
    await client.send(GET)
    assert await client.answer() == (200, b"done")


async def test_half_a_request_behind_a_busy_one_makes_no_room_for_others(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_REQUESTS", 1)
    monkeypatch.setattr(connections, "BODY_SECONDS", 30)
    await client.send(GET.replace(b"quick", b"busy") + POST)
    await asyncio.sleep(0.05)
    other = await served.connect()
    await other.send(GET)
    assert await other.problem() == (503, "overloaded")
    assert await client.answer() == (200, b"done")
    # One too many when it came; now it takes no place from others.
    other = await served.connect()
    await other.send(GET)
    assert await other.answer() == (200, b"done")
    await client.send(bytes(300))
    assert await client.problem() == (503, "overloaded")


@pytest.mark.parametrize("path", [b"early", b"quick"])
async def test_requests_that_have_their_answer_make_no_room_for_others(
    served: Served, monkeypatch: pytest.MonkeyPatch, path: bytes
) -> None:
    monkeypatch.setattr(connections, "MOST_REQUESTS", 1)
    done = await served.connect()
    await done.send(POST.replace(b"quick", path))
    assert (await done.answer())[0] == (200 if path == b"early" else 408)
    busy, other = [await served.connect() for _ in range(2)]
    await busy.send(GET.replace(b"quick", b"busy"))
    await asyncio.sleep(0.05)
    await other.send(GET)
    assert await other.problem() == (503, "overloaded")
    assert await busy.answer() == (200, b"done")


async def test_unfinished_bodies_have_a_bound_together(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST_HELD", 100_000)
    # They hold nothing: one goes to the disk, of the other nothing came.
    upload, empty = [await served.connect() for _ in range(2)]
    await upload.send(POST.replace(b"/quick", b"/imports") + bytes(200))
    await empty.send(POST)
    await asyncio.sleep(0.05)
    await client.send(POST.replace(b"300", b"90000") + bytes(80_000))
    await asyncio.sleep(0.05)
    other = await served.connect()
    await other.send(POST.replace(b"300", b"60000") + bytes(60_000))
    assert await other.answer() == (200, b"done")
    assert await client.problem() == (503, "overloaded")
    await upload.send(bytes(100))
    await empty.send(bytes(300))
    assert [await one.answer() for one in (upload, empty)] == [(200, b"done")] * 2


async def test_a_stop_waits_for_answers_and_not_for_clients(free_port: int) -> None:
    async with serving(free_port) as served:
        busy, half, endless, idle = [await served.connect() for _ in range(4)]
        await busy.send(GET.replace(b"quick", b"busy"))
        await half.send(POST)
        await endless.send(GET.replace(b"quick", b"endless"))
        await endless.reader.readuntil(b"go")
        stopping = time.monotonic()
        await served.stop()
        assert time.monotonic() - stopping < 2
        assert await busy.answer() == (200, b"done")
        assert await half.problem() == (503, "stopping")
        assert await endless.ended()
        assert await idle.ended()
