"""A port of its own for `/metrics`, without a key; nothing else answers there."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import loopback
from app.api.header_values import header_values
from app.api.observed import NO_ROUTE
from app.api.problems import as_problem
from app.errors import BraidError, NotFoundError

_PATH = "/metrics"
_METHODS = ("GET", "HEAD")
_PASSED = "braid.metrics_port"


class MetricsPort:
    """Refuses all but `/metrics` on its port, and lets that pass the guard; requests on other ports pass as they are.

    The port is that of the socket, whatever the Host header says. Where it is of this machine alone, the Host must be
    too: a page in a browser of this machine can have its own name lead here.

    Parameters
    ----------
    app
        The application behind it.
    port
        Where the server listens for metrics.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        server = scope.get("server")
        if scope["type"] == "http" and server is not None and server[1] == self._port:
            try:
                if scope["path"] != _PATH or scope["method"] not in _METHODS:
                    raise NotFoundError(f"this port answers GET {_PATH} and nothing else")
                loopback.require_name_of_address(server[0], header_values(scope))
            except BraidError as error:
                await as_problem(error, scope["method"], NO_ROUTE, {})(scope, receive, send)
                return
            scope = {**scope, _PASSED: True}
        await self._app(scope, receive, send)


def on_metrics_port(scope: Scope) -> bool:
    """Return whether a request came by the port for metrics, and asks for them."""
    return _PASSED in scope
