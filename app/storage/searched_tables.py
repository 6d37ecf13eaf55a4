"""Searches all tables for a text, whatever the column, and removes what deleted rows left behind."""

from collections.abc import Collection

from sqlalchemy import Text, cast, func, null, or_, text

from app.storage import access_tables  # noqa: F401 - its tables are searched too
from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.tables import changes, metadata

TABLES = [table.name for table in metadata.sorted_tables]


class SearchedTables:
    """Counts rows that hold a text in any column."""

    def __init__(self, database: Database, feed: ChangeStore) -> None:
        self._database = database
        self._feed = feed

    @property
    def file(self) -> str | None:
        """The path of the file of SQLite; None on PostgreSQL."""
        return self._database.url.database if self._database.is_sqlite else None

    async def count(self, texts: Collection[str]) -> list[tuple[str, int, int]]:
        """Return each table with the number of its rows, and of those that hold one of the texts in any column."""
        given = {f"text{number}": one for number, one in enumerate(sorted(texts))}
        found = []
        async with self._database.begin() as connection:
            await self._database.without_time_limit(connection)
            for name in TABLES:
                any_of = " OR ".join(f"{self._within(name, key)}" for key in given)
                statement = text(f"SELECT count(*), count(CASE WHEN {any_of} THEN 1 END) FROM {name} AS one")  # noqa: S608 - names of tables
                rows, holding = (await connection.execute(statement, given)).one()
                found.append((name, int(rows), int(holding)))
        return found

    def _within(self, name: str, key: str) -> str:
        # Not the row as one text: PostgreSQL doubles quotes and backslashes in that.
        position = "instr" if self._database.is_sqlite else "strpos"
        columns = [f'CAST(one."{column.name}" AS text)' for column in metadata.tables[name].columns]
        return "(" + " OR ".join(f"{position}({column}, CAST(:{key} AS text)) > 0" for column in columns) + ")"

    async def forget_keys(self, texts: Collection[str]) -> None:
        """Take texts out of the change feed, which has ids for an hour: a change of them becomes one of anything."""
        keys = cast(changes.c["keys"], Text)
        holding = or_(*((func.instr if self._database.is_sqlite else func.strpos)(keys, one) > 0 for one in texts))
        async with self._feed.writing() as connection:
            await connection.execute(changes.update().where(holding).values(keys=null()))

    async def vacuum(self) -> None:
        """Remove what deleted rows left behind: on PostgreSQL dead rows, on SQLite the write-ahead log."""
        if self._database.is_sqlite:
            await self._database.truncate_log()
            return
        async with self._database.connected() as connection:
            own = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await own.execute(text("SET statement_timeout = 0"))
            await own.execute(text(f"VACUUM {', '.join(TABLES)}"))
            await own.execute(text("RESET statement_timeout"))
