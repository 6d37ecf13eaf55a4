"""The content policy of the documentation's pages: scripts of this server, and those within a page by their hashes."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGES = {"/docs", "/docs/oauth2-redirect", "/redoc"}
_WITHIN = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


class DocsPolicy:
    """Adds the policy to the pages of the documentation; other answers pass as they are.

    Parameters
    ----------
    app
        The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the policy, or pass on."""
        if scope["type"] != "http" or scope["path"] not in _PAGES:
            await self._app(scope, receive, send)
            return
        begun: list[Message] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            # A page is one message: it is made in memory.
            start = begun.pop()
            MutableHeaders(scope=start)["content-security-policy"] = page_policy(message.get("body", b""))
            await send(start)
            await send(message)

        await self._app(scope, receive, sending)


def page_policy(page: bytes) -> str:
    """Return the policy of a page: with the hashes of the scripts within it."""
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in _WITHIN.findall(page)]
    return _POLICY.format(hashes="".join(f" 'sha256-{digest}'" for digest in digests))
