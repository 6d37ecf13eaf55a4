"""Who may call what: stands in front of everything that answers, the hot path included."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import loopback, page_keys, rate_limiting
from app.api.access_rules import Rule, rule_of
from app.api.metrics_port import on_metrics_port
from app.api.observed import NO_ROUTE
from app.api.problems import as_problem
from app.errors import BraidError, ForbiddenError, TooManyRequestsError, UnauthorizedError
from app.process.serving_state import ServingState
from app.services.access.audit import Actor
from app.services.access.keyring import ADMIN, Key
from app.services.access.rate_limits import Standing
from app.services.access.sessions import COOKIE

_BEARER = "bearer "
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="braid"'}
_SAFE = {"GET", "HEAD", "OPTIONS"}
_CONSOLE, SIGN_IN = "/console", "/console/sign-in"
LOCAL = "local"
TRIED = "braid.tried"
"""Where a call says that it only tried something, by adding to this list: it is no act."""
CALLER = "braid.caller"
"""Where a request says who makes it."""


@dataclass(frozen=True)
class Caller:
    """Who makes a request: a key, or this machine where there is none."""

    name: str
    key: Key | None = None


class Guard:
    """Lets a request pass, or refuses it: 401 without a key, 403 with one that may not do this.

    Where there has never been a key, only this machine is let in, and no page of another origin; see `loopback`.

    Parameters
    ----------
    app
        The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rule = rule_of(scope["method"], scope["path"])
        state: ServingState | None = getattr(scope["app"].state, "serving", None)
        if state is None or on_metrics_port(scope) or _is_open(rule, scope, state):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        try:
            if not state.keyring.loaded:
                await state.keyring.load()
            if origin is not None and origin in state.keyring.origins:
                if scope["method"] == "OPTIONS":
                    await page_keys.preflight(origin)(scope, receive, send)
                    return
                send = _with_origin(send, origin)
            if rule.needs == "open":
                await rate_limiting.count_address(state, state.rate_limits.tries, scope)
            else:
                caller = await _caller(state, scope, headers)
                standing = None if caller.key is None else await _count(state, caller.key, scope)
                if standing is not None:
                    # Of a refusal too.
                    send = rate_limiting.telling(send, standing)
                receive, send = await _let_in(state, caller, rule, scope, receive, send)
        except BraidError as error:
            await _refuse(error, scope, receive, send)
            return
        except ClientDisconnect:
            # Nobody is there to be answered.
            return
        await self._app(scope, receive, send)


def _is_open(rule: Rule, scope: Scope, state: ServingState) -> bool:
    """Return whether nobody has to be asked for: a try to sign in is counted."""
    if rule.path == SIGN_IN:
        return scope["method"] in _SAFE
    return rule.needs == "open" or (rule.needs == "docs" and state.resources.settings.docs)


async def may_see_details(state: ServingState, scope: Scope) -> bool:
    """Return whether an administrator makes a call that is open to all; without keys, whether this machine does."""
    headers = Headers(scope=scope)
    if not state.keyring.loaded:
        return False
    if state.keyring.has_any:
        secret = _given_key(headers)
        if secret is None:
            return False
        key = state.keyring.find(secret)
        if key is None:
            # Whoever checks health gets an answer, whatever key it sends.
            with suppress(TooManyRequestsError):
                await rate_limiting.count_address(state, state.rate_limits.tries, scope)
        return key is not None and key.may(ADMIN)
    try:
        loopback.require_this_machine(scope, headers)
    except ForbiddenError:
        return False
    return True


async def _let_in(
    state: ServingState, caller: Caller, rule: Rule, scope: Scope, receive: Receive, send: Send
) -> tuple[Receive, Send]:
    """Say in the scope who calls; return what receives the request and sends its answer.

    Raises
    ------
    BraidError
        The request is refused.
    """
    headers = Headers(scope=scope)
    if caller.key is not None:
        _require(caller.key, rule, scope["path"], headers.get("origin"))
        if caller.key.is_publishable:
            receive = await page_keys.require_own_user(caller.key, scope, headers, receive)
    actor = scope[CALLER] = Actor(caller.name, (scope.get("client") or (None,))[0])
    if rule.recorded and scope["method"] not in _SAFE:
        scope[TRIED] = []
        send = _recorded(send, state, actor, scope)
    return receive, send


async def _refuse(error: BraidError, scope: Scope, receive: Receive, send: Send) -> None:
    if (
        isinstance(error, UnauthorizedError)
        and scope["path"] == _CONSOLE
        and "authorization" not in Headers(scope=scope)
    ):
        await RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)(scope, receive, send)
        return
    extra: Mapping[str, str] = _CHALLENGE if isinstance(error, UnauthorizedError) else {}
    if isinstance(error, TooManyRequestsError):
        extra = rate_limiting.extra_of(error)
    await as_problem(error, scope["method"], NO_ROUTE, extra)(scope, receive, send)


async def _count(state: ServingState, key: Key, scope: Scope) -> Standing | None:
    """Count a request; a key that anybody can read has no limit of its own, but each address that uses one.

    Raises
    ------
    TooManyRequestsError
        It is one too many.
    """
    if key.is_publishable:
        return await rate_limiting.count_address(state, state.rate_limits.by_address, scope)
    return await rate_limiting.count_key(state, key.key_id)


def _given_key(headers: Headers) -> str | None:
    """Return the key of a request; None where the Authorization header has none."""
    given = headers.get("authorization", "")
    return given[len(_BEARER) :].strip() if given[: len(_BEARER)].lower() == _BEARER else None


async def _caller(state: ServingState, scope: Scope, headers: Headers) -> Caller:
    """Say who calls.

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
        return Caller(LOCAL)
    given = headers.get("authorization")
    # A cookie, which browsers send by themselves, only shows: no act can be made by it.
    if given is None and scope["path"] == _CONSOLE and scope["method"] in _SAFE:
        session = await state.sessions.find(
            cookie_parser(headers.get("cookie", "")).get(COOKIE), idle=scope["query_string"] == b"refreshed"
        )
        if session is not None:
            return Caller(session.key.key_id, session.key)
    if given is None:
        raise UnauthorizedError("send an API key as `Authorization: Bearer braid_sk_...`")
    secret = _given_key(headers)
    if secret is None:
        raise UnauthorizedError("the Authorization header must be `Bearer` and an API key")
    key = state.keyring.find(secret)
    if key is None:
        await rate_limiting.count_address(state, state.rate_limits.tries, scope)
        raise UnauthorizedError("this API key is unknown, revoked or has expired")
    return Caller(key.key_id, key)


def _require(key: Key, rule: Rule, path: str, origin: str | None) -> None:
    """Refuse what a key may not do.

    Raises
    ------
    ForbiddenError
        It lacks the scope, is for another scenario, or for pages of another origin.
    """
    if key.origins is not None and origin not in key.origins:
        raise ForbiddenError(f"this key works only in pages of {', '.join(sorted(key.origins))}")
    needs = "read" if rule.needs == "docs" else rule.needs
    if key.is_publishable and not rule.in_pages:
        raise ForbiddenError("this call is not open to publishable keys")
    if not rule.path and not key.may(needs):
        raise ForbiddenError("there is no such call, or it needs the scope admin")
    if not key.is_publishable and not key.may(needs):
        has = ", ".join(sorted(key.scopes))
        raise ForbiddenError(f"this call needs the scope {needs}, and the key has {has}")
    if key.scenarios is not None and needs == "read":
        parts = path.split("/")
        if not (path.startswith("/scenarios/") and parts[-1] == "recommend" and parts[2] in key.scenarios):
            raise ForbiddenError(f"this key is for the scenarios {', '.join(sorted(key.scenarios))} alone")


def _with_origin(send: Send, origin: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "Braid-Degraded, RateLimit, RateLimit-Policy, Retry-After"
            headers.add_vary_header("Origin")
        await send(message)

    return sending


def _recorded(send: Send, state: ServingState, actor: Actor, scope: Scope) -> Send:
    """Write an act into the audit log before its success is told."""

    async def sending(message: Message) -> None:
        done = message["type"] == "http.response.start" and message["status"] < HTTPStatus.BAD_REQUEST
        if done and not scope[TRIED]:
            await state.audit_log.record(actor, scope["method"], scope["path"])
        await send(message)

    return sending
