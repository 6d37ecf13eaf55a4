"""Bulk writes of imports: COPY on PostgreSQL, one statement for many rows on SQLite."""

import io
from collections.abc import Callable
from typing import Any

import asyncpg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.changes import ChangeStore
from app.storage.database import Database, again_after_deadlock
from app.storage.first_mentions import FirstMentions
from app.storage.rows import COLUMNS
from models.data.columns import ITEM, USER

_NAMES = ", ".join(COLUMNS)
_UNLESS_THERE = "ON CONFLICT (event_id) WHERE event_id IS NOT NULL DO NOTHING"
_INSERT_SQLITE = f"INSERT INTO interactions ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))}) {_UNLESS_THERE}"  # noqa: S608 - names of columns
_MAKE_ROOM = f"CREATE TEMPORARY TABLE given ON COMMIT DROP AS SELECT {_NAMES} FROM interactions LIMIT 0"  # noqa: S608 - as above
_TAKE_OVER = f"INSERT INTO interactions ({_NAMES}) SELECT {_NAMES} FROM given {_UNLESS_THERE}"  # noqa: S608 - as above
_LOCK = 7_241_999
"""Advisory lock of the import that writes: two that wait for each other's rows would deadlock again and again."""
Also = Callable[[Connection, int], None]
"""Writes more in the same transaction; called with the number of new rows."""


class BulkStore:
    """Stores tables of interactions, whose columns are those of a row, with `timestamp` in microseconds."""

    def __init__(self, database: Database, changes: ChangeStore, first_mentions: FirstMentions) -> None:
        self._database = database
        self._changes = changes
        self._first_sight = first_mentions
        self._repeats = False

    async def add(self, table: pa.Table, also: Also) -> int:
        """Commit a table, except rows whose `event_id` is in the log already; return how many were new.

        Parameters
        ----------
        table
            All columns of a row, `context` as JSON.
        """
        users, items = (pc.unique(table[name]).to_pylist() for name in (USER, ITEM))

        def before(connection: Connection) -> tuple[list[str], list[str]]:
            created = self._first_sight.create(connection, users, items)
            self._changes.record_now(connection, "users", users)
            return created

        if self._database.is_sqlite:
            columns = [column.to_pylist() for column in table.select(COLUMNS).columns]

            def work(connection: Connection) -> tuple[tuple[list[str], list[str]], int]:
                created = before(connection)
                rows = list(zip(*columns, strict=True))
                new = connection.exec_driver_sql(_INSERT_SQLITE, rows).rowcount if rows else 0
                also(connection, new)
                return created, new

            created, new = await self._changes.write(work)
        else:
            lines = _as_csv(table.select(COLUMNS))

            async def attempt() -> tuple[tuple[list[str], list[str]], int]:
                lines.seek(0)
                async with self._changes.writing() as connection:
                    await self._database.without_time_limit(connection)
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                    created = await connection.run_sync(before)
                    new = await self._copy(connection, lines)
                    await connection.run_sync(also, new)
                return created, new

            created, new = await again_after_deadlock(attempt)
        self._first_sight.remember(created)
        return new

    async def _copy(self, connection: AsyncConnection, lines: io.BytesIO) -> int:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if not self._repeats:
            try:
                async with driver.transaction():
                    copied = await driver.copy_to_table("interactions", source=lines, columns=COLUMNS, format="csv")
                return int(copied.split()[-1])
            except asyncpg.UniqueViolationError:
                # An import that repeats one row will usually repeat more.
                self._repeats = True
                lines.seek(0)
        await connection.exec_driver_sql(_MAKE_ROOM)
        await driver.copy_to_table("given", source=lines, columns=COLUMNS, format="csv")
        return (await connection.exec_driver_sql(_TAKE_OVER)).rowcount


def _as_csv(table: pa.Table) -> io.BytesIO:
    """Write rows in the CSV form of PostgreSQL, where an empty cell means NULL."""
    lines = io.BytesIO()
    pyarrow.csv.write_csv(table, lines, pyarrow.csv.WriteOptions(include_header=False))
    return lines
