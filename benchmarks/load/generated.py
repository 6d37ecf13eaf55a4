"""Generates catalogues of any size, so that serving can be measured against the number of items."""

import numpy as np
import pyarrow as pa

from models.data.columns import ITEM
from models.data.folder import DataSet
from models.data.synthetic import generate

INTERACTIONS_AN_ITEM = 3
"""The same for every size: otherwise lists of the small catalogue would be longer, which favours the large one."""
INTERACTIONS_A_USER = 15
INTERACTIONS_A_NEW_USER = 5
ITEMS_A_CATEGORY = 500
ITEMS_A_TAG = 300
"""The number of items per label does not grow with the catalogue, as larger catalogues have more labels."""
ITEMS_A_WORD = 100
PRICED = 0.2
"""Share of the items with a price: comparing the prices of all items would dominate the training time."""
_TAGS_AN_ITEM = 3
_WORDS_A_TITLE = 4


def catalogue(items: int, *, users: int | None = None, seed: int = 0) -> DataSet:
    """Generate a catalogue with titles, categories, tags and prices, and interactions with it.

    Parameters
    ----------
    items
        Number of items; the numbers of interactions and users follow from it.
    users
        Number of users with a few interactions each, where it does not follow from the items.
    """
    if users is None:
        interactions = items * INTERACTIONS_AN_ITEM
        users = max(interactions // INTERACTIONS_A_USER, 1)
    else:
        interactions = users * INTERACTIONS_A_NEW_USER
    made = generate(users, items, interactions, seed=seed)
    if made.items is None:
        raise ValueError("the generator made no catalogue")
    generator = np.random.default_rng(seed)
    titles = _drawn(generator, "word", items, ITEMS_A_WORD, _WORDS_A_TITLE).to_pylist()
    prices = generator.lognormal(mean=3.0, sigma=0.8, size=items).round(2)
    tags = _drawn(generator, "tag", items, ITEMS_A_TAG, _TAGS_AN_ITEM)
    table = pa.table(
        {
            ITEM: made.items[ITEM],
            "title": [" ".join(titles[at : at + _WORDS_A_TITLE]) for at in range(0, len(titles), _WORDS_A_TITLE)],
            # Neighbouring items of the generator share a category.
            "categories": [[f"category-{code // ITEMS_A_CATEGORY}"] for code in range(items)],
            "tags": pa.ListArray.from_arrays(pa.array(np.arange(items + 1, dtype=np.int32) * _TAGS_AN_ITEM), tags),
            "price": pa.array(prices, mask=generator.random(items) >= PRICED),
        }
    )
    return DataSet(made.interactions, items=table)


def _drawn(generator: np.random.Generator, prefix: str, items: int, items_a_name: int, each: int) -> pa.Array:
    """Draw `each` names for every item, one item after the other."""
    count = max(items * each // items_a_name, each)
    return pa.array([f"{prefix}{code}" for code in range(count)]).take(
        pa.array(generator.integers(count, size=items * each))
    )
