"""Filters and preferences on one item, in plain Python: for items that changed after the bundle was made.

`values_of` reads an item once; `meets` and `satisfaction` agree with what `Knowledge` finds in the index. Only rare
attributes, beyond its `max_attributes`, are known here and not in the index.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.data.catalogue import Scalar
from models.data.columns import ITEM
from models.filters.catalogue_index import compared_values, label
from models.filters.matching import interval, seconds
from models.filters.requirements import MOMENTS, Filter, Preference, default_tolerance


@dataclass(frozen=True, slots=True)
class ItemValues:
    """The values of one item: `labels` are those of its texts and booleans, `numbers` maps fields to numbers."""

    item_id: str
    labels: frozenset[str]
    numbers: Mapping[str, frozenset[float]]


def values_of(item_id: str, fields: Mapping[str, Any]) -> ItemValues:
    """Read an item from its fields in the catalogue."""
    _, labels, numbers = compared_values(fields)
    return ItemValues(item_id, frozenset(labels), {name: frozenset(held) for name, held in numbers.items()})


def meets(node: Filter, values: ItemValues) -> bool:
    """Return whether an item meets a filter."""
    if node.not_ is not None:
        return not meets(node.not_, values)
    if node.and_ is not None:
        return all(meets(part, values) for part in node.and_)
    if node.or_ is not None:
        return any(meets(part, values) for part in node.or_)
    field = str(node.field)
    if node.eq is not None:
        return _has(field, node.eq, values)
    if node.in_ is not None:
        return any(_has(field, value, values) for value in node.in_)
    low, high = interval(node)
    return any(low <= number <= high for number in values.numbers.get(field, ()))


def has_field(values: ItemValues, name: str) -> bool:
    """Return whether an item has any value of a field."""
    kinds = tuple(label(name, kind) for kind in ("", False))
    # A label is the field's name followed by its value; the prefix matches any value.
    begins = kinds[0], kinds[1].removesuffix(str(False))
    return name in values.numbers or any(held.startswith(begins) for held in values.labels)


def satisfaction(preference: Preference, values: ItemValues, tolerance_share: float) -> float:
    """Return how well an item meets a preference, 0 to 1, rounded to float32.

    Parameters
    ----------
    tolerance_share
        Tolerance of a target that comes without one, as a share of it.
    """
    if preference.value is not None:
        return float(_has(preference.field, preference.value, values))
    target = 0.0 if preference.target is None else preference.target
    tolerance = preference.tolerance or default_tolerance(target, tolerance_share)
    closest = min((abs(number - target) for number in values.numbers.get(preference.field, ())), default=math.inf)
    # A product, as a power raises an error where it overflows.
    distance = closest / tolerance
    return float(np.float32(math.exp2(-(distance * distance))))


def _has(field: str, value: Scalar, values: ItemValues) -> bool:
    if field == ITEM:
        return values.item_id == value
    if field in MOMENTS:
        value = seconds(value)
    if isinstance(value, float):
        return value in values.numbers.get(field, ())
    return label(field, value) in values.labels
