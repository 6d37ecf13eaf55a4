"""A migration that fails half-way."""

from typing import Any

import pytest
from alembic import command
from sqlalchemy import inspect

from app.storage.database import Database
from app.storage.migrations import newest_revision, upgrade


async def test_a_migration_that_fails_leaves_nothing_and_can_be_repeated(
    make_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(make_database(migrated=False))
    whole = command.upgrade

    def broken(*arguments: Any) -> None:
        whole(*arguments)
        raise RuntimeError("broken half-way")

    try:
        with monkeypatch.context() as changed:
            changed.setattr(command, "upgrade", broken)
            with pytest.raises(RuntimeError, match="half-way"):
                await upgrade(database)
        async with database.begin() as connection:
            assert await connection.run_sync(lambda synchronous: inspect(synchronous).get_table_names()) == []
        assert await upgrade(database) == (None, newest_revision())
    finally:
        await database.close()
