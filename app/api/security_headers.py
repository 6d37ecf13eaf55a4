"""Headers that tell browsers what they may do with an answer: every answer has them."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = b"content-security-policy"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (_POLICY, b"default-src 'none'; frame-ancestors 'none'"),
)
"""A page that needs more sends a policy of its own in place of the last one."""
_WITHOUT_POLICY = HEADERS[:-1]


class SecurityHeaders:
    """Adds the headers to every answer, errors and those of the hot path included.

    Parameters
    ----------
    app
        The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    # No coroutines of its own: they would be two more for every request.
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on."""
        if scope["type"] != "http":
            return self._app(scope, receive, send)

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                own = any(name.lower() == _POLICY for name, _ in given)
                message["headers"] = [*given, *(_WITHOUT_POLICY if own else HEADERS)]
            return send(message)

        return self._app(scope, receive, sending)
