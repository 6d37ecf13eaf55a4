"""The catalogue in SQL."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.database import Database, pages
from app.storage.tables import items
from models.data.columns import ITEM
from models.data.progress import Progress

_ROWS_A_STATEMENT = 1000


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
        """Read what training needs of the catalogue, in the columns of a data-set folder; None where it is empty."""
        names = (ITEM, "title", "description", "categories", "tags", "price", "attributes")
        async with self._database.begin() as connection:
            rows = (await connection.execute(select(*(items.c[name] for name in names)))).all()
        if not rows:
            return None
        texts, labels = pa.string(), pa.list_(pa.string())
        types = (texts, texts, texts, labels, labels, pa.float64(), texts)
        # Attributes as JSON: objects of any shape are no column of one type.
        columns = zip(*((*others, json.dumps(attributes)) for *others, attributes in rows), strict=True)
        return pa.table([pa.array(column, kind) for column, kind in zip(columns, types, strict=True)], names)

    async def count(self) -> int:
        """Count the items."""
        async with self._database.begin() as connection:
            return int(await connection.scalar(select(func.count()).select_from(items)) or 0)
