"""Request bodies: limits what they hold, and decompresses those sent as gzip."""

import asyncio
import zlib
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.json_bounds import BATCH, ONE_OBJECT, JsonReader
from app.api.upload_heads import UploadReader

MAX_BYTES = 10 * 1024 * 1024
_GZIP = zlib.MAX_WBITS | 16
_PIECE = 1 << 20
"""Bytes that are unpacked before other requests have their turn."""
_MAX_MEMBERS = 1_000
"""Members of a gzip body: each costs time, also an empty one."""
_WITHOUT_BODY = {"GET", "HEAD", "OPTIONS"}
_BATCH = "/batch"


class EncodingError(HTTPException):
    """A body that does not match its content encoding."""


class BodyLimit:
    """Refuses bodies of more than 10 MiB, as they are sent and as they are unpacked, and JSON that holds too much.

    Parameters
    ----------
    app
        The application behind it.
    larger
        Bounds of paths whose bodies are files, in bytes.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[str, int]) -> None:
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a body that is limited and decompressed."""
        if scope["type"] == "http" and scope["method"] not in _WITHOUT_BODY:
            headers, path = Headers(scope=scope), scope["path"]
            receive = _Reader(
                receive,
                headers.get("content-encoding", ""),
                headers.get("content-length", ""),
                self._larger.get(path, MAX_BYTES),
            )
            if path not in self._larger:
                receive = JsonReader(receive, BATCH if path.endswith(_BATCH) else ONE_OBJECT)
            else:
                receive = UploadReader(receive, headers.get("content-type", ""))
        await self._app(scope, receive, send)


class _Reader:
    """Receives a body in chunks; reading it raises an error if it is not valid."""

    def __init__(self, receive: Receive, encoding: str, length: str, most: int) -> None:
        self._receive = receive
        self._most = most
        self._encoding = encoding.strip().lower()
        self._length = int(length) if length.isdigit() else 0
        self._unpacker = zlib.decompressobj(_GZIP)
        self._members = 0
        self._packed = b""
        self._held = False
        self._more = True
        self._received = self._size = 0

    async def __call__(self) -> Message:
        if self._encoding not in {"", "identity", "gzip"}:
            raise HTTPException(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the content-encoding {self._encoding!r} is not gzip"
            )
        if self._length > self._most:
            raise self._too_large()
        if self._packed or self._held:
            await asyncio.sleep(0)
            return self._piece()
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        body, self._more = message.get("body", b""), message.get("more_body", False)
        self._received += len(body)
        if self._received > self._most:
            raise self._too_large()
        if self._encoding == "gzip":
            self._packed = body
            return self._piece()
        return {"type": "http.request", "body": body, "more_body": self._more}

    def _piece(self) -> Message:
        """Unpack as much as other requests can wait for."""
        body = self._unpacked()
        self._size += len(body)
        if self._size > self._most:
            raise self._too_large()
        more = self._more or bool(self._packed) or self._held
        if not more and not (self._members and self._unpacker.eof):
            raise EncodingError(HTTPStatus.BAD_REQUEST, "the body is not gzip: it ends too early")
        return {"type": "http.request", "body": body, "more_body": more}

    def _unpacked(self) -> bytes:
        """Decompress a piece; a body may hold several gzip members, one after the other."""
        found: list[bytes] = []
        left = _PIECE
        try:
            while (self._packed or self._held) and left > 0:
                self._begin_member()
                part = self._unpacker.decompress(self._packed, left)
                self._packed = self._unpacker.unused_data or self._unpacker.unconsumed_tail
                # The unpacker may hold more than it was asked for, although it has read everything.
                self._held = len(part) == left and not self._unpacker.eof
                left -= len(part)
                found.append(part)
        except zlib.error as error:
            raise EncodingError(HTTPStatus.BAD_REQUEST, f"the body is not gzip: {error}") from error
        return b"".join(found)

    def _begin_member(self) -> None:
        if self._unpacker.eof:
            self._unpacker = zlib.decompressobj(_GZIP)
        elif self._members:
            return
        self._members += 1
        if self._members > _MAX_MEMBERS:
            reason = f"the body has more than {_MAX_MEMBERS:,} gzip members: compress it as one"
            raise EncodingError(HTTPStatus.BAD_REQUEST, reason)

    def _too_large(self) -> HTTPException:
        return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {self._most:,} bytes")
