"""A migration that fails half-way: nothing is left of it, and it can be repeated."""

from typing import Any

import pytest
from alembic.operations import Operations
from sqlalchemy import inspect

from app.storage.database import Database
from app.storage.migrations import newest_revision, require_schema, upgrade
from app.storage.search_index import is_compared
from app.storage.tables import metadata


@pytest.mark.parametrize("table", ["interactions", "imports"])
async def test_a_migration_that_fails_can_be_repeated(
    make_database: Any, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    database = Database(make_database(migrated=False))
    whole = Operations.create_table

    def broken(operations: Operations, name: str, *arguments: Any, **options: Any) -> Any:
        made = whole(operations, name, *arguments, **options)
        if name == table:
            raise RuntimeError("broken half-way")
        return made

    try:
        with monkeypatch.context() as changed:
            changed.setattr(Operations, "create_table", broken)
            with pytest.raises(RuntimeError, match="half-way"):
                await upgrade(database)
        async with database.begin() as connection:
            left = await connection.run_sync(lambda synchronous: inspect(synchronous).get_table_names())
        assert table not in left
        # SQLite undoes all of them; PostgreSQL makes some indexes beside its writers, and keeps whole migrations.
        assert not left or not database.is_sqlite
        await upgrade(database)
        assert await require_schema(database) == newest_revision()
        async with database.begin() as connection:
            left = await connection.run_sync(lambda synchronous: inspect(synchronous).get_table_names())
        assert {name for name in left if is_compared(name, "table", {})} == {*metadata.tables, "alembic_version"}
    finally:
        await database.close()
