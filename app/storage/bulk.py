"""Bulk writes of imports: COPY on PostgreSQL, one prepared statement for all rows on SQLite."""

import io
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any

import asyncpg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.changes import ChangeStore
from app.storage.database import Database, again_after_deadlock
from app.storage.erased_in_imports import erased_among
from app.storage.first_mentions import FirstMentions
from app.storage.known_rows import Compared, KnownRows
from app.storage.merged_users import ends_of
from app.storage.repeats import differences, first_rows
from app.storage.rows import COLUMNS, LOG_COLUMNS, Row
from models.data.columns import EVENT_ID, ITEM, USER

_UNLESS_THERE = "ON CONFLICT (event_id) WHERE event_id IS NOT NULL DO NOTHING"
_INSERT_SQLITE = "INSERT INTO interactions ({names}) VALUES ({marks}) {unless}"
_CACHE_SQLITE = "PRAGMA cache_size = -64000"
"""64 MB: rows stand anywhere in the index of user and time, and with less its pages are read and written often."""
_MAKE_ROOM = "CREATE TEMPORARY TABLE given ON COMMIT DROP AS SELECT {names} FROM interactions LIMIT 0"
_TAKE_OVER = "INSERT INTO interactions ({names}) SELECT {names} FROM given {unless}"
_ROWS_AT_ONCE = 20_000
"""Rows that are Python objects at the same time."""
_LOCK = 7_241_999
"""Advisory lock of the import that writes: two that wait for each other's rows would deadlock again and again."""
Also = Callable[[Connection, int, int, int], None]
"""Writes more in the same transaction; called with the numbers of new and of conflicting rows, and of those of erased
users."""


class BulkStore:
    """Stores tables of interactions, whose columns are those of a row, with `timestamp` in microseconds."""

    def __init__(self, database: Database, changes: ChangeStore, first_mentions: FirstMentions) -> None:
        self._database = database
        self._changes = changes
        self._first_sight = first_mentions
        self._repeats = False

    async def add(self, table: pa.Table, also: Also, known: KnownRows, import_id: str | None = None) -> int:
        """Commit a table, except rows in the log already, or of users erased meanwhile; return how many were new.

        Rows of users who were merged go to whom they were merged into. Of rows whose `event_id` is in the log, those
        that differ from what is stored under it are conflicts.

        Parameters
        ----------
        table
            Columns of the log, `context` as JSON.
        known
            The rows without an `event_id` that the import need not store.
        import_id
            The import: rows of users who were erased since it began are left out.
        """
        compared = await self._compare(table, known)
        new = await self._add(compared.new, also, import_id)
        known.remember(compared)
        return new

    async def pass_over(self, table: pa.Table, known: KnownRows) -> None:
        """Count the rows of a table that was committed before the import was interrupted."""
        known.remember(await self._compare(table, known))

    async def _compare(self, table: pa.Table, known: KnownRows) -> Compared:
        """Find the rows that are not in the log, with the users who they are now."""
        table = table.select([name for name in LOG_COLUMNS if name in table.column_names])
        users = pc.unique(table[USER]).to_pylist()

        # What the log held when the import began does not change: no writer needs to wait meanwhile.
        async with self._database.begin() as connection:
            await self._database.without_time_limit(connection)
            if self._database.is_sqlite and known:
                await connection.exec_driver_sql(_CACHE_SQLITE)
            merged = await connection.run_sync(ends_of, users)
            # Not by `run_sync`: NumPy reads the stack of large operations, and crashes on that of a greenlet.
            return await known.compare(connection, _of_ends(table, merged), merged)

    async def _add(self, table: pa.Table, also: Also, import_id: str | None) -> int:
        whole = _Chunk(table)

        def begin(connection: Connection) -> tuple[_Chunk, tuple[list[str], list[str]]]:
            gone = erased_among(connection, import_id)(whole.users)
            chunk = _Chunk(_without(table, gone)) if gone else whole
            created = self._first_sight.create(connection, chunk.users, chunk.items)
            self._changes.record_now(connection, "users", chunk.users)
            return chunk, created

        def end(connection: Connection, chunk: _Chunk, new: int) -> None:
            also(connection, new, _conflicts(connection, chunk.table, new), table.num_rows - chunk.table.num_rows)

        if self._database.is_sqlite:

            def work(connection: Connection) -> tuple[tuple[list[str], list[str]], int]:
                chunk, created = begin(connection)
                new = _insert_sqlite(connection, chunk.given)
                end(connection, chunk, new)
                return created, new

            created, new = await self._changes.write(work)
        else:
            _ = whole.lines

            async def attempt() -> tuple[tuple[list[str], list[str]], int]:
                async with self._changes.writing() as connection:
                    await self._database.without_time_limit(connection)
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                    chunk, created = await connection.run_sync(begin)
                    chunk.lines.seek(0)
                    new = await self._copy(connection, chunk.given.column_names, chunk.lines)
                    await connection.run_sync(end, chunk, new)
                return created, new

            created, new = await again_after_deadlock(attempt)
        self._first_sight.remember(created)
        return new

    async def _copy(self, connection: AsyncConnection, names: list[str], lines: io.BytesIO) -> int:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if not self._repeats:
            try:
                async with driver.transaction():
                    copied = await driver.copy_to_table("interactions", source=lines, columns=names, format="csv")
                return int(copied.split()[-1])
            except asyncpg.UniqueViolationError:
                # An import that repeats one row will usually repeat more.
                self._repeats = True
                lines.seek(0)
        listed = ", ".join(names)
        await connection.exec_driver_sql(_MAKE_ROOM.format(names=listed))
        await driver.copy_to_table("given", source=lines, columns=names, format="csv")
        return (await connection.exec_driver_sql(_TAKE_OVER.format(names=listed, unless=_UNLESS_THERE))).rowcount


class _Chunk:
    """Rows in the forms that writing them needs, made before the transaction begins."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        # A column without a value costs as much time as any other.
        names = [name for name in table.column_names if table[name].null_count < max(table.num_rows, 1)]
        self.given = table.select(names)
        self.users, self.items = (pc.unique(table[name]).to_pylist() for name in (USER, ITEM))

    @cached_property
    def lines(self) -> io.BytesIO:
        """The rows as CSV."""
        return _as_csv(self.given)


def _without(table: pa.Table, user_ids: Collection[str]) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(table[USER], value_set=pa.array(sorted(user_ids), table[USER].type))))


def _insert_sqlite(connection: Connection, table: pa.Table) -> int:
    """Insert rows, except those whose `event_id` is there; return how many were new."""
    connection.exec_driver_sql(_CACHE_SQLITE)
    names, new = table.column_names, 0
    marks = ", ".join("?" * len(names))
    statement = _INSERT_SQLITE.format(names=", ".join(names), marks=marks, unless=_UNLESS_THERE)
    for start in range(0, table.num_rows, _ROWS_AT_ONCE):
        columns = [column.to_pylist() for column in table.slice(start, _ROWS_AT_ONCE).columns]
        # Several rows a statement would have SQLite keep a journal of each statement.
        new += connection.exec_driver_sql(statement, list(zip(*columns, strict=True))).rowcount
    return new


def _of_ends(table: pa.Table, merged: Mapping[str, str]) -> pa.Table:
    """Give the rows of merged users to those whom they were merged into."""
    if not merged:
        return table
    users = pa.array([merged.get(user, user) for user in table[USER].to_pylist()], table[USER].type)
    return table.set_column(table.column_names.index(USER), USER, users)


def _conflicts(connection: Connection, table: pa.Table, new: int) -> int:
    """Count the rows that differ from what is stored under their `event_id`; nothing is read if all rows are new."""
    if new == table.num_rows:
        return 0
    columns = [name for name in COLUMNS if name in table.column_names]
    every = table.filter(pc.is_valid(table[EVENT_ID])).select(columns)
    found = 0
    for start in range(0, every.num_rows, _ROWS_AT_ONCE):
        named = every.slice(start, _ROWS_AT_ONCE)
        there = first_rows(connection, set(named[EVENT_ID].to_pylist()))
        pairs = (
            (row, there.get(str(row.event_id))) for row in (Row(**row_columns) for row_columns in named.to_pylist())
        )
        found += sum(first is not None and bool(differences(connection, row, first.columns)) for row, first in pairs)
    return found


def _as_csv(table: pa.Table) -> io.BytesIO:
    """Write rows in the CSV form of PostgreSQL, where an empty cell means NULL."""
    lines = io.BytesIO()
    pyarrow.csv.write_csv(table, lines, pyarrow.csv.WriteOptions(include_header=False))
    return lines
