"""How much is stored: the size of the database, and its rows."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, text

from app.storage.database import Database
from app.storage.tables import interactions, items, users
from models.data.columns import TIMESTAMP

_LATEST_ROWS = 1_000_000
_SIDE_FILES = ("", "-wal", "-shm")
_OF_POSTGRESQL = text("SELECT pg_database_size(current_database())")


@dataclass(frozen=True)
class Sizes:
    """Bytes, rows, and the latest time among the newest million interactions, in microseconds since 1970."""

    size_bytes: int
    interactions: int
    users: int
    items: int
    newest: int | None


async def sizes_of(database: Database) -> Sizes:
    """Count what a database holds.

    Raises
    ------
    DatabaseError
        It does not answer, or not in time.
    """
    last = select(func.max(interactions.c.id)).scalar_subquery()
    newest = select(func.max(interactions.c[TIMESTAMP])).where(interactions.c.id > last - _LATEST_ROWS)
    async with database.begin() as connection:
        rows, known, catalogue = [
            int(await connection.scalar(select(func.count()).select_from(table)) or 0)
            for table in (interactions, users, items)
        ]
        found = await connection.scalar(newest)
        size = _of_file(database) if database.is_sqlite else int(await connection.scalar(_OF_POSTGRESQL) or 0)
    return Sizes(size, rows, known, catalogue, found)


def _of_file(database: Database) -> int:
    path = database.url.database or ""
    files = [Path(f"{path}{suffix}") for suffix in _SIDE_FILES]
    return sum(one.stat().st_size for one in files if one.is_file())
