"""Alembic's way in: with the connection it is given, or with one of its own for the `alembic` command."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from app.config import load_settings
from app.storage.access_tables import metadata
from app.storage.database import Database
from app.storage.search_index import is_compared


def run(connection: Connection) -> None:
    # A transaction for each: what makes an index beside the writers cannot be part of one.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transaction_per_migration=True,
        include_name=is_compared,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run() -> None:
    database = Database(load_settings().database_url)
    database.make_folder()
    async with database.begin() as connection:
        await connection.run_sync(run)
    await database.close()


given: Connection | None = context.config.attributes.get("connection")
if given is None:
    asyncio.run(connect_and_run())
else:
    run(given)
