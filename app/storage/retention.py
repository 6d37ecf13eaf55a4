"""Deletes old rows in SQL, a bounded number at a time."""

from collections.abc import AsyncIterator
from functools import partial

from sqlalchemy import Connection, delete, func, select, text

from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.tables import interactions, requests
from models.data.columns import TIMESTAMP, USER

_IDS_A_STEP = 50_000
_ROWS_A_STEP = 10_000
_LOCK = 7_241_997
"""Advisory lock, the same in every process: only one of them deletes at a time."""


class RetentionStore:
    """Deletes rows that are older than a moment, in microseconds since 1970."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def drop(self, before: int) -> AsyncIterator[int]:
        """Delete older interactions and requests in steps with a commit each; yield how many rows each step deleted.

        Interactions without a time are kept. No index on the time is needed: the primary key is walked from its
        beginning to where it ends now.
        """
        async with self._database.begin() as connection:
            span = select(func.min(interactions.c.id), func.max(interactions.c.id))
            first, last = (await connection.execute(span)).one()
        for start in range(first or 0, (last or -1) + 1, _IDS_A_STEP):
            yield await self._changes.write(partial(self._step, start=start, before=before))
        while dropped := await self._changes.write(lambda connection: self._requests(connection, before)):
            yield dropped

    def _step(self, connection: Connection, start: int, before: int) -> int:
        if not self._is_alone(connection):
            return 0
        ids = interactions.c.id
        old = (ids >= start) & (ids < start + _IDS_A_STEP) & (interactions.c[TIMESTAMP] < before)
        users = list(connection.scalars(delete(interactions).where(old).returning(interactions.c[USER])))
        self._changes.record_now(connection, "users", users)
        self._changes.record_now(connection, "deletions", users)
        return len(users)

    def _requests(self, connection: Connection, before: int) -> int:
        if not self._is_alone(connection):
            return 0
        old = select(requests.c.request_id).where(requests.c[TIMESTAMP] < before).limit(_ROWS_A_STEP)
        return connection.execute(delete(requests).where(requests.c.request_id.in_(old))).rowcount

    def _is_alone(self, connection: Connection) -> bool:
        """Let one process at a time delete; SQLite has only one writer anyway."""
        if self._database.is_sqlite:
            return True
        return bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}))
