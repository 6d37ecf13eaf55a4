"""Samples of items and users: the attributes of rows that lie evenly over all ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, func, select, text, true

from app.storage.database import Database
from app.storage.tables import items, users
from app.storage.vectors import unpack
from models.data.catalogue import ATTRIBUTES, VECTORS
from models.data.columns import ITEM, USER

Sampled = Literal["items", "users"]
# Each step is one range of the primary key: the whole takes one pass over its index, and holds no row.
_SPREAD = """
WITH RECURSIVE spread(id) AS (
    SELECT min({key}) FROM {table}
    UNION ALL
    SELECT (SELECT {key} FROM {table} WHERE {key} > spread.id ORDER BY {key} LIMIT 1 OFFSET :passed)
    FROM spread WHERE spread.id IS NOT NULL
)
SELECT id FROM spread WHERE id IS NOT NULL"""


@dataclass(frozen=True)
class Spread:
    """Ids that lie evenly over a table, in their order, and how many rows there are that have content."""

    ids: list[str]
    stored: int


class SampleStore:
    """Reads samples of the attributes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spread(self, name: Sampled, most: int) -> Spread:
        """Choose ids at equal distances, `most` of them at most: all where there are no more.

        Ids of deleted items are among them.
        """
        table, key, there = _TABLES[name]
        async with self._database.begin() as connection:
            rows = int(await connection.scalar(select(func.count()).select_from(table)) or 0)
            stored = int(await connection.scalar(select(func.count()).select_from(table).where(there)) or 0)
            statement = text(_SPREAD.format(key=key, table=name))
            found = await connection.execute(statement, {"passed": max(-(-rows // most) - 1, 0)})
            return Spread(list(found.scalars()), stored)

    async def named(self, name: Sampled, ids: Sequence[str]) -> list[str]:
        """Return which of some ids are in the table."""
        table, key, _ = _TABLES[name]
        async with self._database.begin() as connection:
            return list(await connection.scalars(select(table.c[key]).where(table.c[key].in_(ids))))

    async def attributes(self, name: Sampled, ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """Return the attributes of those rows that have content, in the order of their ids; vectors as arrays."""
        table, key, there = _TABLES[name]
        columns = [table.c[ATTRIBUTES], *([table.c[VECTORS]] if VECTORS in table.c else [])]
        statement = select(*columns).where(table.c[key].in_(ids) & there).order_by(table.c[key])
        async with self._database.begin() as connection:
            rows = (await connection.execute(statement)).all()
        return [{**row[0], **unpack(row[1])} if len(row) > 1 else row[0] for row in rows]


_TABLES: Mapping[Sampled, tuple[Table, str, ColumnElement[bool]]] = {
    "items": (items, ITEM, items.c.described & ~items.c.deleted),
    "users": (users, USER, true()),
}
