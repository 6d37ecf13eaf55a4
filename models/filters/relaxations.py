"""Relaxations: which requirements to give up where nothing meets all of them.

All requirements are evaluated once and the smallest sets that fail are read off the items (Jannach 2006,
"Techniques for fast query relaxation in content-based recommender systems").
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays.types import Mask
from models.filters.catalogue_index import CatalogueIndex
from models.filters.matching import interval
from models.filters.requirements import Filter


@dataclass(frozen=True)
class Relaxation:
    """Requirements without which `items` items meet all the others.

    `nearest` is, where a single `gte` or `lte` stands in the way, the number closest to the bound that one of those
    items has.
    """

    requirements: tuple[Filter, ...]
    items: int
    nearest: float | None = None


def relax(
    requirements: Filter, meets: Callable[[Filter], Mask], index: CatalogueIndex, available: Mask, limit: int
) -> list[Relaxation]:
    """Find the smallest sets of requirements to give up, those that let in the most items first.

    Parameters
    ----------
    requirements
        The branches of its outermost `and` are the single requirements.
    meets
        Tells for every item whether it meets a requirement.
    available
        The items that may be recommended at all.
    """
    parts = list(_conjuncts(requirements))
    failures = np.zeros(len(available), dtype=np.int32)
    for part in parts:
        failures += ~meets(part)
    fewest = int(failures[available].min(initial=len(parts) + 1))
    if not 0 < fewest <= len(parts):
        return []
    closest = np.flatnonzero(available & (failures == fewest))
    failed = np.stack([~meets(part)[closest] for part in parts], axis=1)
    kinds, kind_of = np.unique(np.packbits(failed, axis=1), axis=0, return_inverse=True)
    counts = np.bincount(kind_of.ravel())
    found = []
    for kind in np.argsort(-counts, kind="stable")[:limit]:
        given_up = [parts[place] for place in np.flatnonzero(np.unpackbits(kinds[kind], count=len(parts)))]
        let_in = closest[kind_of.ravel() == kind]
        nearest = _nearest(given_up[0], index, let_in) if len(given_up) == 1 else None
        found.append(Relaxation(tuple(given_up), int(counts[kind]), nearest))
    return found


def _conjuncts(node: Filter) -> list[Filter]:
    return [node] if node.and_ is None else [part for child in node.and_ for part in _conjuncts(child)]


def _nearest(node: Filter, index: CatalogueIndex, let_in: npt.NDArray[np.int64]) -> float | None:
    if node.field is None or (node.gte is None and node.lte is None):
        return None
    low, high = interval(node)
    numbers, items = index.numbers_of(node.field)
    theirs = numbers[np.isin(items, let_in)]
    if not len(theirs):
        return None
    return float(theirs[np.argmin(np.maximum(low - theirs, theirs - high))])
