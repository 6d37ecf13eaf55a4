"""The catalogue in SQL."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.database import Database, pages
from app.storage.tables import items
from models.data.catalogue import (
    ATTRIBUTES,
    AVAILABLE_FROM,
    AVAILABLE_UNTIL,
    CATEGORIES,
    DESCRIPTION,
    HIDDEN,
    PRICE,
    TAGS,
    TITLE,
)
from models.data.columns import ITEM
from models.data.progress import Progress

_ROWS_A_STATEMENT = 1000
_SECOND = 1_000_000
_LABELS = pa.list_(pa.string())
_TYPES: Mapping[str, pa.DataType] = {
    ITEM: pa.string(),
    TITLE: pa.string(),
    DESCRIPTION: pa.string(),
    CATEGORIES: _LABELS,
    TAGS: _LABELS,
    PRICE: pa.float64(),
    ATTRIBUTES: pa.string(),
    HIDDEN: pa.bool_(),
    AVAILABLE_FROM: pa.float64(),
    AVAILABLE_UNTIL: pa.float64(),
}
"""Of the columns of a data-set folder."""


class ItemStore:
    """Reads and writes items; a row is a dict with the columns of the table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, row: dict[str, Any]) -> bool:
        """Commit an item in the place of the one that was there; tell whether it is new."""
        statement = (
            self._database.insert(items)
            .values(row)
            .on_conflict_do_nothing(index_elements=[ITEM])
            .returning(items.c[ITEM])
        )
        async with self._database.begin() as connection:
            created = (await connection.execute(statement)).scalar() is not None
            if not created:
                await connection.execute(update(items).where(items.c[ITEM] == row[ITEM]).values(row))
            return created

    async def put_many(
        self, rows: Sequence[dict[str, Any]], progress: Progress, connection: AsyncConnection | None = None
    ) -> None:
        """Commit items all at once, each in the place of the one that was there; see `InteractionStore.add_many`."""
        statement = self._database.insert(items)
        others = {column.name: statement.excluded[column.name] for column in items.c if column.name != ITEM}
        statement = statement.on_conflict_do_update(index_elements=[ITEM], set_=others)
        done = 0
        async with self._database.begin(connection) as transaction:
            for page in pages(rows, _ROWS_A_STATEMENT):
                await transaction.execute(statement, page)
                done += len(page)
                progress("import items", done / len(rows))

    async def get(self, item_id: str) -> dict[str, Any] | None:
        """Give an item; None where there is none."""
        async with self._database.begin() as connection:
            row = (await connection.execute(select(items).where(items.c[ITEM] == item_id))).mappings().first()
            return None if row is None else dict(row)

    async def unavailable(self, now: int) -> list[str]:
        """List the items that may not be recommended now, in microseconds since 1970."""
        statement = select(items.c[ITEM]).where(
            or_(items.c.hidden, items.c.available_from > now, items.c.available_until <= now)
        )
        async with self._database.begin() as connection:
            return list((await connection.execute(statement)).scalars())

    async def table(self) -> pa.Table | None:
        """Read the catalogue in the columns of a data-set folder; None where it is empty."""
        async with self._database.begin() as connection:
            rows = (await connection.execute(select(*(items.c[name] for name in _TYPES)))).all()
        if not rows:
            return None
        columns = dict(zip(_TYPES, zip(*rows, strict=True), strict=True))
        # Attributes as JSON: objects of any shape are no column of one type.
        columns[ATTRIBUTES] = tuple(json.dumps(attributes) for attributes in columns[ATTRIBUTES])
        for name in (AVAILABLE_FROM, AVAILABLE_UNTIL):
            columns[name] = tuple(None if moment is None else moment / _SECOND for moment in columns[name])
        return pa.table({name: pa.array(columns[name], kind) for name, kind in _TYPES.items()})

    async def count(self) -> int:
        """Count the items."""
        async with self._database.begin() as connection:
            return int(await connection.scalar(select(func.count()).select_from(items)) or 0)
