"""The catalogue: creates, changes, returns, lists and deletes items."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from app.errors import InvalidFieldsError, NotFoundError
from app.schemas.batches import RowsStored
from app.schemas.items import DeleteItemsQuery, Item, ItemIn, ItemPatch, ItemsPage, ItemsQuery
from app.schemas.problems import FieldError
from app.services.catalogue.item_rows import MOMENTS, to_row
from app.services.kit.attributes import item_refusals, joined, patched, require
from app.services.kit.batches import put_batch
from app.services.kit.merge_patch import merged
from app.services.kit.pagination import decode, encode
from app.services.state.declared_schema import DeclaredSchema
from app.services.state.live_items import LiveItems
from app.storage.item_filter import ItemFilter
from app.storage.items import ItemStore
from app.times import from_microseconds, to_microseconds
from models.data.columns import ITEM
from models.data.schema import Schema

_EMPTY = ItemIn()
_UNCONDITIONAL = "name the items to delete, or a condition that they meet: nothing was deleted"
_ROWS = TypeAdapter(list[Item])


class Catalogue:
    """Stores and finds items."""

    def __init__(self, items: ItemStore, live: LiveItems, schema: DeclaredSchema) -> None:
        self._items = items
        self._live = live
        self._schema = schema

    async def put(self, item_id: str, item: ItemIn) -> tuple[Item, bool]:
        """Create or replace an item and commit; return whether it is new.

        Raises
        ------
        InvalidFieldsError
            An attribute does not fit the declared schema.
        """
        schema = self._schema.current
        require(item_refusals(schema, item.attributes))
        row = to_row(item_id, item, schema)
        async with self._live.writing(item_id):
            created = await self._items.put(row)
            self._live.changed(item_id, row)
        return _item(row), created

    async def patch(self, item_id: str, patch: ItemPatch) -> Item:
        """Commit a change of an item.

        Raises
        ------
        NotFoundError
            There is no item with this id.
        TooLargeError
            The changed attributes are too large.
        InvalidFieldsError
            A changed attribute does not fit the declared schema.
        """
        schema = self._schema.current
        given = {name: getattr(patch, name) for name in patch.model_fields_set}
        require(item_refusals(schema, given.get("attributes") or {}))

        def changed(row: dict[str, Any]) -> dict[str, Any]:
            for name, value in given.items():
                if name == "attributes":
                    row[name] = merged(row[name], patched(row, value, schema))
                elif name in MOMENTS and value is not None:
                    row[name] = to_microseconds(value)
                else:
                    row[name] = getattr(_EMPTY, name) if value is None else value
            return row

        async with self._live.writing(item_id):
            row = await self._items.change(item_id, changed)
            if row is None:
                raise _missing(item_id)
            self._live.changed(item_id, row)
        return _item(row)

    async def put_batch(self, given: Sequence[object], *, atomic: bool) -> RowsStored:
        """Create or replace the items of a batch in one transaction; invalid rows are refused.

        Raises
        ------
        BatchRefusedError
            A row is refused, and `atomic` is true.
        """
        schema = self._schema.current

        async def put(items: list[Item]) -> None:
            await self._put_all(items, schema)

        return await put_batch(
            given,
            _ROWS,
            Item.model_fields,
            put,
            atomic=atomic,
            check=lambda item: item_refusals(schema, item.attributes),
        )

    async def _put_all(self, given: list[Item], schema: Schema) -> None:
        rows = {item.item_id: to_row(item.item_id, item, schema) for item in given}
        await self._items.put_many(list(rows.values()))
        await self._live.refresh(list(rows))

    async def get(self, item_id: str) -> Item:
        """Return an item.

        Raises
        ------
        NotFoundError
            There is no item with this id.
        """
        row = await self._items.get(item_id)
        if row is None:
            raise _missing(item_id)
        return _item(row)

    async def get_many(self, item_ids: Sequence[str]) -> dict[str, Item]:
        """Return items by their ids; those that are not in the catalogue are left out."""
        rows = await self._items.get_many(list(dict.fromkeys(item_ids)))
        return {item_id: _item(row) for item_id, row in rows.items() if row is not None}

    async def page(self, query: ItemsQuery) -> ItemsPage:
        """List items in the order of their ids.

        Raises
        ------
        CursorError
            The cursor is malformed, or belongs to another list.
        """
        which = ItemFilter(**query.model_dump(exclude={"limit", "cursor"}))
        last = decode(query.cursor, "items", (str,))
        rows = await self._items.page(which, None if last is None else last[0], query.limit + 1)
        shown = rows[: query.limit]
        more = encode("items", shown[-1][ITEM]) if len(rows) > query.limit else None
        return ItemsPage.model_construct(items=[_item(row) for row in shown], next_cursor=more)

    async def delete(self, item_id: str) -> None:
        """Delete an item and commit; it is not recommended any more.

        Raises
        ------
        NotFoundError
            There is no item with this id.
        """
        async with self._live.writing(item_id):
            if not await self._items.delete(item_id):
                raise _missing(item_id)
            self._live.changed(item_id, None)

    async def delete_matching(self, query: DeleteItemsQuery) -> int:
        """Delete the items that meet all conditions, page by page, each committed; return how many there were.

        Raises
        ------
        InvalidFieldsError
            There is no condition.
        """
        given = query.model_dump(exclude_none=True)
        if not given:
            wrong = FieldError(field="item_id", code="missing", detail=_UNCONDITIONAL)
            raise InvalidFieldsError(_UNCONDITIONAL, [wrong])
        which, deleted = ItemFilter(**given), 0
        last: str | None = None
        while page := await self._items.delete_page(which, last):
            await self._live.refresh(page)
            deleted, last = deleted + len(page), page[-1]
        return deleted


def _missing(item_id: str) -> NotFoundError:
    return NotFoundError(f"there is no item {item_id!r}")


def _item(row: dict[str, Any]) -> Item:
    moments = {name: from_microseconds(row[name]) for name in MOMENTS if row[name] is not None}
    return Item.model_construct(**{**joined(row), **moments})
