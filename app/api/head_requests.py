"""`HEAD`: answered like `GET`, without the body."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Passes `HEAD` on as `GET`, and sends status and headers of the answer alone.

    Parameters
    ----------
    app
        The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        streams = asyncio.Event()

        async def send_head(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
            elif not streams.is_set():
                await send({"type": "http.response.body", "body": b""})
                if message.get("more_body", False):
                    streams.set()

        answering = asyncio.ensure_future(self._app({**scope, "method": "GET"}, receive, send_head))
        streaming = asyncio.ensure_future(streams.wait())
        try:
            await asyncio.wait({answering, streaming}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            # The rest of a stream is for nobody, and some have no end.
            for task in (answering, streaming):
                task.cancel()
            await asyncio.gather(answering, streaming, return_exceptions=True)
