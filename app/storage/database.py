"""The database: its engine, and connections whose errors a user can understand."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Self, TypeVar

import asyncpg
from sqlalchemy import Connection, Table, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import DatabaseError, SchemaError, StorageFullError, StorageReadOnlyError, WriteRefusedError
from app.storage import sqlite_files
from app.storage.engines import CONNECT_SECONDS, Readers, make_engine, make_sqlite_writer
from app.storage.pool_metrics import CountedPool
from app.storage.refusals import reason_of, refusal_of
from app.storage.tables import metadata

_NO_SUCH_TABLE = ("42P01", "42703")
"""Codes of PostgreSQL for a table or a column that does not exist."""
_DEADLOCK = "40P01"
# The driver ends with the last of them where a connection is lost between two of its own steps.
_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.05
Row = TypeVar("Row")
Result = TypeVar("Result")
Insert = postgresql.Insert | sqlite.Insert


class Database:
    """One engine, for SQLite or PostgreSQL; leaving it as an async context manager closes all connections.

    Parameters
    ----------
    url
        With the driver's name, as `Settings` gives it.
    pool
        Connections that are kept, at most.
    statement_seconds
        How long a statement may take on PostgreSQL; not limited after `without_time_limit`.
    lock_seconds
        How long a write on SQLite tries again while another process has the lock; by default a few seconds.
    """

    def __init__(
        self, url: str, *, pool: int = 10, statement_seconds: float = 30.0, lock_seconds: float | None = None
    ) -> None:
        self.url = make_url(url)
        readers = Readers()
        self.engine = make_engine(url, pool, statement_seconds, lock_seconds, readers)
        self._pool = CountedPool(self.engine, readers)
        self._refused: WriteRefusedError | None = None
        """How the last write was refused; None after one that was taken."""
        self._one_writer = asyncio.Lock()
        self._writer = make_sqlite_writer(self.url, lock_seconds) if self.is_sqlite else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is SQLite."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def place(self) -> str:
        """The address of the database, without its password."""
        return self.url.render_as_string(hide_password=True)

    @property
    def is_missing(self) -> bool:
        """Return whether this is an SQLite file that does not exist; connecting would create an empty one."""
        return self.is_sqlite and bool(self.url.database) and not Path(str(self.url.database)).exists()

    def make_folder(self) -> None:
        """Make the folder of an SQLite file."""
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)

    async def without_time_limit(self, connection: AsyncConnection) -> None:
        """Remove the time limit of the statements of a transaction."""
        if not self.is_sqlite:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that reads; leaving it commits.

        Raises
        ------
        DatabaseError
            The database cannot be reached or does not answer.
        """
        async with self.connected() as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes; leaving it commits. On SQLite there is one at a time.

        Raises
        ------
        DatabaseError
            The database cannot be reached or does not answer; whether it was committed may be unknown.
        """
        with self._remembering():
            if not self.is_sqlite:
                async with self.begin() as connection:
                    yield connection
                return
            # The lock of this process comes before that of the file, because waiting for the file means polling.
            async with self._one_writer, self.begin() as connection:
                # By default a transaction begins as a reader, and SQLite may refuse at once to let a reader write.
                await connection.execute(text("BEGIN IMMEDIATE"))
                yield connection

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run a function in one write transaction; on SQLite in one thread.

        An asynchronous connection would switch threads for every statement, some twenty times.

        Raises
        ------
        DatabaseError
            The database cannot be reached or does not answer; whether it was committed may be unknown.
        """
        with self._remembering():
            if not self.is_sqlite:
                return await again_after_deadlock(lambda: self._write_there(work))
            return await self._write_in_thread(work)

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """Remember how a write was refused until one is taken."""
        try:
            yield
        except WriteRefusedError as error:
            self._refused = error
            raise
        self._refused = None

    async def require_writable(self) -> None:
        """Find out whether a write would be taken now, as far as that shows without writing.

        Raises
        ------
        WriteRefusedError
            It would be refused, or the last one was.
        DatabaseError
            The database cannot be reached.
        """
        # Whether the disk is full shows in writes alone, and whether a file can be written not in each way of trying.
        if isinstance(self._refused, StorageFullError) or (
            self.is_sqlite and isinstance(self._refused, StorageReadOnlyError)
        ):
            raise self._refused
        if not self.is_sqlite:
            async with self.begin() as connection:
                if await connection.scalar(text("SELECT current_setting('transaction_read_only')")) == "on":
                    raise StorageReadOnlyError(f"{self.place}: the server takes no writes")
        elif self.url.database and sqlite_files.is_read_only(self.url.database):
            raise StorageReadOnlyError(f"{self.place}: the file or its folder cannot be written")
        elif self.url.database and not self._one_writer.locked():
            with self._readable_errors():
                await asyncio.to_thread(sqlite_files.try_lock, self.url.database)

    async def _write_in_thread(self, work: Callable[[Connection], Result], *, in_transaction: bool = True) -> Result:
        async with self._one_writer:
            writing = asyncio.ensure_future(asyncio.to_thread(self._write, work, in_transaction))
            try:
                return await asyncio.shield(writing)
            finally:
                # The lock is kept until the thread is done, even if the caller is cancelled several times.
                while not writing.done():
                    with suppress(asyncio.CancelledError):
                        await asyncio.wait([writing])

    async def truncate_log(self) -> bool:
        """On SQLite move the write-ahead log into the file and empty it; return whether it is empty.

        Old content of pages stands in it until then. It is not waited long for readers: the next call may succeed.
        """
        return not self.is_sqlite or await self._write_in_thread(sqlite_files.truncate_log, in_transaction=False)

    async def _write_there(self, work: Callable[[Connection], Result]) -> Result:
        async with self.begin() as connection:
            return await connection.run_sync(work)

    def _write(self, work: Callable[[Connection], Result], in_transaction: bool) -> Result:
        assert self._writer is not None, "this is SQLite"  # noqa: S101
        with self._readable_errors(), self._writer.connect() as connection, connection.begin():
            if in_transaction:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            return work(connection)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection, without a transaction.

        Raises
        ------
        DatabaseError
            The database cannot be reached or does not answer.
        """
        with self._readable_errors():
            async with self._pool.connection() as connection:
                yield connection

    @contextmanager
    def _readable_errors(self) -> Iterator[None]:
        """Turn what drivers raise into errors that a user can understand."""
        try:
            yield
        except (IntegrityError, DataError):
            raise
        except (DBAPIError, PoolTimeoutError, sqlite3.Error, *_LOST) as error:
            if self._is_about_tables(error):
                raise SchemaError(f"{self.place}: {reason_of(error)}: run `braid migrate`") from error
            kind = refusal_of(error.orig if isinstance(error, DBAPIError) else error) or DatabaseError
            raise kind(f"{self.place}: {reason_of(error)}") from error

    @asynccontextmanager
    async def listening(self, channel: str, heard: Callable[..., None]) -> AsyncIterator[asyncio.Event]:
        """Call back for every notification on a channel of PostgreSQL; the event is set when the connection is lost.

        Raises
        ------
        DatabaseError
            The database cannot be reached.
        """
        lost = asyncio.Event()
        url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = None
        try:
            try:
                connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
                connection.add_termination_listener(lambda *_: lost.set())
                await connection.add_listener(channel, heard)
            except _LOST as error:
                raise DatabaseError(f"{self.place}: {reason_of(error)}") from error
            yield lost
        finally:
            if connection is not None:
                connection.terminate()

    def _is_about_tables(self, error: Exception) -> bool:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if self.is_sqlite:
            # SQLite has one code for all that is wrong with a statement: the tables themselves say what it was.
            code = getattr(cause, "sqlite_errorcode", None)
            return code == sqlite3.SQLITE_ERROR and sqlite_files.lacks_columns(self.url.database, metadata)
        return getattr(cause, "sqlstate", None) in _NO_SUCH_TABLE

    def insert(self, table: Table) -> Insert:
        """Start an INSERT of this database's kind, which knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()
        if self._writer is not None:
            self._writer.dispose()


async def again_after_deadlock(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Run a transaction, and run it again if the database rolled it back because of a deadlock.

    Two writers with the same rows in another order wait for each other, and one of them is rolled back.
    """
    for number in range(_ATTEMPTS - 1):
        try:
            return await attempt()
        except DatabaseError as error:
            cause = error.__cause__
            if getattr(getattr(cause, "orig", cause), "sqlstate", None) != _DEADLOCK:
                raise
        # By then the other one is done, or it waits for another random time.
        await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS * 2**number))  # noqa: S311 - no secret
    return await attempt()


def pages(rows: Sequence[Row], size: int) -> list[Sequence[Row]]:
    """Cut rows into pages of at most `size`."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]
