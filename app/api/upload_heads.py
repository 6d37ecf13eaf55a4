"""The beginnings of uploaded files, looked at while they are received: what is refused in any case is so at once."""

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.types import Message, Receive

from app.services.transfer.upload_errors import unusable
from models.data.reading.first_line import FirstLine
from models.data.reading.opening import data_suffix, is_text

_END_OF_HEADERS = b"\r\n\r\n"
_MAX_HEADERS = 1 << 14


class UploadReader:
    """Receives a form of files; reading it raises an error where a text file begins as none may.

    Parameters
    ----------
    receive
        Receives the body in chunks.
    content_type
        That of the request, which names what stands between the parts.
    """

    def __init__(self, receive: Receive, content_type: str) -> None:
        self._receive = receive
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        self._between = None if not boundary else b"\r\n--" + boundary
        # The first part has no line before it.
        self._kept = b"\r\n"
        # How much of it was searched for the end of headers.
        self._searched = 0
        self._file: str | None = None
        self._first_line = FirstLine()
        self._in_headers = False

    async def __call__(self) -> Message:
        """Return the next chunk.

        Raises
        ------
        InvalidFieldsError
            A file is refused whatever follows.
        """
        message = await self._receive()
        if self._between is not None and message["type"] == "http.request":
            self._kept += message.get("body", b"")
            while self._between is not None and self._step(self._between):
                pass
        return message

    def _step(self, between: bytes) -> bool:
        """Look at what is there, and return whether there is more to look at."""
        if self._in_headers:
            return self._read_headers()
        if self._file is not None:
            return self._read_file(self._file, between)
        place = self._kept.find(between)
        if place < 0:
            self._kept = self._kept[-len(between) :]
            return False
        self._kept, self._in_headers = self._kept[place + len(between) :], True
        return True

    def _read_headers(self) -> bool:
        end = self._kept.find(_END_OF_HEADERS, max(0, self._searched - len(_END_OF_HEADERS)))
        self._searched = len(self._kept) if end < 0 else 0
        if end < 0:
            # No form that is read.
            self._between = self._between if len(self._kept) <= _MAX_HEADERS else None
            return False
        lines = (line.partition(b":") for line in self._kept[:end].split(b"\r\n"))
        headers = Headers(raw=[(name.strip().lower(), value.strip()) for name, _, value in lines])
        options = parse_options_header(headers.get("content-disposition", ""))[1]
        suffix = data_suffix(options.get(b"filename", b"").decode(errors="replace"))
        if suffix is not None and is_text(suffix):
            self._file = options.get(b"name", b"").decode(errors="replace") + suffix
            self._first_line = FirstLine()
        self._kept, self._in_headers = self._kept[end + len(_END_OF_HEADERS) :], False
        return True

    def _read_file(self, file: str, between: bytes) -> bool:
        end = self._kept.find(between)
        # What stands between the parts may have come in part.
        known = end if end >= 0 else max(0, len(self._kept) - len(between) + 1)
        content, self._kept = self._kept[:known], self._kept[known:]
        why = self._first_line.refusal(content if end < 0 else content + b"\n")
        if why:
            raise unusable(f"{file}: {why}")
        if why is None and end < 0:
            return False
        self._file = None
        return True
