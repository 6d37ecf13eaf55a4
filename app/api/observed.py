"""Requests are counted, timed and, if wanted, logged: by their routes, so that no user is in metrics or logs."""

import random
import re
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.answer_headers import add_headers
from app.api.header_values import header_values
from app.logs import ACCESS

REQUEST_ID_HEADER, TRACE_HEADER = "X-Request-Id", "traceparent"
NO_ROUTE = "none"
"""Label of requests that no route has answered: unknown paths, and those refused for want of a key."""
_SEEN = "braid.seen"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_GONE, _UNEXPECTED = 499, 500
"""Statuses of requests without an answer: the client went away, or the application failed."""
_FIRST_ERROR = 400
REQUESTS = Counter(
    "braid_http_requests", "Requests by method, route and status of the answer.", ["method", "route", "status"]
)
SECONDS = Histogram(
    "braid_http_request_duration_seconds",
    "Seconds from a request to the end of its answer.",
    ["route"],
    buckets=_SECONDS,
)
OF_SCENARIOS = Counter("braid_scenario_requests", "Lists that were answered, by scenario.", ["scenario"])


class Observed:
    """Counts, times and logs requests, and gives each an id; it stands before all that answers.

    `X-Request-Id` of a client is taken over and sent back, and so is `traceparent`; a request without one gets an id.

    Parameters
    ----------
    app
        The application behind it.
    logs
        Whether each request is logged.
    """

    def __init__(self, app: ASGIApp, logs: Callable[[], bool]) -> None:
        self._app = app
        self._logs = logs
        self._log = structlog.get_logger(ACCESS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        seen: dict[str, Any] = {}
        # Middleware on the way may copy the scope; this object stays the same one.
        scope[_SEEN] = seen
        headers = header_values(scope)
        request_id = headers.get(b"x-request-id")
        if request_id is None or _REQUEST_ID.fullmatch(request_id) is None:
            request_id = b"%016x" % random.getrandbits(64)
        names, more = {"http_request_id": request_id.decode()}, [(b"x-request-id", request_id)]
        trace = headers.get(b"traceparent")
        if trace is not None and (found := _TRACE.fullmatch(trace)):
            names["trace_id"] = found[1].decode()
            more.append((b"traceparent", trace))
        # The server handles each request in a context of its own.
        structlog.contextvars.bind_contextvars(**names)
        add_headers(scope, more)
        status = _GONE

        def noting(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            raise
        except Exception:
            status = _UNEXPECTED if status == _GONE else status
            raise
        finally:
            seconds = time.perf_counter() - began
            route = noted_route(scope)
            method = scope["method"] if scope["method"] in METHODS else "other"
            _count(method, route, status)()
            _timer(route)(seconds)
            if "scenario" in seen and status < _FIRST_ERROR:
                OF_SCENARIOS.labels(seen["scenario"]).inc()
            if self._logs():
                self._log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 3))


class RouteNoted:
    """Notes which route has answered a request; it stands before the routes, behind everything else.

    Parameters
    ----------
    app
        The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the framework writes the route into the scope."""
        try:
            await self._app(scope, receive, send)
        finally:
            path = getattr(scope.get("route"), "path", None)
            if path is not None:
                note_route(scope, path)
                if path == "/scenarios/{name}/recommend":
                    scope.get(_SEEN, {})["scenario"] = scope["path_params"]["name"]


def note_route(scope: Scope, path: str) -> None:
    """Note the route that answers a request, by its path with the names of parameters."""
    scope.get(_SEEN, {})["route"] = path


def noted_route(scope: Scope) -> str:
    """Return what `note_route` has noted of a request that was answered."""
    route: str = scope.get(_SEEN, {}).get("route", NO_ROUTE)
    return route


def route_of(scope: Scope) -> str:
    """Return the path of the route of a request, with the names of parameters in place of ids."""
    return getattr(scope.get("route"), "path", NO_ROUTE)


@lru_cache(4096)
def _count(method: str, route: str, status: int) -> Callable[[], None]:
    # Looked up once: this is on the path of every request.
    return REQUESTS.labels(method, route, str(status)).inc


@lru_cache(1024)
def _timer(route: str) -> Callable[[float], None]:
    return SECONDS.labels(route).observe
