"""A small application behind Braid's connections, and clients that send bytes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from app.api.streams import ENDS_AT_STOP
from app.server.connections import Connection
from app.server.places import Places

GET = b"GET /quick HTTP/1.1\r\nHost: test\r\n\r\n"
POST = b"POST /quick HTTP/1.1\r\nHost: test\r\nContent-Length: 300\r\n\r\n"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body and answer; `/endless` has no end, `/early` does not read, `/busy` takes a while."""
    if scope["type"] != "http":
        return
    path = scope["path"]
    while path != "/early":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    if path == "/busy":
        await asyncio.sleep(0.3)
    if path == "/large":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(30_000_000)})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    if path == "/endless":
        scope["state"][ENDS_AT_STOP] = True
        await send({"type": "http.response.body", "body": b"go", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    await send({"type": "http.response.body", "body": b"done"})


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send bytes, as far as the server takes them."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            return

    async def answer(self) -> tuple[int, bytes]:
        """Read an answer with a length; status 0 where the connection ends without one."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, b""
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head.split()[1]), await self.reader.readexactly(size)

    async def problem(self) -> tuple[int, str]:
        """Read a problem document: its status, and its code."""
        status, body = await self.answer()
        problem: dict[str, Any] = json.loads(body)
        assert problem["status"] == status
        return status, problem["code"]

    async def ended(self) -> bool:
        """Return whether the server closes the connection, without another word."""
        try:
            return await asyncio.wait_for(self.reader.read(1), 3) == b""
        except ConnectionError:
            return True


class Served:
    """The application as it is served, and its clients."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._clients: list[Client] = []
        config = uvicorn.Config(
            application,
            port=port,
            http=partial(Connection, places=Places()),  # type: ignore[arg-type]
            ws="none",
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=8,
        )
        self.server = uvicorn.Server(config)

    async def connect(self) -> Client:
        """Open a connection."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self._port))
        self._clients.append(client)
        return client

    async def start(self) -> None:
        """Serve until `stop`."""
        self._running = asyncio.create_task(self.server._serve())
        async with asyncio.timeout(10):
            while not self.server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Stop as a signal does."""
        self.server.should_exit = True
        await self._running

    async def close(self) -> None:
        """Close the clients' ends."""
        for client in self._clients:
            client.writer.close()
            with suppress(OSError):
                await client.writer.wait_closed()


@asynccontextmanager
async def serving(port: int) -> AsyncIterator[Served]:
    """Serve the application."""
    served = Served(port)
    await served.start()
    try:
        yield served
    finally:
        await served.stop()
        await served.close()
