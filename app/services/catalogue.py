"""What putting and getting an item means."""

from typing import Any

from app.errors import NotFoundError
from app.schemas.items import Item, ItemIn
from app.services.times import from_microseconds, to_microseconds
from app.storage.items import ItemStore
from models.data.columns import ITEM

_MOMENTS = ("available_from", "available_until")


class Catalogue:
    """Stores and finds items."""

    def __init__(self, items: ItemStore) -> None:
        self._items = items

    async def put(self, item_id: str, item: ItemIn) -> tuple[Item, bool]:
        """Commit an item in the place of the one that was there; tell whether it is new."""
        created = await self._items.put(to_row(item_id, item))
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
            raise NotFoundError(f"there is no item {item_id!r}")
        for name in _MOMENTS:
            if row[name] is not None:
                row[name] = from_microseconds(row[name])
        return Item.model_construct(**row)


def to_row(item_id: str, item: ItemIn) -> dict[str, Any]:
    """Give the row of an item."""
    row = {ITEM: item_id, **dict(item)}
    for name in _MOMENTS:
        if row[name] is not None:
            row[name] = to_microseconds(row[name])
    return row
