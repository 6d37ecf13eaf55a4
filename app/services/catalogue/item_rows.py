"""Rows of items, as the catalogue stores them."""

from typing import Any

from app.schemas.items import ItemIn
from app.services.kit.attributes import split
from app.times import to_microseconds
from models.data.columns import ITEM
from models.data.schema import Schema

MOMENTS = ("available_from", "available_until")
"""Columns that are moments: microseconds since 1970, or nothing."""


def to_row(item_id: str, item: ItemIn, schema: Schema) -> dict[str, Any]:
    """Return the row of an item, whose attributes fit the schema."""
    row = split({ITEM: item_id, **dict(item)}, schema)
    for name in MOMENTS:
        if row[name] is not None:
            row[name] = to_microseconds(row[name])
    return row
