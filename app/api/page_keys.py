"""Publishable keys in pages: answers to browsers of their origins, for the page's own user alone."""

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from app.api.hot_path import PREFIX
from app.errors import ForeignUserError, MalformedBodyError, TooLargeError, UnsupportedMediaTypeError
from app.schemas.ids import from_path
from app.services.access.keyring import Key
from app.services.access.signed_users import ANONYMOUS_RULE, is_own_user

SIGNATURE_HEADER = "Braid-User-Signature"
_LONGEST = 64 * 1024
_MAX_AGE = "600"


def preflight(origin: str) -> Response:
    """Tell a browser that pages of an origin may call."""
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": f"Authorization, Content-Type, {SIGNATURE_HEADER}",
        "Access-Control-Max-Age": _MAX_AGE,
        "Vary": "Origin",
    }
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


async def require_own_user(key: Key, scope: Scope, receive: Receive) -> Receive:
    """Refuse a request for a user that is not the page's own; return a function that gives the body again.

    Raises
    ------
    ForbiddenError
        The id is neither anonymous nor signed, or the body is too large to look for it.
    MalformedBodyError
        The body cannot be read.
    """
    headers = Headers(scope=scope)
    users = [value for name, value in parse_qsl(scope["query_string"].decode("latin-1")) if name == "user_id"]
    if scope["path"].startswith(PREFIX):
        users.append(from_path(scope["path"][len(PREFIX) :]))
    if scope["method"] == "POST":
        body, receive = await _read(headers, receive)
        try:
            given = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError as error:
            # Never left to the route: its reader takes more, and would find the user that this one did not.
            raise MalformedBodyError(f"with a publishable key the body must be JSON in UTF-8: {error}") from None
        if isinstance(given, dict):
            users += [given["user_id"]] if given.get("user_id") is not None else []
            _require_own_event(given.get("event_id"), users)
    signature = headers.get(SIGNATURE_HEADER)
    for user_id in users:
        if not isinstance(user_id, str) or not is_own_user(key, user_id, signature):
            raise ForeignUserError(
                f"this key acts for its own user: an anonymous id ({ANONYMOUS_RULE}), or one that a back end has"
                f" signed in the header {SIGNATURE_HEADER}"
            )
    return receive


def _require_own_event(event_id: object, users: list[Any]) -> None:
    """Refuse an event id that a back end may use: what has it first in the log keeps it."""
    if event_id is not None and not (users and str(event_id).startswith(f"{users[-1]}:")):
        raise ForeignUserError("with a publishable key an event_id must begin with the user_id and a colon")


async def _read(headers: Headers, receive: Receive) -> tuple[bytes, Receive]:
    """Read a small body, and return it with what gives it once more."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaTypeError("with a publishable key the body must not be compressed")
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        body, more = body + message.get("body", b""), message.get("more_body", False)
        if len(body) > _LONGEST:
            raise TooLargeError(f"with a publishable key a body has at most {_LONGEST:,} bytes")
    given = [body]

    async def again() -> Message:
        return {"type": "http.request", "body": given.pop(), "more_body": False} if given else await receive()

    return body, again
