"""A kept-alive HTTP connection that costs the load generator little."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.load.client import HOST

ANSWER_SECONDS = 30.0
_IDLE_SECONDS = 2.0
"""A server closes connections that nobody uses, perhaps while a request is under way to it."""
_LENGTH, _RETRY = b"content-length:", b"retry-after:"


@dataclass(frozen=True)
class Request:
    """What is sent; `events` are the ids of the interactions within, `asks` whether the answer names its bundle."""

    kind: str
    content: bytes
    events: tuple[str, ...] = ()
    asks: bool = False


@dataclass(frozen=True)
class Answer:
    """Status 0 is no answer: then the body says why."""

    status: int
    body: bytes
    retry_after: bool = False


def written(method: str, path: str, body: bytes = b"") -> bytes:
    """Write a request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class Connection:
    """One connection; it is opened when it is needed, and again after a failure.

    Parameters
    ----------
    port
        Of the server, on this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    @property
    def local_port(self) -> int:
        """The port at this end; 0 where it is not open."""
        return 0 if self._streams is None else int(self._streams[1].get_extra_info("sockname")[1])

    async def send(self, content: bytes, *, within: float = ANSWER_SECONDS) -> Answer:
        """Send a request, and wait some seconds for its answer."""
        if self._streams is not None and (time.monotonic() > self._used + _IDLE_SECONDS or self._streams[0].at_eof()):
            self.close()
        try:
            async with asyncio.timeout(within):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(HOST, self._port)
                reader, writer = self._streams
                writer.write(content)
                answer = await _read(reader)
                self._used = time.monotonic()
                return answer
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self.close()
            return Answer(0, f"{type(error).__name__}: {error}".encode())

    def close(self) -> None:
        """Close it; the next request opens it again."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    lengths = [int(line[len(_LENGTH) :]) for line in lines if line.startswith(_LENGTH)]
    body = await reader.readexactly(lengths[0]) if lengths else b""
    return Answer(int(head.split(b" ", 2)[1]), body, any(line.startswith(_RETRY) for line in lines))
