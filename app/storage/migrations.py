"""Migrations: checks whether the tables are those of this version, and upgrades them."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

import migrations
from app.errors import SchemaError
from app.storage.database import Database

_LOCK = 7_241_996
"""Advisory lock, the same in every process: only one migration runs at a time."""

_AGAIN_SECONDS = 0.2


def newest_revision() -> str:
    """Return the revision of the tables that this version works with."""
    head = ScriptDirectory(str(_folder())).get_current_head()
    assert head is not None, "there is at least one migration"  # noqa: S101
    return head


async def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the tables up to date.

    Returns
    -------
    tuple
        The revision before (None for an empty database) and after.

    Raises
    ------
    DatabaseError
        The database cannot be reached or written to.
    """
    database.make_folder()

    def run(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    if database.is_sqlite:
        # All migrations in one transaction.
        async with database.writing() as connection:
            before = await _known_revision(database, connection)
            await connection.run_sync(run)
        return before, newest_revision()
    async with database.connected() as connection:
        # Creating an index of a large log may take long; the connection is not used for anything else.
        await connection.execute(text("SET statement_timeout = 0"))
        # A lock of the session, as each migration is a transaction of its own. It is polled: a transaction that waits
        # for it would block CREATE INDEX CONCURRENTLY in the process that has it.
        while not await connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
            await connection.commit()
            await asyncio.sleep(_AGAIN_SECONDS)
        try:
            before = await _known_revision(database, connection)
            await connection.commit()
            await connection.run_sync(run)
        finally:
            await connection.rollback()
            await connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            await connection.execute(text("RESET statement_timeout"))
            await connection.commit()
    return before, newest_revision()


async def revision(database: Database) -> str | None:
    """Return the tables' revision; None where there are none.

    Raises
    ------
    DatabaseError
        The database cannot be reached.
    """
    if database.is_missing:
        return None
    async with database.begin() as connection:
        return await _known_revision(database, connection)


async def _known_revision(database: Database, connection: AsyncConnection) -> str | None:
    before = await connection.run_sync(_revision)
    if before is not None and before not in _known():
        raise _too_new(database, before)
    return before


async def require_schema(database: Database) -> str:
    """Return the tables' revision if it is the newest.

    Raises
    ------
    SchemaError
        The tables are missing, too old or too new; the text says what to do.
    DatabaseError
        The database cannot be reached.
    """
    if database.is_missing:
        raise SchemaError(f"{database.place}: there is no database yet: run `braid migrate`")
    async with database.begin() as connection:
        found = await connection.run_sync(_revision)
    head = newest_revision()
    if found == head:
        return head
    if found is None:
        raise SchemaError(f"{database.place}: the database has no tables yet: run `braid migrate`")
    if found not in _known():
        raise _too_new(database, found)
    raise SchemaError(f"{database.place}: the tables are of {found}, {head} is needed: run `braid migrate`")


def _too_new(database: Database, found: str) -> SchemaError:
    return SchemaError(f"{database.place}: the tables are of {found}, which this version does not know: upgrade Braid")


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory(str(_folder())).walk_revisions()}


def _folder() -> Path:
    return Path(migrations.__path__[0])


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
