"""Relaxations: which requirements to give up if no item meets all of them.

Each requirement is evaluated once, and the smallest sets of failed requirements are read from the items (Jannach 2006,
"Techniques for fast query relaxation in content-based recommender systems").
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.arrays.types import Mask
from models.filters.requirements import ORDERED, Filter

MAX_REQUIREMENTS = 8
"""Maximum number of requirements: the failures of each item are bits of one byte."""
_MAX_VALUES = 3


@dataclass(frozen=True)
class Relaxation:
    """Requirements to give up, and the number of items that then meet all the others."""

    requirements: tuple[Filter, ...]
    items: int


def relax(requirements: Filter, meets: Callable[[Filter], Mask], available: Mask) -> Relaxation | None:
    """Find the smallest set of requirements to give up; of several the one that lets in the most items.

    Parameters
    ----------
    requirements
        The branches of its outermost `and` are the single requirements.
    meets
        Tells for every item whether it meets a requirement, bool, at least as long as `available`.
    available
        Which items may be recommended at all.

    Returns
    -------
    Relaxation
        None if an item meets all requirements, if none can be kept, or if there are too many of them.
    """
    parts = _conjuncts(requirements)
    if len(parts) > MAX_REQUIREMENTS:
        return None
    failed = np.zeros(len(available), dtype=np.uint8)
    for place, part in enumerate(parts):
        failed |= ~meets(part)[: len(available)] * np.uint8(1 << place)
    counts = np.bincount(failed[available], minlength=1 << len(parts))
    everything = len(counts) - 1
    kinds = [*np.flatnonzero(counts).tolist(), everything]
    best = min(kinds, key=lambda kind: (kind.bit_count(), -counts[kind]))
    if best in {0, everything}:
        return None
    return Relaxation(tuple(part for place, part in enumerate(parts) if best >> place & 1), int(counts[best]))


def in_words(node: Filter) -> str:
    """Write a filter as a person would read it, for example `price lte 10`; of many values only the first are named."""
    if node.not_ is not None:
        return f"not ({in_words(node.not_)})"
    if node.field is None:
        word, parts = (" and ", node.and_) if node.and_ is not None else (" or ", node.or_)
        return f"({word.join(in_words(part) for part in parts or ())})"
    values = node.in_ if isinstance(node.in_, tuple) else ()
    named = ", ".join(_text(value) for value in values[:_MAX_VALUES]) + (", …" if len(values) > _MAX_VALUES else "")
    near = None if node.within is None else f"{node.within.km:g} km of {node.within.lat:g}, {node.within.lon:g}"
    given: dict[str, object] = {name: getattr(node, name) for name in ("eq", "ne", *ORDERED)}
    given |= {"in": named or None, "exists": node.exists, "contains": node.contains, "prefix": node.prefix}
    given |= {"within": near}
    compared = (f"{operator} {_text(value)}" for operator, value in given.items() if value is not None)
    return f"{node.field} {' '.join(compared)}"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


def _conjuncts(node: Filter) -> list[Filter]:
    return [node] if node.and_ is None else [part for child in node.and_ for part in _conjuncts(child)]
