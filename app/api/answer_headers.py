"""Headers that are added to answers, whoever answers: what browsers may do with them, and what is collected on the way.

They are written in one place, since each place that stands between costs time on every request.
"""

from collections.abc import Awaitable, Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]
_ADDED = "braid.answer_headers"
_POLICY = b"content-security-policy"
SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    # With `no-referrer` browsers send forms with the origin `null`: the console would refuse its own.
    (b"referrer-policy", b"same-origin"),
    (_POLICY, b"default-src 'none'; frame-ancestors 'none'"),
)
"""Every answer has them; a page that needs more sends a policy of its own in place of the last one."""
_WITHOUT_POLICY: tuple[Header, ...] = SECURITY[:-1]


class AnswerHeaders:
    """Adds headers to every answer, errors and those of the hot path included.

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
        # Middleware on the way may copy the scope; this object stays the same one.
        added: list[Header] = []
        scope[_ADDED] = added

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                given, security = message.get("headers", ()), SECURITY
                for name, _ in given:
                    if name == _POLICY:
                        security = _WITHOUT_POLICY
                message["headers"] = [*given, *added, *security]
            return send(message)

        return self._app(scope, receive, sending)


def add_headers(scope: Scope, headers: Iterable[Header]) -> None:
    """Add headers to the answer to a request, whatever it will be."""
    scope[_ADDED] += headers
