"""The change feed in SQL: changes of the database, for the processes that cache data in memory."""

import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import EventIdConflictError, WriteRefusedError
from app.storage.database import Database, Result, pages
from app.storage.tables import changes
from app.times import now

CHANNEL = "braid_changes"
_KEYS_A_ROW = 1000
_MAX_KEYS = 100_000
Kind = Literal["users", "items", "masks", "bundles", "deletions", "schema", "scenarios", "keys"]


@dataclass(frozen=True)
class Change:
    """What one transaction wrote: the users whose logs, or the items that changed; any of them where `keys` is None.

    The keys of `masks` are users who were erased or merged: the bundle in use must hide them. Those of `deletions` are
    users of whom interactions were deleted; `schema` has one key, whatever changed in it; those of
    `scenarios` are names, those of `keys` ids of API keys.
    """

    id: int
    kind: Kind
    keys: tuple[str, ...] | None
    origin: str


@dataclass(frozen=True)
class Position:
    """How far a reader has come.

    On SQLite, with one writer, ids commit in their order: `last` is enough. On PostgreSQL they do not: the rows of
    every transaction that was under way at the last reading are read again, and those in `known` are skipped.
    """

    last: int = 0
    oldest: int = 0
    known: frozenset[int] = field(default=frozenset(), repr=False)


class ChangeStore:
    """Records changes within the transactions that make them, and reads those of others.

    Parameters
    ----------
    origin
        Name of this process in the changes that it writes; random by default.
    """

    def __init__(self, database: Database, origin: str | None = None) -> None:
        self._database = database
        self.origin = origin or secrets.token_hex(8)
        self.uncertain_commits = 0
        """Number of failed transactions so far of which it is unknown whether they were committed."""

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes and records what it changes; leaving it commits.

        Raises
        ------
        DatabaseError
            The database does not answer. The transaction may have been committed all the same: this process then reads
            again what it keeps in memory.
        """
        with self._doubting():
            async with self._database.writing() as connection:
                yield connection

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run a function in one write transaction, in one thread; otherwise as `writing`."""
        with self._doubting():
            return await self._database.write(work)

    @contextmanager
    def _doubting(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError, EventIdConflictError, WriteRefusedError):
            raise
        except BaseException:
            # It may be committed or not: under a new name this process reads its own earlier changes like those of
            # others.
            self.origin = secrets.token_hex(8)
            self.uncertain_commits += 1
            raise

    async def record(self, connection: AsyncConnection, kind: Kind, keys: Collection[str]) -> None:
        """Record that something changed, as part of a transaction."""
        await connection.run_sync(self.record_now, kind, keys)

    def record_now(self, connection: Connection, kind: Kind, keys: Collection[str]) -> None:
        """Record that something changed, as part of a transaction of `write`."""
        if not keys:
            return
        named = sorted(set(keys))
        parts = pages(named, _KEYS_A_ROW) if len(named) <= _MAX_KEYS else [None]
        fields = {"created_at": now(), "origin": self.origin, "kind": kind}
        connection.execute(insert(changes), [{**fields, "keys": part} for part in parts])
        if not self._database.is_sqlite:
            # The notification only wakes the readers, and only when this transaction commits.
            connection.execute(text(f"SELECT pg_notify('{CHANNEL}', '')"))

    async def position(self) -> Position:
        """Return the position after everything that is committed now."""
        async with self._database.begin() as connection:
            if self._database.is_sqlite:
                return Position(last=int(await connection.scalar(select(func.max(changes.c.id))) or 0))
            oldest = await self._oldest(connection)
            known = await connection.scalars(select(changes.c.id).where(changes.c.transaction_id >= oldest))
            return Position(oldest=oldest, known=frozenset(known))

    async def read(self, position: Position) -> tuple[Sequence[Change], Position]:
        """Read the changes committed since a position, and return the new position."""
        columns = (changes.c.id, changes.c.kind, changes.c["keys"], changes.c.origin, changes.c.transaction_id)
        async with self._database.begin() as connection:
            if self._database.is_sqlite:
                later = changes.c.id > position.last
                rows = (await connection.execute(select(*columns).where(later).order_by(changes.c.id))).all()
                after = Position(last=rows[-1].id if rows else position.last)
            else:
                # The statements of a transaction see what is committed when each begins: the snapshot is taken
                # first, so that what commits between the two is read twice rather than never.
                oldest = await self._oldest(connection)
                later = changes.c.transaction_id >= position.oldest
                statement = select(*columns).where(later).order_by(changes.c.id)
                found = (await connection.execute(statement)).all()
                rows = [row for row in found if row.id not in position.known]
                known = frozenset(row.id for row in found if row.transaction_id >= oldest)
                after = Position(oldest=oldest, known=known)
        return [Change(row.id, row.kind, _tuple(row[2]), row.origin) for row in rows], after

    async def keys_since(self, kind: Kind, moment: int) -> list[str] | None:
        """Return the keys that changed since a moment, as far as changes are stored; None if any key may have."""
        later = (changes.c.kind == kind) & (changes.c.created_at >= moment)
        async with self._database.begin() as connection:
            found = list(await connection.scalars(select(changes.c["keys"]).where(later)))
        return None if None in found else list(dict.fromkeys(key for keys in found for key in keys))

    async def prune(self, before: int) -> None:
        """Delete changes that are older than a moment, in microseconds since 1970."""
        gone = delete(changes).where(changes.c.created_at < before)
        async with self._database.writing() as connection:
            kinds = set(await connection.scalars(gone.returning(changes.c.kind)))
        if "masks" in kinds:
            # The ids of erased users are not to stand in the write-ahead log for longer.
            await self._database.truncate_log()

    async def _oldest(self, connection: AsyncConnection) -> int:
        """Return the oldest transaction that is still open: all before it are visible, or were rolled back."""
        return int(await connection.scalar(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")) or 0)


def _tuple(keys: list[str] | None) -> tuple[str, ...] | None:
    return None if keys is None else tuple(keys)
