"""Routes requests on the path as it was sent, so that `%2F` belongs to an id and does not divide the path."""

import re
from collections.abc import Awaitable
from http import HTTPStatus
from urllib.parse import quote, unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import problem_response
from app.schemas.problems import FieldError

_PLAIN = "!$&'()*+,;=:@"
"""Characters that stand for themselves within a segment of a path, beside letters, digits and - . _ ~ (RFC 3986)."""
_BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class MalformedUrlError(ValueError):
    """A URL whose percent-encoding cannot be read."""


class RawPaths:
    """Replaces the decoded path of a request by the one that was sent, in its shortest percent-encoding.

    So a segment matches a route however it was encoded, and only ids can hold a `%`: they are decoded where they are
    read. A path without one passes as it is.

    Parameters
    ----------
    app
        The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    # No coroutine of its own: it would be one more for every request.
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http":
            # A server that does not keep what was sent has decoded it.
            raw = scope.get("raw_path") or quote(scope["path"]).encode()
            try:
                if b"%" in raw:
                    scope = {**scope, "path": routed(raw)}
                if b"%" in scope["query_string"]:
                    _decoded(scope["query_string"], "query string")
            except MalformedUrlError as error:
                about = [FieldError(field="url", code="malformed_url", detail=str(error))]
                refusal = problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, "malformed_url", str(error), about)
                return refusal(scope, receive, send)
        return self._app(scope, receive, send)


def routed(raw: bytes) -> str:
    """Return a path with only those characters percent-encoded that must be, slashes within a segment among them.

    Raises
    ------
    MalformedUrlError
        A `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
    """
    if _BROKEN.search(raw):
        raise MalformedUrlError("the path has a % that is not followed by two hexadecimal digits: % itself is %25")
    return "/".join(quote(_decoded(segment, "path"), safe=_PLAIN) for segment in raw.split(b"/"))


def _decoded(text: bytes, place: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise MalformedUrlError(f"the {place} is not UTF-8: percent-encode the bytes of the UTF-8 form") from None
