"""A span for each request; in front of everything else, and only where traces are wanted."""

from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.observed import METHODS, NO_ROUTE, noted_route
from app.tracing import failed, traces

_PARENT = b"traceparent"
_UNEXPECTED = 500
_FIRST_OF_SERVER = 500


class Traced:
    """Makes a span of each request, with the route in place of the path, which may name a user.

    The application behind it finds the span in `traceparent`, so that log lines and the answer name it.

    Parameters
    ----------
    app
        The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and send its span when it is answered."""
        if scope["type"] != "http" or not traces.on:
            await self._app(scope, receive, send)
            return
        carried = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name == _PARENT}
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        about = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
        with traces.request(carried, about) as span:
            context = span.get_span_context()
            parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}".encode()
            headers = [pair for pair in scope["headers"] if pair[0] != _PARENT]
            scope = {**scope, "headers": [*headers, (_PARENT, parent)]}
            noted: dict[str, Any] = {}

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    noted["status"] = message["status"]
                await send(message)

            try:
                await self._app(scope, receive, noting)
            except ClientDisconnect:
                raise
            except Exception as error:
                noted.setdefault("status", _UNEXPECTED)
                noted["error"] = type(error).__name__
                raise
            finally:
                route, status = noted_route(scope), noted.get("status")
                name = "HTTP" if method == "_OTHER" else method
                if route != NO_ROUTE:
                    name = f"{name} {route}"
                    span.set_attributes({"http.route": route, "url.path": route})
                span.update_name(name)
                if status is not None:
                    span.set_attribute("http.response.status_code", status)
                    if status >= _FIRST_OF_SERVER:
                        failed(span, noted.get("error", str(status)))
