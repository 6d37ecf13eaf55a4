"""Notifications of PostgreSQL, so that the change feed is read as soon as there is a change."""

import asyncio
from contextlib import suppress
from typing import Any

import structlog

from app.errors import DatabaseError
from app.storage.changes import CHANNEL
from app.storage.database import Database

_RETRY_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class Notifications:
    """Waits until there may be something to read.

    On PostgreSQL `run` listens on a connection of its own. While it is lost, and on SQLite, `wait` only times out.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._received = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait for a notification, at most so many seconds."""
        # Not `wait_for`: before Python 3.12 it swallows a cancellation that comes together with a notification.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._received.wait()
                self._received.clear()

    async def run(self) -> None:
        """Listen to PostgreSQL, for as long as the process lives; a lost connection is made again."""
        while True:
            try:
                async with self._database.listening(CHANNEL, self._receive) as lost:
                    await lost.wait()
            except DatabaseError as error:
                _log.debug("notifications are not received", reason=str(error))
            await asyncio.sleep(_RETRY_SECONDS)

    def _receive(self, *_: Any) -> None:
        self._received.set()
