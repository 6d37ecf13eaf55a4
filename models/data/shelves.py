"""The shelves of the sample shop: products with a name, a brand, a category, a price and a description."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.arrays.types import Float64, Int64
from models.data.columns import ITEM

_SHELVES: dict[str, tuple[float, tuple[str, ...]]] = {
    "Tents": (220.0, ("Dome Tent", "Tunnel Tent", "Tarp", "Bivouac Bag", "Trekking Tent")),
    "Sleeping": (110.0, ("Down Sleeping Bag", "Summer Sleeping Bag", "Sleeping Mat", "Travel Pillow", "Hammock")),
    "Backpacks": (95.0, ("Day Pack", "Trekking Backpack", "Running Vest", "Dry Bag", "Duffel Bag")),
    "Footwear": (130.0, ("Hiking Boot", "Trail Running Shoe", "Sandal", "Winter Boot", "Climbing Shoe")),
    "Jackets": (170.0, ("Rain Jacket", "Down Jacket", "Fleece Jacket", "Wind Jacket", "Softshell")),
    "Trousers": (85.0, ("Zip-off Trousers", "Rain Trousers", "Climbing Trousers", "Shorts", "Winter Tights")),
    "Cooking": (45.0, ("Gas Stove", "Cooking Pot", "Titanium Mug", "Camping Kettle", "Cutlery Set")),
    "Lighting": (40.0, ("Headlamp", "Camping Lantern", "Torch", "Bicycle Light", "Solar Lamp")),
    "Navigation": (150.0, ("Compass", "GPS Watch", "Map Case", "Altimeter", "Binoculars")),
    "Climbing": (75.0, ("Climbing Harness", "Carabiner Set", "Climbing Rope", "Chalk Bag", "Helmet")),
    "Cycling": (65.0, ("Handlebar Bag", "Pannier", "Bicycle Pump", "Cycling Gloves", "Multi-tool")),
    "Water": (30.0, ("Drinking Bottle", "Water Filter", "Hydration Bladder", "Thermos Flask", "Folding Bucket")),
}
"""The categories with their usual price and their products."""
_BRANDS = ("Fellbrook", "Nordhang", "Tarnwell", "Ostrel", "Kvist", "Halden", "Rivaro", "Brenta", "Skarn", "Lumio")
_LINES = ("Alpha", "Breeze", "Cairn", "Drift", "Echo", "Fjord", "Gale", "Harbour", "Isle", "Juniper", "Kestrel", "Loch")
_KINDS = ("light", "compact", "robust", "waterproof", "warm", "versatile")
_SPREAD = 0.5
"""Deviation of the logarithm of a price."""


@dataclass(frozen=True)
class Shelves:
    """All products: arrays of length n beside each other.

    `category` and `brand` are places in `categories` and `brands`; `level` (float64) is the price within its category,
    in deviations from the usual one.
    """

    ids: list[str]
    titles: list[str]
    descriptions: list[str]
    category: Int64
    brand: Int64
    prices: Float64
    level: Float64
    categories: tuple[str, ...] = tuple(_SHELVES)
    brands: tuple[str, ...] = _BRANDS

    def catalogue(self) -> pa.Table:
        """Return the items file of a data set."""
        return pa.table(
            {
                ITEM: self.ids,
                "title": self.titles,
                "description": self.descriptions,
                "categories": [[self.categories[code]] for code in self.category],
                "brand": [self.brands[code] for code in self.brand],
                "price": self.prices,
            }
        )


def make_shelves(count: int, generator: np.random.Generator) -> Shelves:
    """Make some products, as many of each category; no two have the same name."""
    category = np.arange(count) % len(_SHELVES)
    brand = generator.integers(len(_BRANDS), size=count)
    level = generator.normal(size=count)
    usual = np.array([price for price, _ in _SHELVES.values()])
    prices = np.round(usual[category] * np.exp(_SPREAD * level), 2)
    titles, descriptions, seen = [], [], dict[str, int]()
    for code in range(count):
        name, (_, products) = list(_SHELVES.items())[category[code]]
        product = products[int(generator.integers(len(products)))]
        kind = _KINDS[int(generator.integers(len(_KINDS)))]
        title = f"{_BRANDS[brand[code]]} {_LINES[int(generator.integers(len(_LINES)))]} {product}"
        # The second one of a name is its second edition.
        seen[title] = seen.get(title, 0) + 1
        titles.append(title if seen[title] == 1 else f"{title} {seen[title]}")
        descriptions.append(f"A {kind} {product.lower()} by {_BRANDS[brand[code]]}, for {name.lower()} and beyond.")
    width = len(str(count - 1))
    ids = [f"p{code:0{width}d}" for code in range(count)]
    return Shelves(ids, titles, descriptions, category, brand, prices, level)
