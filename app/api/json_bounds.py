"""How much a JSON body may hold: counted in its bytes, since each value costs far more memory and time once parsed."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

_STEP = 1 << 18
_BACKSLASHES = re.compile(rb"\\*")


@dataclass(frozen=True)
class JsonBounds:
    """The most names, values, and lists with objects that a body may have."""

    names: int
    values: int
    containers: int


ONE_OBJECT = JsonBounds(names=10_000, values=100_000, containers=20_000)
BATCH = JsonBounds(names=500_000, values=2_000_000, containers=200_000)


class JsonReader:
    """Receives a JSON body whole; reading it raises an error if it holds too much.

    Parameters
    ----------
    receive
        Receives the body in chunks of a bounded size together.
    """

    def __init__(self, receive: Receive, bounds: JsonBounds) -> None:
        self._receive = receive
        self._bounds = bounds
        self._done = False

    async def __call__(self) -> Message:
        """Return the whole body as one message."""
        if self._done:
            return await self._receive()
        parts, more = [], True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            parts.append(message["body"])
            more = message["more_body"]
        self._done = True
        body = b"".join(parts)
        await _require_within(body, self._bounds)
        return {"type": "http.request", "body": body, "more_body": False}


async def _require_within(body: bytes, bounds: JsonBounds) -> None:
    """Refuse a body that holds too much.

    Raises
    ------
    HTTPException
        It does.
    """
    # Characters within texts are counted as well, which is fast; where they are too many, they are told apart.
    if await _first_crossed((body[start : start + _STEP] for start in range(0, len(body), _STEP)), bounds):
        said = await _first_crossed(_outside_texts(body), bounds)
        if said:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the JSON has more than {said}")


async def _first_crossed(parts: Iterable[bytes], bounds: JsonBounds) -> str:
    """Count part after part, and name the first bound that is crossed; other requests have their turn between."""
    found = (0, 0, 0)
    for number, part in enumerate(parts):
        # Of a small body there is one part: it waits for nobody.
        if number:
            await asyncio.sleep(0)
        names, values, containers = _counted(part)
        found = found[0] + names, found[1] + values, found[2] + containers
        if said := _crossed(found, bounds):
            return said
    return ""


def _crossed(found: tuple[int, int, int], bounds: JsonBounds) -> str:
    """Name the first bound that is crossed; empty where none is."""
    most = (bounds.names, bounds.values, bounds.containers)
    words = ("names of fields", "values", "lists and objects")
    return next(
        (f"{limit:,} {word}" for count, limit, word in zip(found, most, words, strict=True) if count > limit), ""
    )


def _counted(text: bytes) -> tuple[int, int, int]:
    return text.count(b":"), text.count(b","), text.count(b"{") + text.count(b"[")


def _outside_texts(body: bytes) -> Iterator[bytes]:
    """Yield what stands outside of texts, part by part."""
    start, within = 0, 0
    while start < len(body):
        end = start + _STEP
        # Backslashes and what they escape are not torn apart.
        if body[end - 1 : end] == b"\\":
            match = _BACKSLASHES.match(body, end)
            end = (match.end() if match else end) + 1
        parts = body[start:end].replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        yield b"".join(parts[within::2])
        within ^= (len(parts) - 1) & 1
        start = end
