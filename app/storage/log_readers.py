"""Who reads the whole log, in any process: until they are done, masks are kept that their bundles will need."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text

from app.storage.database import Database

_LOCK = 7_241_993
"""Advisory lock, the same in every process."""
_REWRITING = 7_241_994
"""The same, for who rewrites bundles."""
_SUFFIX = "-readers"


class LogReaders:
    """A lock that training runs share, and that who forgets masks must have alone; it ends with its process.

    On SQLite it is on a file beside the database: closing another handle of the database itself would end its locks.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Keep all masks that there are, and those to come, until the block ends."""
        async with self._locked(fcntl.LOCK_SH, "pg_advisory_lock_shared", "pg_advisory_unlock_shared"):
            yield

    @asynccontextmanager
    async def none(self) -> AsyncIterator[bool]:
        """Tell whether nobody reads, and let nobody begin until the block ends."""
        async with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB, "pg_try_advisory_lock", "pg_advisory_unlock") as got:
            yield got

    @asynccontextmanager
    async def rewriting(self) -> AsyncIterator[bool]:
        """Tell whether no other machine rewrites bundles, and let none begin until the block ends.

        SQLite is of one machine, where the store has a lock of its own.
        """
        if self._database.is_sqlite:
            yield True
            return
        async with self._locked_by_session(_REWRITING, "pg_try_advisory_lock", "pg_advisory_unlock") as got:
            yield got

    @asynccontextmanager
    async def _locked_by_session(self, lock: int, take: str, release: str) -> AsyncIterator[bool]:
        async with self._database.connected() as connection:
            # A lock of the session, without an open transaction for hours; waiting for it has no time limit.
            await connection.execute(text("SET statement_timeout = 0"))
            got = await connection.scalar(text(f"SELECT {take}({lock})")) is not False
            await connection.commit()
            try:
                yield got
            finally:
                if got:
                    await connection.execute(text(f"SELECT {release}({lock})"))
                await connection.execute(text("RESET statement_timeout"))
                await connection.commit()

    @asynccontextmanager
    async def _locked(self, kind: int, take: str, release: str) -> AsyncIterator[bool]:
        if not self._database.is_sqlite:
            async with self._locked_by_session(_LOCK, take, release) as got:
                yield got
            return
        path = self._database.url.database
        if not path:
            yield True
            return
        with Path(f"{path}{_SUFFIX}").open("a") as file:  # noqa: ASYNC230 - an empty file
            try:
                fcntl.flock(file, kind)
            except BlockingIOError:
                yield False
                return
            yield True
