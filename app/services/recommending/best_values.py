"""Values of a field that fit a user best: categories, tags or brands of the items at the top of a list."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from app.schemas.options import MAX_LIMIT
from models.arrays.types import Int32
from models.ranking.live_catalogue import LiveCatalogue


@dataclass(frozen=True)
class BestValue:
    """A value, how well it fits, and the codes of the items of the list that have it, the best first."""

    value: str
    score: float
    items: list[int]


def best_values(live: LiveCatalogue, items: Int32, field: str, limit: int) -> list[BestValue]:
    """Return the values that fit best, the best first: each counts the places of its items.

    An item counts by the discount of its place in the list, as in DCG. Numbers and booleans are no values.

    Parameters
    ----------
    items
        Codes of a ranked list, of which the first 100 are read.
    """
    scores: dict[str, float] = defaultdict(float)
    having: dict[str, list[int]] = defaultdict(list)
    for place, code in enumerate(items[:MAX_LIMIT].tolist()):
        for value in live.values_of(code, field):
            if isinstance(value, str):
                scores[value] += float(1 / np.log2(place + 2))
                having[value].append(code)
    best = sorted(scores, key=lambda value: (-scores[value], value))[:limit]
    return [BestValue(value, scores[value], having[value]) for value in best]
