"""Request bodies: limits their size, and decompresses those sent as gzip."""

import zlib
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BYTES = 10 * 1024 * 1024
_GZIP = zlib.MAX_WBITS | 16
_WITHOUT_BODY = {"GET", "HEAD", "OPTIONS"}


class EncodingError(HTTPException):
    """A body that does not match its content encoding."""


class BodyLimit:
    """Refuses bodies of more than 10 MiB, measured as they are unpacked, and unpacks those that are sent as gzip.

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
            headers = Headers(scope=scope)
            receive = _Reader(
                receive,
                headers.get("content-encoding", ""),
                headers.get("content-length", ""),
                self._larger.get(scope["path"], MAX_BYTES),
            )
        await self._app(scope, receive, send)


class _Reader:
    """Receives a body in chunks; reading it raises an error if it is not valid."""

    def __init__(self, receive: Receive, encoding: str, length: str, most: int) -> None:
        self._receive = receive
        self._most = most
        self._encoding = encoding.strip().lower()
        self._length = int(length) if length.isdigit() else 0
        self._unpacker = zlib.decompressobj(_GZIP)
        self._begun = False
        self._size = 0

    async def __call__(self) -> Message:
        if self._encoding not in {"", "identity", "gzip"}:
            raise HTTPException(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the content-encoding {self._encoding!r} is not gzip"
            )
        if self._length > self._most:
            raise self._too_large()
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._encoding == "gzip":
            body = self._unpacked(body, more=more)
        self._size += len(body)
        if self._size > self._most:
            raise self._too_large()
        return {"type": "http.request", "body": body, "more_body": more}

    def _unpacked(self, packed: bytes, *, more: bool) -> bytes:
        """Decompress a chunk; a body may hold several gzip members, one after the other."""
        found = b""
        try:
            while packed and len(found) <= self._most - self._size:
                if self._unpacker.eof:
                    self._unpacker, self._begun = zlib.decompressobj(_GZIP), False
                found += self._unpacker.decompress(packed, self._most - self._size - len(found) + 1)
                self._begun = True
                packed = self._unpacker.unused_data
        except zlib.error as error:
            raise EncodingError(HTTPStatus.BAD_REQUEST, f"the body is not gzip: {error}") from error
        whole = self._begun and self._unpacker.eof
        if not more and not whole and len(found) <= self._most - self._size:
            raise EncodingError(HTTPStatus.BAD_REQUEST, "the body is not gzip: it ends too early")
        return found

    def _too_large(self) -> HTTPException:
        return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {self._most:,} bytes")
