"""A shop with a log and a bundle, as the how-to guides have it."""

import json
import random
from pathlib import Path

import pyarrow as pa

from models.data.folder import DataSet, write_folder

_PLACES = (("shoes", "Trail shoe", 90), ("tents", "Tent", 200), ("clothes", "Jacket", 70))
_BRANDS = ("Fell", "Kite", "Ridge")
_FIRST = 1_772_366_400


def write_shop(folder: Path) -> None:
    """Write a data-set folder: items sku-1 to sku-30, users u-1 to u-60, who like one category each."""
    generator = random.Random(7)
    items = [
        {
            "item_id": f"sku-{number}",
            "title": f"{_PLACES[number % 3][1]} {number}",
            "categories": [_PLACES[number % 3][0]],
            "tags": ["outdoor"],
            "price": float(_PLACES[number % 3][2] + number),
            "attributes": json.dumps({"brand": _BRANDS[number % len(_BRANDS) if number % 2 else 0]}),
        }
        for number in range(1, 31)
    ]
    rows = []
    for user in range(1, 61):
        for step in range(14):
            own = generator.random() < 0.8
            number = 3 * generator.randrange(1, 10) + (user % 3 if own else generator.randrange(3))
            kind = generator.choices(["view", "cart", "purchase"], [8, 2, 2])[0]
            time = _FIRST + user * 3600 + step * 86_400
            rows.append({"user_id": f"u-{user}", "item_id": f"sku-{number}", "event_type": kind, "timestamp": time})
    write_folder(folder, DataSet(pa.Table.from_pylist(rows), items=pa.Table.from_pylist(items)))
