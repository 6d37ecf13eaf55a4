import asyncio
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from app.errors import DatabaseError, StorageReadOnlyError
from app.storage.database import Database, pages
from app.storage.migrations import newest_revision, require_schema, upgrade
from tests.postgresql import PostgreSQL

PASSWORD = "s3cret-of-the-test"
SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
POSTGRESQL_ONLY = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


async def refusal(url: str, step: Callable[[Database], Awaitable[object]] = require_schema) -> str:
    database = Database(url)
    try:
        with pytest.raises(DatabaseError) as error:
            await step(database)
    finally:
        await database.close()
    message = str(error.value)
    assert len(message.splitlines()) == 1
    assert PASSWORD not in message
    assert database.place in message
    return message


async def test_a_port_where_nothing_listens_is_one_line_without_the_password(free_port: int) -> None:
    message = await refusal(f"postgresql+asyncpg://braid:{PASSWORD}@127.0.0.1:{free_port}/braid")
    assert "braid:***@127.0.0.1" in message
    assert "onnect" in message


async def test_a_host_that_does_not_exist_is_one_line() -> None:
    await refusal(f"postgresql+asyncpg://braid:{PASSWORD}@nowhere.invalid/braid")


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.storage.engines.CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert "Timeout" in await refusal(f"postgresql+asyncpg://braid:{PASSWORD}@127.0.0.1:{port}/braid")


async def test_a_database_that_does_not_exist_is_named(postgresql: PostgreSQL) -> None:
    url = postgresql.url("nothing_of_this_name").replace("of-the-test", PASSWORD)
    assert 'database "nothing_of_this_name" does not exist' in await refusal(url)


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.sqlite3"
    path.write_text("nothing of a database " * 100)
    assert "file is not a database" in await refusal(f"sqlite+aiosqlite:///{path}")


async def test_an_sqlite_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/file/braid.sqlite3")
    try:
        with pytest.raises((DatabaseError, OSError), match="file"):
            await upgrade(database)
    finally:
        await database.close()


@SQLITE_ONLY
@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to any file")
@pytest.mark.parametrize("place", ["file", "folder"])
async def test_a_file_that_can_only_be_read_is_told(database_url: str, tmp_path: Path, place: str) -> None:
    async with Database(database_url) as database:
        await database.require_writable()
        locked = tmp_path if place == "folder" else Path(str(database.url.database))
        mode = locked.stat().st_mode
        locked.chmod(mode & ~0o222)
        try:
            with pytest.raises(StorageReadOnlyError, match="cannot be written"):
                await database.require_writable()
        finally:
            locked.chmod(mode)


async def test_a_failed_transaction_leaves_nothing(database_url: str) -> None:
    database = Database(database_url)
    statement = text("INSERT INTO items (item_id, categories, tags, attributes) VALUES ('i', '[]', '[]', '{}')")
    try:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what is rolled back
            async with database.begin() as connection:
                await connection.execute(statement)
                raise ZeroDivisionError
        async with database.begin() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM items")) == 0
    finally:
        await database.close()


@SQLITE_ONLY
async def test_sqlite_waits_for_others_and_commits_durably(database_url: str) -> None:
    database = Database(database_url)
    try:
        async with database.begin() as connection:
            found = [await connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
            assert found == ["wal", 2]
            assert await connection.scalar(text("PRAGMA busy_timeout")) == 5000
    finally:
        await database.close()


@POSTGRESQL_ONLY
async def test_a_connection_that_was_cut_is_made_anew(database_url: str, postgresql: PostgreSQL) -> None:
    database = Database(database_url)
    try:
        await require_schema(database)
        name = database.url.database
        postgresql.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        assert await require_schema(database) == newest_revision()
    finally:
        await database.close()


def test_rows_are_cut_into_parts_that_lose_none() -> None:
    rows = [{"n": n} for n in range(7)]
    assert [len(page) for page in pages(rows, 3)] == [3, 3, 1]
    assert [row for page in pages(rows, 3) for row in page] == rows
    assert pages([], 3) == []


@SQLITE_ONLY
async def test_what_is_wrong_with_a_statement_is_about_the_tables_only_where_they_lack_something(
    database_url: str, tmp_path: Path
) -> None:
    async def ask(database: Database, statement: str) -> None:
        async with database.begin() as connection:
            await connection.execute(text(statement))

    nested = "SELECT json('not json')"
    for url, statement, about_tables in (
        (database_url, nested, False),
        (database_url, "SELECT 1 FROM no_such_table", False),
        (f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite3'}", "SELECT 1 FROM interactions", True),
    ):
        message = await refusal(url, lambda database, statement=statement: ask(database, statement))  # type: ignore[misc]
        assert ("run `braid migrate`" in message) is about_tables, message


async def test_an_error_of_the_driver_without_a_code_is_a_database_error(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def closed(database: Database) -> None:
        async with database.begin():
            raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("no active connection"))

    assert "no active connection" in await refusal(database_url, closed)


async def test_closing_waits_for_connections_whose_callers_were_cancelled(tmp_path: Path) -> None:
    """Their threads tell the event loop when they are done, which must not be closed by then."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'slow.sqlite3'}")
    reached = asyncio.Event()

    def make_slow(connection: Connection) -> None:
        connection.connection.create_function("slow", 0, lambda: time.sleep(0.3))

    async def ask() -> None:
        async with database.begin() as connection:
            await connection.run_sync(make_slow)
            reached.set()
            await connection.execute(text("SELECT slow()"))

    before = set(threading.enumerate())
    asking = asyncio.create_task(ask())
    await reached.wait()
    await asyncio.sleep(0.05)
    for _ in range(2):
        asking.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asking
    readers = [thread for thread in set(threading.enumerate()) - before if "_connection_worker" in thread.name]
    assert readers
    await database.close()
    assert not any(thread.is_alive() for thread in readers)


async def test_closing_closes_what_somebody_still_has(tmp_path: Path) -> None:
    """The engine closes only what was given back."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'held.sqlite3'}")
    held = asyncio.Event()

    async def hold() -> None:
        async with database.connected():
            held.set()
            await asyncio.Event().wait()

    before = set(threading.enumerate())
    holding = asyncio.create_task(hold())
    await held.wait()
    readers = [thread for thread in set(threading.enumerate()) - before if "_connection_worker" in thread.name]
    assert any(thread.is_alive() for thread in readers)
    await database.close()
    assert not any(thread.is_alive() for thread in readers)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
