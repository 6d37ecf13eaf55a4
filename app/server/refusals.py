"""Answers to requests that the application never sees: written once, as bytes."""

from http import HTTPStatus

import orjson
from prometheus_client import Counter
from starlette.types import Message, Receive, Scope, Send

from app.api.answer_headers import SECURITY
from app.api.problems import MEDIA_TYPE
from app.schemas.problems import Problem

RETRY_SECONDS = 1
REFUSED = Counter(
    "braid_refused_connections",
    "Requests that the server refused before any route, by the code of the answer; their connections end.",
    ["reason"],
)
_Headers = list[tuple[bytes, bytes]]


class Refusal:
    """A problem document that ends its connection.

    Parameters
    ----------
    status, code, detail
        Of the document.
    """

    def __init__(self, status: HTTPStatus, code: str, detail: str) -> None:
        self.count = REFUSED.labels(code).inc
        problem = Problem(title=status.phrase, status=status, code=code, detail=detail)
        body = orjson.dumps(problem.model_dump(exclude_none=True))
        headers: _Headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            *SECURITY,
        ]
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append((b"retry-after", b"%d" % RETRY_SECONDS))
        self._messages: tuple[Message, Message] = (
            {"type": "http.response.start", "status": int(status), "headers": headers},
            {"type": "http.response.body", "body": body},
        )
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.raw = b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), lines, body)
        """The whole answer, for a request that was not read."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer a request that was read."""
        self.count()
        for message in self._messages:
            await send(dict(message))


MALFORMED = Refusal(HTTPStatus.BAD_REQUEST, "malformed_request", "this is no request of HTTP/1.1, or an ambiguous one")
LATE = Refusal(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "the request was not complete in time: send it again")
LONG_HEAD = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "headers_too_large",
    "the address and the headers of a request have at most 32 KiB together, and 100 headers",
)
OVERLOADED = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", "too many requests are being answered: try again in a second"
)
STOPPING = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "stopping", "the server is being stopped: send the request again")
