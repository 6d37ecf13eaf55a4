import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

import migrations
from app.errors import SchemaError
from app.storage.database import Database
from app.storage.migrations import newest_revision, require_schema, upgrade
from app.storage.search_index import is_compared
from app.storage.tables import metadata
from tests.conftest import MakeDatabase


@pytest.fixture
async def empty(make_database: MakeDatabase) -> AsyncIterator[Database]:
    database = Database(make_database(migrated=False))
    yield database
    await database.close()


@pytest.fixture
async def migrated(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


def table_names(connection: Connection) -> set[str]:
    return {name for name in inspect(connection).get_table_names() if is_compared(name, "table", {})}


async def tables(database: Database) -> set[str]:
    async with database.begin() as connection:
        return await connection.run_sync(table_names)


async def set_revision(database: Database, revision: str) -> None:
    async with database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :name"), {"name": revision})


def downgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


async def test_the_first_upgrade_makes_the_tables_and_the_second_changes_nothing(empty: Database) -> None:
    head = newest_revision()
    assert await upgrade(empty) == (None, head)
    assert await tables(empty) == {*metadata.tables, "alembic_version"}
    assert await upgrade(empty) == (head, head)
    assert await require_schema(empty) == head


async def test_the_tables_of_the_code_are_those_of_the_migrations(migrated: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list[object](
            compare_metadata(
                MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_compared}),
                metadata,
            )
        )

    async with migrated.begin() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_downgrade_to_nothing_removes_the_tables(migrated: Database) -> None:
    async with migrated.begin() as connection:
        await connection.run_sync(downgrade, "base")
    assert await tables(migrated) == {"alembic_version"}
    assert (await upgrade(migrated))[0] is None
    assert await tables(migrated) == {*metadata.tables, "alembic_version"}


async def test_a_downgrade_removes_quantity_and_revenue_and_nothing_else(migrated: Database) -> None:
    names = "user_id, item_id, event_type, value, timestamp, event_id"
    stored = ("u", "i", "purchase", 1.5, 1_772_366_400_000_000, "e")
    given = ", ".join(map(repr, stored))
    async with migrated.begin() as connection:
        await connection.execute(
            text(f"INSERT INTO interactions ({names}, quantity, revenue) VALUES ({given}, -2, -19.9)")
        )
        await connection.run_sync(downgrade, "0006")
        columns = await connection.run_sync(lambda plain: inspect(plain).get_columns("interactions"))
        assert {"quantity", "revenue"} & {column["name"] for column in columns} == set()
    assert await upgrade(migrated) == ("0006", newest_revision())
    async with migrated.begin() as connection:
        statement = f"SELECT {names}, quantity, revenue FROM interactions"
        assert [tuple(row) for row in await connection.execute(text(statement))] == [(*stored, None, None)]


async def test_two_upgrades_at_once_both_end_with_the_tables(make_database: MakeDatabase) -> None:
    url = make_database(migrated=False)
    both = [Database(url), Database(url)]
    try:
        done = await asyncio.gather(*(upgrade(database) for database in both))
        assert {after for _, after in done} == {newest_revision()}
        assert await require_schema(both[0]) == newest_revision()
    finally:
        for database in both:
            await database.close()


async def test_a_revision_of_a_newer_version_is_refused(migrated: Database) -> None:
    await set_revision(migrated, "9999")
    for step in (upgrade, require_schema):
        with pytest.raises(SchemaError, match="9999, which this version does not know: upgrade Braid"):
            await step(migrated)


async def test_without_tables_the_text_names_the_command_that_makes_them(empty: Database) -> None:
    with pytest.raises(SchemaError, match="run `braid migrate`") as refusal:
        await require_schema(empty)
    assert "of-the-test" not in str(refusal.value)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_asking_for_a_missing_file_does_not_make_one(empty: Database) -> None:
    with pytest.raises(SchemaError, match="run `braid migrate`"):
        await require_schema(empty)
    assert not Path(str(empty.url.database)).exists()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_an_upgrade_makes_the_folders_of_the_file(backend: str, tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/a/b/c.sqlite3")
    try:
        assert (await upgrade(database))[0] is None
    finally:
        await database.close()
    assert (tmp_path / "a/b/c.sqlite3").is_file()


async def test_tables_of_an_older_version_name_the_command_that_updates_them(
    migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = newest_revision()
    monkeypatch.setattr("app.storage.migrations.newest_revision", lambda: "9998")
    with pytest.raises(SchemaError, match=f"are of {head}, 9998 is needed: run `braid migrate`"):
        await require_schema(migrated)


async def test_a_downgrade_and_an_upgrade_keep_what_is_stored_under_ids(migrated: Database) -> None:
    longest = "é" * 128
    statement = text("INSERT INTO interactions (user_id, item_id, event_type) VALUES (:id, :id, 'view')")
    async with migrated.begin() as connection:
        await connection.execute(statement, {"id": "x" * 128})
        await connection.run_sync(downgrade, "0011")
    await upgrade(migrated)
    async with migrated.begin() as connection:
        await connection.execute(statement, {"id": longest + "x" * 128})
        found = await connection.scalars(text("SELECT user_id FROM interactions ORDER BY id"))
        assert list(found) == ["x" * 128, longest + "x" * 128]
