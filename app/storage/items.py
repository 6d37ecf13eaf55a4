"""The catalogue in SQL."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, case, func, select, text, true, update

from app.storage.arrow_types import ITEM_TYPES
from app.storage.changes import ChangeStore
from app.storage.database import Database, pages
from app.storage.item_filter import ItemFilter
from app.storage.tables import items
from app.storage.vectors import as_columns, pack, unpack
from app.times import now
from models.arrays.types import Float32
from models.data.catalogue import (
    ATTRIBUTES,
    AVAILABLE_FROM,
    AVAILABLE_UNTIL,
    CATEGORIES,
    HIDDEN,
    TAGS,
    VECTORS,
)
from models.data.columns import ITEM

_ROWS_A_STATEMENT = 1000
_APPEARED = "appeared_at"
_IS_NEW = ~items.c.described | items.c.deleted | (items.c[_APPEARED] == 0)
"""Of a row that is there already: only an interaction named it, it was deleted, or an older version wrote it."""
_SECOND = 1_000_000
_COUNT_SQLITE = text("SELECT count(*) FROM items WHERE item_id IN (SELECT value FROM json_each(:ids))")
_COUNT_POSTGRESQL = text("SELECT count(*) FROM items WHERE item_id = ANY(CAST(:ids AS text[]))")
_CONTENT = [*(items.c[name] for name in ITEM_TYPES), items.c.vectors]


def _live(row: Mapping[Any, Any]) -> tuple[str, dict[str, Any] | None]:
    fields = dict(row)
    deleted = fields.pop("deleted")
    return fields[ITEM], None if deleted else fields


def _with_times(row: dict[str, Any]) -> dict[str, Any]:
    """Add when an item changed, and when it appeared if it is new."""
    moment = now()
    available = row.get(AVAILABLE_FROM)
    return {**row, "changed_at": moment, _APPEARED: moment if available is None else available}


def _kept_time(row: dict[str, Any]) -> dict[str, Any]:
    """Keep when an item appeared, unless it says itself when it is available, or had no content before."""
    if row.get(AVAILABLE_FROM) is not None:
        return row
    return {**row, _APPEARED: case((_IS_NEW, row[_APPEARED]), else_=items.c[_APPEARED])}


def _deleted() -> dict[str, Any]:
    """Return the columns of an item that is deleted now, without its content."""
    empty: dict[str, Any] = {column.name: None for column in items.c if column.nullable}
    return empty | {CATEGORIES: [], TAGS: [], ATTRIBUTES: {}, HIDDEN: False, "deleted": True, "changed_at": now()}


class ItemStore:
    """Reads and writes items; a row is a dict with the columns of the table."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def put(self, row: dict[str, Any]) -> bool:
        """Create or replace an item and commit; return whether it is new."""
        row = _with_times({**row, "deleted": False, "described": True})
        statement = (
            self._database.insert(items)
            .values(row)
            .on_conflict_do_nothing(index_elements=[ITEM])
            .returning(items.c[ITEM])
        )
        async with self._changes.writing() as connection:
            created = (await connection.execute(statement)).scalar() is not None
            if not created:
                there = items.c[ITEM] == row[ITEM]
                created = bool(await connection.scalar(select(items.c.deleted).where(there).with_for_update()))
                await connection.execute(update(items).where(there).values(_kept_time(row)))
            await self._changes.record(connection, "items", [row[ITEM]])
            return created

    async def newest(self, limit: int) -> list[str]:
        """Return the ids of the items that appeared last, the latest first."""
        there = items.c.described & ~items.c.deleted
        statement = select(items.c[ITEM]).where(there).order_by(items.c.appeared_at.desc(), items.c[ITEM]).limit(limit)
        async with self._database.begin() as connection:
            return list((await connection.execute(statement)).scalars())

    async def count_known(self, item_ids: Sequence[str]) -> int | None:
        """Count those of some items that have a row, deleted ones too; None where the table is empty."""
        async with self._database.begin() as connection:
            if await connection.scalar(select(items.c[ITEM]).limit(1)) is None:
                return None
            if self._database.is_sqlite:
                return int(await connection.scalar(_COUNT_SQLITE, {"ids": json.dumps(list(item_ids))}) or 0)
            return int(await connection.scalar(_COUNT_POSTGRESQL, {"ids": list(item_ids)}) or 0)

    async def change(self, item_id: str, changed: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any] | None:
        """Change an item by a function, commit and return it; None where there is no such item.

        The item is locked meanwhile.
        """
        there = (items.c[ITEM] == item_id) & ~items.c.deleted

        def work(connection: Connection) -> dict[str, Any] | None:
            found = connection.execute(select(*_CONTENT).where(there).with_for_update()).mappings().first()
            if found is None:
                return None
            row = changed(dict(found))
            values = _with_times({**row, "described": True})
            connection.execute(update(items).where(there).values(_kept_time(values)))
            self._changes.record_now(connection, "items", [item_id])
            return row

        return await self._changes.write(work)

    async def put_many(self, rows: Sequence[dict[str, Any]]) -> None:
        """Create or replace items in one transaction and commit."""
        await self._changes.write(lambda connection: self.put_now(connection, rows))

    async def put_vectors(self, name: str, vectors: Mapping[str, Float32 | None]) -> None:
        """Set one vector of some items, or remove it, and commit; items that are gone meanwhile stay so."""

        def work(connection: Connection) -> None:
            there = items.c[ITEM].in_(list(vectors)) & ~items.c.deleted
            found = connection.execute(select(items.c[ITEM], items.c.vectors).where(there).with_for_update()).all()
            moment = now()
            for item_id, packed in found:
                held = {**unpack(packed), name: vectors[item_id]}
                values = {"vectors": pack({key: one for key, one in held.items() if one is not None})}
                statement = update(items).where(items.c[ITEM] == item_id)
                connection.execute(statement.values(changed_at=moment, **values))
            self._changes.record_now(connection, "items", [item_id for item_id, _ in found])

        await self._changes.write(work)

    async def page(self, which: ItemFilter, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Return items in the order of their ids, the first ones after an id."""
        async with self._database.begin() as connection:
            statement = select(*_CONTENT).where(self._wanted(which, after)).order_by(items.c[ITEM]).limit(limit)
            return [dict(row) for row in (await connection.execute(statement)).mappings()]

    async def delete(self, item_id: str) -> bool:
        """Mark an item as deleted, remove its content and commit; return whether it existed."""
        there = (items.c[ITEM] == item_id) & ~items.c.deleted
        async with self._changes.writing() as connection:
            gone = (await connection.execute(update(items).where(there).values(_deleted()))).rowcount > 0
            if gone:
                await self._changes.record(connection, "items", [item_id])
            return gone

    async def delete_page(self, which: ItemFilter, after: str | None) -> list[str]:
        """Delete a page of items in one transaction, the first ones after an id, and return their ids in order."""
        wanted = self._wanted(which, after)

        def work(connection: Connection) -> list[str]:
            first = select(items.c[ITEM]).where(wanted).order_by(items.c[ITEM]).limit(_ROWS_A_STATEMENT)
            gone = list(connection.scalars(first.with_for_update()))
            if gone:
                connection.execute(update(items).where(items.c[ITEM].in_(gone)).values(_deleted()))
                self._changes.record_now(connection, "items", gone)
            return gone

        return await self._changes.write(work)

    def _wanted(self, which: ItemFilter, after: str | None) -> ColumnElement[bool]:
        """Return the condition of the items of a list after an id."""
        wanted = ~items.c.deleted & (true() if after is None else items.c[ITEM] > after)
        for condition in which.conditions(sqlite=self._database.is_sqlite):
            wanted &= condition
        return wanted

    def put_now(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Create or replace items as part of a transaction."""
        rows = [_with_times({**row, "deleted": False, "described": True}) for row in rows]
        statement = self._database.insert(items)
        others: dict[str, Any] = {
            column.name: statement.excluded[column.name] for column in items.c if column.name not in {ITEM, _APPEARED}
        }
        others[_APPEARED] = func.coalesce(
            statement.excluded[AVAILABLE_FROM], case((_IS_NEW, statement.excluded[_APPEARED]), else_=items.c[_APPEARED])
        )
        statement = statement.on_conflict_do_update(index_elements=[ITEM], set_=others)
        for page in pages(rows, _ROWS_A_STATEMENT):
            connection.execute(statement, page)
        self._changes.record_now(connection, "items", [row[ITEM] for row in rows])

    def locked(self, connection: Connection, item_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return items by their ids, for a change as part of a transaction; unknown and deleted ones are left out."""
        found: dict[str, dict[str, Any]] = {}
        for page in pages(item_ids, _ROWS_A_STATEMENT):
            there = items.c[ITEM].in_(page) & ~items.c.deleted
            rows = connection.execute(select(*_CONTENT).where(there).order_by(items.c[ITEM]).with_for_update())
            found |= {row[ITEM]: dict(row) for row in rows.mappings()}
        return found

    async def get(self, item_id: str) -> dict[str, Any] | None:
        """Return an item; None where there is none."""
        there = (items.c[ITEM] == item_id) & ~items.c.deleted
        async with self._database.begin() as connection:
            row = (await connection.execute(select(*_CONTENT).where(there))).mappings().first()
            return None if row is None else dict(row)

    async def get_many(self, item_ids: Sequence[str]) -> dict[str, dict[str, Any] | None]:
        """Return items by their ids, None for those that are deleted; unknown ids are left out."""
        found: dict[str, dict[str, Any] | None] = {}
        async with self._database.begin() as connection:
            for page in pages(item_ids, _ROWS_A_STATEMENT):
                statement = select(*_CONTENT, items.c.deleted).where(items.c[ITEM].in_(page))
                found |= dict(_live(row) for row in (await connection.execute(statement)).mappings())
        return found

    async def changed_since(self, moment: int, limit: int) -> dict[str, dict[str, Any] | None]:
        """Return the items that were changed at or after a moment, the latest `limit` of them, oldest change first."""
        changed = items.c.changed_at >= moment
        statement = select(*_CONTENT, items.c.deleted).where(changed).order_by(items.c.changed_at.desc(), items.c[ITEM])
        async with self._database.begin() as connection:
            rows = (await connection.execute(statement.limit(limit))).mappings().all()
        return dict(_live(row) for row in reversed(rows))

    async def table(self, *, vectors: bool = True) -> pa.Table | None:
        """Read the described items in the columns of a data-set folder, one more for each vector; None without any.

        Parameters
        ----------
        vectors
            Whether to read them at all.
        """
        there = items.c.described & ~items.c.deleted
        async with self._database.begin() as connection:
            rows = (await connection.execute(select(*_CONTENT[: None if vectors else -1]).where(there))).all()
        if not rows:
            return None
        columns = dict(zip((*ITEM_TYPES, VECTORS)[: None if vectors else -1], zip(*rows, strict=True), strict=True))
        # Attributes as JSON: objects of any shape are no column of one type.
        columns[ATTRIBUTES] = tuple(json.dumps(attributes) for attributes in columns[ATTRIBUTES])
        for name in (AVAILABLE_FROM, AVAILABLE_UNTIL):
            columns[name] = tuple(None if moment is None else moment / _SECOND for moment in columns[name])
        known = {name: pa.array(columns[name], kind) for name, kind in ITEM_TYPES.items()}
        return pa.table(known | as_columns(columns.get(VECTORS, ())))

    async def count(self) -> int:
        """Count the items."""
        async with self._database.begin() as connection:
            return int(await connection.scalar(select(func.count()).where(~items.c.deleted)) or 0)
