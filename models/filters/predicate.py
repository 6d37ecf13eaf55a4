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
from models.filters.catalogue_index import AXES, beginning, compared_values, field_of, label
from models.filters.distances import kilometres
from models.filters.matching import interval
from models.filters.preferences import Preference, default_tolerance
from models.filters.requirements import Filter
from models.filters.values import MOMENTS, Nearby, Reference, seconds, written_moment


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
    return _compared(node, values)


def _compared(node: Filter, values: ItemValues) -> bool:
    field = str(node.field)
    if node.exists is not None:
        return node.exists == (field == ITEM or has_field(values, field, below=True))
    if node.within is not None:
        return _is_near(field, node.within, values)
    if node.eq is not None or node.ne is not None:
        return _has(field, node.eq, values) if node.ne is None else not _has(field, node.ne, values)
    return _has_one(node, field, values)


def _has_one(node: Filter, field: str, values: ItemValues) -> bool:
    """Return whether one of the values of an item is among those of a comparison."""
    if node.in_ is not None:
        return not isinstance(node.in_, Reference) and any(_has(field, value, values) for value in node.in_)
    if node.contains is not None or node.prefix is not None:
        return _reads(node, field, values)
    low, high = interval(node)
    return any(low <= number <= high for number in values.numbers.get(field, ()))


def _reads(node: Filter, field: str, values: ItemValues) -> bool:
    """Return whether a text of an item begins with some text, or has it within."""
    start = beginning(field, str)
    texts = [held[len(start) :] for held in values.labels if held.startswith(start)]
    if node.prefix is not None:
        return any(text.startswith(node.prefix) for text in texts)
    return any(str(node.contains) in text for text in texts)


def _is_near(field: str, point: Nearby, values: ItemValues) -> bool:
    latitude, longitude = (
        np.array([max(values.numbers.get(f"{field}.{axis}", ()), default=math.nan)]) for axis in AXES
    )
    return bool(kilometres(latitude, longitude, point)[0] <= point.km)


def has_field(values: ItemValues, name: str, *, below: bool = False) -> bool:
    """Return whether an item has any value of a field, or of one `below` it."""
    begins = beginning(name, str), beginning(name, bool)
    if name in values.numbers or any(held.startswith(begins) for held in values.labels):
        return True
    return below and any(other.startswith(f"{name}.") for other in fields_of(values))


def values_in(values: ItemValues, field: str) -> list[Scalar]:
    """Return the values that an item has of a field: texts and booleans in their order, then numbers."""
    found: list[Scalar] = []
    for kind in (str, bool):
        start = beginning(field, kind)
        texts = sorted(held[len(start) :] for held in values.labels if held.startswith(start))
        found += texts if kind is str else [text == str(True) for text in texts]
    return [*found, *sorted(values.numbers.get(field, ()))]


def fields_of(values: ItemValues) -> set[str]:
    """Return the names of the fields that an item has values of."""
    return {*values.numbers, *(field_of(held) for held in values.labels)}


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


def _has(field: str, value: Scalar | Reference | None, values: ItemValues) -> bool:
    if value is None or isinstance(value, Reference):
        return False
    if field == ITEM:
        return values.item_id == value
    if field in MOMENTS:
        value = seconds(value)
    if isinstance(value, float):
        return value in values.numbers.get(field, ())
    moment = written_moment(value)
    return label(field, value) in values.labels or (moment is not None and moment in values.numbers.get(field, ()))
