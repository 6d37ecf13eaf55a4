"""Rows that an earlier release stored with times, though their import meant only an order: found, and moved."""

from dataclasses import dataclass

from sqlalchemy import Connection, inspect

from app.storage.database import Database
from app.storage.tables import interactions
from app.times import from_microseconds
from migrations import order_rows


@dataclass(frozen=True)
class OrderRows:
    """How many rows hold an order for certain, and how many may do so, with the times that these would have."""

    certain: int
    doubtful: int
    first: int | None = None
    last: int | None = None

    @property
    def span(self) -> str:
        """The times that the doubtful rows would have, in words."""
        ends = [moment for moment in (self.first, self.last) if moment is not None]
        return " to ".join(from_microseconds(moment).isoformat(timespec="seconds") for moment in ends)


async def find_order_rows(database: Database) -> OrderRows:
    """Count the rows without changing any; in a database that was migrated before, none is certain.

    Raises
    ------
    DatabaseError
        The database does not answer.
    """

    def work(connection: Connection) -> OrderRows:
        tables = inspect(connection)
        if not (tables.has_table("interactions") and tables.has_table("imports")):
            return OrderRows(0, 0)
        certain, doubtful = 0, order_rows.unlikely()
        if "sequence" not in {column["name"] for column in tables.get_columns(interactions.name)}:
            sure = order_rows.certain(connection)
            certain, doubtful = order_rows.count(connection, sure), doubtful & ~sure
        return OrderRows(certain, *order_rows.extent(connection, doubtful))

    async with database.begin() as connection:
        await database.without_time_limit(connection)
        return await connection.run_sync(work)


async def confirm_order_rows(database: Database) -> int:
    """Move the doubtful rows of a migrated database to `sequence` and commit; return how many there were.

    Raises
    ------
    DatabaseError
        The database does not answer.
    """
    async with database.writing() as connection:
        await database.without_time_limit(connection)
        return await connection.run_sync(lambda plain: order_rows.move(plain, order_rows.unlikely()))
