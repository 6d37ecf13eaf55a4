"""Who may call what: stands in front of everything that answers, the hot path included."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import callers, page_keys, rate_limiting
from app.api.access_rules import Rule, rule_of
from app.api.callers import SAFE, is_page_of_console
from app.api.header_values import header_values
from app.api.metrics_port import on_metrics_port
from app.api.observed import NO_ROUTE
from app.api.problems import as_problem
from app.errors import BraidError, ForbiddenError, TooManyRequestsError, UnauthorizedError
from app.process.serving_state import ServingState
from app.services.access.audit import Actor
from app.services.access.keyring import ADMIN, Key

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="braid"'}
SIGN_IN = "/console/sign-in"
LOCAL = "local"
TRIED = "braid.tried"
"""Where a call says that it only tried something, by adding to this list: it is no act."""
CALLER = "braid.caller"
"""Where a request for something that needs the scope `admin` says who makes it."""


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
        state: ServingState | None = getattr(scope["app"].state, "serving", None)
        if (
            state is None
            or on_metrics_port(scope)
            or _is_open(rule := rule_of(scope["method"], scope["path"]), scope, state)
        ):
            await self._app(scope, receive, send)
            return
        headers = header_values(scope)
        origin = headers[b"origin"].decode("latin-1") if b"origin" in headers else None
        try:
            if not state.keyring.loaded:
                await state.keyring.load()
            if origin is not None and origin in state.keyring.origins:
                if scope["method"] == "OPTIONS":
                    await page_keys.preflight(origin)(scope, receive, send)
                    return
                send = _with_origin(send, origin)
            if rule.needs == "open":
                await rate_limiting.count_address(state.rate_limits, state.rate_limits.tries, scope)
            else:
                key = callers.find_key(state, headers) or await callers.find_other(state, scope, headers)
                if key is not None:
                    policy = state.rate_limits.of_key(key)
                    if policy and not rate_limiting.count_at_once(state.rate_limits, policy, key, scope):
                        await rate_limiting.count(state.rate_limits, policy, key, scope)
                    _require(key, rule, scope["path"], origin)
                    if key.is_publishable:
                        receive = await page_keys.require_own_user(key, scope, receive)
                send = _noted(key, rule, state, scope, send)
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
        return scope["method"] in SAFE
    return rule.needs == "open" or (rule.needs == "docs" and state.resources.settings.docs)


def _noted(key: Key | None, rule: Rule, state: ServingState, scope: Scope, send: Send) -> Send:
    """Say in the scope who acts; return what sends the answer, after it has recorded the act."""
    if rule.needs != ADMIN:
        return send
    actor = scope[CALLER] = Actor(LOCAL if key is None else key.key_id, (scope.get("client") or (None,))[0])
    if not rule.recorded or scope["method"] in SAFE:
        return send
    scope[TRIED] = []
    return _recorded(send, state, actor, scope)


async def _refuse(error: BraidError, scope: Scope, receive: Receive, send: Send) -> None:
    if isinstance(error, UnauthorizedError) and is_page_of_console(scope["path"]) and _shows_pages(scope):
        await RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)(scope, receive, send)
        return
    extra: Mapping[str, str] = _CHALLENGE if isinstance(error, UnauthorizedError) else {}
    if isinstance(error, TooManyRequestsError):
        extra = rate_limiting.extra_of(error)
    await as_problem(error, scope["method"], NO_ROUTE, extra)(scope, receive, send)


def _shows_pages(scope: Scope) -> bool:
    """Return whether a browser opens a page or sends a form: a script, or a program with a key, is told why instead."""
    headers = header_values(scope)
    if {b"authorization", b"hx-request"} & headers.keys():
        return False
    return scope["method"] in SAFE or b"text/html" in headers.get(b"accept", b"")


def _require(key: Key, rule: Rule, path: str, origin: str | None) -> None:
    """Refuse what a key may not do.

    Raises
    ------
    ForbiddenError
        It lacks the scope, is for another scenario, or for pages of another origin.
    """
    if key.origins is not None and origin not in key.origins:
        raise ForbiddenError(f"this key works only in pages of {', '.join(sorted(key.origins))}")
    if key.is_publishable:
        if not rule.in_pages:
            raise ForbiddenError("this call is not open to publishable keys")
    elif not key.may(rule.scope):
        if not rule.path:
            raise ForbiddenError("there is no such call, or it needs the scope admin")
        raise ForbiddenError(f"this call needs the scope {rule.scope}, and the key has {', '.join(sorted(key.scopes))}")
    if key.scenarios is not None and rule.scope == "read":
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
