"""Answers that are sent part by part."""

import structlog
from fastapi.responses import StreamingResponse
from starlette.types import Send

from app.errors import BraidError

ENDS_AT_STOP = "braid.ends_at_stop"
"""Set in the state of a request whose answer has no end of its own: it ends when the server is stopped."""
_log = structlog.get_logger(__name__)


class Streamed(StreamingResponse):
    """An answer that the client can tell from a part of it: where it breaks, its last chunk is never sent.

    The server then closes the connection, which a client of HTTP/1.1 reports as an error.
    """

    async def stream_response(self, send: Send) -> None:
        """Send all parts; those after an error are missing, and so is the end."""
        try:
            await super().stream_response(send)
        except BraidError as error:
            _log.error("answer broken off", code=error.code, reason=str(error))
