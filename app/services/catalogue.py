"""What putting and getting an item means."""

import asyncio
from typing import Any
from weakref import WeakValueDictionary

from app.errors import NotFoundError
from app.schemas.items import Item, ItemIn
from app.services.live_items import LiveItems
from app.storage.items import ItemStore
from app.times import from_microseconds, to_microseconds
from models.data.columns import ITEM

_MOMENTS = ("available_from", "available_until")


class Catalogue:
    """Stores and finds items."""

    def __init__(self, items: ItemStore, live: LiveItems) -> None:
        self._items = items
        self._live = live
        # Of one item, what is committed last is what is noted last.
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def put(self, item_id: str, item: ItemIn) -> tuple[Item, bool]:
        """Commit an item in the place of the one that was there; tell whether it is new."""
        row = to_row(item_id, item)
        async with self._writing.setdefault(item_id, asyncio.Lock()):
            created = await self._items.put(row)
            self._live.changed(item_id, row)
        return Item.model_construct(item_id=item_id, **dict(item)), created

    async def get(self, item_id: str) -> Item:
        """Give an item.

        Raises
        ------
        NotFoundError
            There is none with this id.
        """
        row = await self._items.get(item_id)
        if row is None:
            raise _missing(item_id)
        for name in _MOMENTS:
            if row[name] is not None:
                row[name] = from_microseconds(row[name])
        return Item.model_construct(**row)

    async def delete(self, item_id: str) -> None:
        """Commit that an item is gone; it is not recommended any more.

        Raises
        ------
        NotFoundError
            There is none with this id.
        """
        async with self._writing.setdefault(item_id, asyncio.Lock()):
            if not await self._items.delete(item_id):
                raise _missing(item_id)
            self._live.changed(item_id, None)


def _missing(item_id: str) -> NotFoundError:
    return NotFoundError(f"there is no item {item_id!r}")


def to_row(item_id: str, item: ItemIn) -> dict[str, Any]:
    """Give the row of an item."""
    row = {ITEM: item_id, **dict(item)}
    for name in _MOMENTS:
        if row[name] is not None:
            row[name] = to_microseconds(row[name])
    return row
