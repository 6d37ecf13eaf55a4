"""What wakes the reader of the change feed: PostgreSQL's notifications, or time alone."""

import asyncio
from contextlib import suppress
from typing import Any, Self

import structlog

from app.errors import DatabaseError
from app.storage.changes import CHANNEL
from app.storage.database import Database

_RETRY_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class Wakes:
    """Waits until there may be something to read; use it as an async context manager.

    On PostgreSQL a connection of its own listens. Where that is lost it is made anew, and until then time alone wakes.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._event = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if not self._database.is_sqlite:
            self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def wait(self, seconds: float) -> None:
        """Wait for a notification, at most so long."""
        # Not `wait_for`: before Python 3.12 it swallows a cancellation that comes together with a notification.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
                self._event.clear()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._database.listening(CHANNEL, self._wake) as lost:
                    await lost.wait()
            except DatabaseError as error:
                _log.debug("notifications are not heard", reason=str(error))
            await asyncio.sleep(_RETRY_SECONDS)

    def _wake(self, *_: Any) -> None:
        self._event.set()
