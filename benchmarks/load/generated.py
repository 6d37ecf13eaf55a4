"""Generates catalogues of any size, so that serving can be measured against the number of items."""

import numpy as np
import pyarrow as pa

from models.data.folder import DataSet
from models.data.synthetic import generate

INTERACTIONS_AN_ITEM = 3
"""The same for every size: more on the small catalogue would make its lists longer, and the large one look good."""
INTERACTIONS_A_USER = 15
_TAGS = 2_000
_TAGS_AN_ITEM = 3
_WORDS = 5_000
_WORDS_A_TITLE = 4


def catalogue(items: int, *, seed: int = 0) -> DataSet:
    """Generate a catalogue with titles, categories, tags and prices, and interactions with it.

    Parameters
    ----------
    items
        How many; interactions and users follow from it.
    """
    interactions = items * INTERACTIONS_AN_ITEM
    made = generate(max(interactions // INTERACTIONS_A_USER, 1), items, interactions, seed=seed)
    if made.items is None:
        raise ValueError("the generator made no catalogue")
    generator = np.random.default_rng(seed)
    table = made.items.set_column(
        made.items.column_names.index("title"), "title", _joined(generator, "word", _WORDS, items, _WORDS_A_TITLE)
    )
    table = table.append_column("tags", _listed(generator, "tag", _TAGS, items, _TAGS_AN_ITEM))
    prices = np.round(generator.lognormal(mean=3.0, sigma=0.8, size=items), 2)
    return DataSet(made.interactions, items=table.append_column("price", pa.array(prices)))


def _drawn(generator: np.random.Generator, prefix: str, kinds: int, rows: int, each: int) -> pa.Array:
    """Draw names, the first ones more often, `each` for every row and one row after the other."""
    codes = (kinds * generator.random(rows * each) ** 2).astype(np.int64)
    return pa.array([f"{prefix}{code}" for code in range(kinds)]).take(pa.array(codes))


def _listed(generator: np.random.Generator, prefix: str, kinds: int, rows: int, each: int) -> pa.Array:
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * each)
    return pa.ListArray.from_arrays(offsets, _drawn(generator, prefix, kinds, rows, each))


def _joined(generator: np.random.Generator, prefix: str, kinds: int, rows: int, each: int) -> pa.Array:
    words = _drawn(generator, prefix, kinds, rows, each).to_pylist()
    return pa.array([" ".join(words[row * each : (row + 1) * each]) for row in range(rows)])
