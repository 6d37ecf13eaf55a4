"""The whole log and the whole catalogue in SQL, page by page, so that only one page is in memory."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table, select, true

from app.storage.database import Database
from app.storage.tables import interactions, items, users
from models.data.columns import ITEM, TIMESTAMP, USER

_ROWS_A_PAGE = 50_000
Page = Sequence[Row[Any]]


class LogPages:
    """Reads everything, in the order of the primary keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def interactions(self, names: Sequence[str], *, with_times: bool = True) -> AsyncIterator[Page]:
        """Return fields of the rows of the log, or of those that have no time, after their ids."""
        columns = [interactions.c.id, *(interactions.c[name] for name in names)]
        which = true() if with_times else interactions.c[TIMESTAMP].is_(None)
        return self._pages(interactions, interactions.c.id, columns, which)

    def items(self, names: Sequence[str]) -> AsyncIterator[Page]:
        """Return the items that were described and not deleted, after their ids."""
        there = items.c.described & ~items.c.deleted
        return self._pages(items, items.c[ITEM], [items.c[ITEM], *(items.c[name] for name in names)], there)

    def users(self) -> AsyncIterator[Page]:
        """Return the users that were described: ids and attributes."""
        return self._pages(users, users.c[USER], [users.c[USER], users.c.attributes], users.c.described)

    async def _pages(
        self, table: Table, key: Column[Any], columns: Sequence[Column[Any]], which: ColumnElement[bool]
    ) -> AsyncIterator[Page]:
        last: object = None
        while True:
            after = which if last is None else which & (key > last)
            async with self._database.begin() as connection:
                statement = select(*columns).select_from(table).where(after).order_by(key).limit(_ROWS_A_PAGE)
                page = (await connection.execute(statement)).all()
            if not page:
                return
            yield page
            last = page[-1][0]
