"""Who makes a request: a key, somebody who signed in to the console, or this machine where there is no key."""

from contextlib import suppress

from starlette.requests import cookie_parser
from starlette.types import Scope

from app.api import loopback, rate_limiting
from app.api.header_values import HeaderValues, header_values
from app.errors import ForbiddenError, TooManyRequestsError, UnauthorizedError
from app.process.serving_state import ServingState
from app.services.access.keyring import ADMIN, Key
from app.services.access.sessions import COOKIE

_CONSOLE = "/console"
SAFE = {"GET", "HEAD", "OPTIONS"}
_BEARER = b"bearer"


def find_key(state: ServingState, headers: HeaderValues) -> Key | None:
    """Return the key of a request, if it is in force."""
    sent = headers.get(b"authorization")
    return None if sent is None else state.keyring.find_sent(sent, _key_in)


async def find_other(state: ServingState, scope: Scope, headers: HeaderValues) -> Key | None:
    """Return the key of who signed in to the console, or None where the request is of this machine, without keys.

    Raises
    ------
    UnauthorizedError
        The key is missing, wrong, revoked or has expired.
    TooManyRequestsError
        The address has given too many wrong ones.
    ForbiddenError
        There are no keys, and the request is not of this machine.
    """
    if not state.keyring.has_any:
        loopback.require(state.resources.settings, scope, headers)
        return None
    # A cookie, which browsers send by themselves, is for pages of the console alone, whose forms carry a token as well.
    if b"authorization" not in headers and is_page_of_console(scope["path"]):
        cookie = cookie_parser(headers.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
        session = await state.sessions.find(cookie, idle=scope["query_string"] == b"refreshed")
        if session is not None:
            return session.key
    if b"authorization" not in headers:
        raise UnauthorizedError("send an API key as `Authorization: Bearer braid_sk_...`")
    if _key_in(headers[b"authorization"]) is None:
        raise UnauthorizedError("the Authorization header must be `Bearer` and an API key")
    await rate_limiting.count_address(state.rate_limits, state.rate_limits.tries, scope)
    raise UnauthorizedError("this API key is unknown, revoked or has expired")


async def may_see_details(state: ServingState, scope: Scope) -> bool:
    """Return whether an administrator makes a call that is open to all; without keys, whether this machine does."""
    headers = header_values(scope)
    if not state.keyring.loaded:
        return False
    if state.keyring.has_any:
        key = find_key(state, headers)
        if key is None and _key_in(headers.get(b"authorization", b"")) is not None:
            # Whoever checks health gets an answer, whatever key it sends.
            with suppress(TooManyRequestsError):
                await rate_limiting.count_address(state.rate_limits, state.rate_limits.tries, scope)
        return key is not None and key.may(ADMIN)
    try:
        loopback.require_this_machine(scope, headers)
    except ForbiddenError:
        return False
    return True


def is_page_of_console(path: str) -> bool:
    """Return whether a path is one of the console's pages."""
    return path == _CONSOLE or path.startswith(f"{_CONSOLE}/")


def _key_in(header: bytes) -> str | None:
    """Return the key of an Authorization header; None where it has none."""
    scheme, _, secret = header.partition(b" ")
    return secret.decode("latin-1").strip() if scheme.lower() == _BEARER else None
