"""Filters applied to the whole catalogue at once."""

import math

import numpy as np

from models.arrays.types import Ids, Int32, Mask
from models.data.catalogue import AVAILABLE_FROM, AVAILABLE_UNTIL, HIDDEN, Scalar
from models.data.codes import find
from models.data.columns import ITEM
from models.filters.catalogue_index import CatalogueIndex
from models.filters.distances import kilometres
from models.filters.requirements import Filter
from models.filters.values import MOMENTS, Reference, seconds, written_moment

_NO_ITEMS: Int32 = np.empty(0, dtype=np.int32)


def matching(node: Filter, item_ids: Ids, index: CatalogueIndex) -> Mask:
    """Return for every item whether it meets a filter, bool of length n_items."""
    if node.not_ is not None:
        return ~matching(node.not_, item_ids, index)
    parts = node.and_ or node.or_
    if parts is None:
        return _compared(node, item_ids, index)
    combined = matching(parts[0], item_ids, index)
    for part in parts[1:]:
        if node.and_ is not None:
            combined &= matching(part, item_ids, index)
        else:
            combined |= matching(part, item_ids, index)
    return combined


def having(field: str, value: Scalar, item_ids: Ids, index: CatalogueIndex) -> Int32:
    """Return the codes of the items whose field has a value."""
    if field == ITEM:
        codes = find(item_ids, [str(value)])
        return codes[codes >= 0]
    if field in MOMENTS:
        return index.having(field, seconds(value))
    # A declared time is stored as a number, whatever it was written as.
    moment = written_moment(value)
    found = index.having(field, value)
    return found if moment is None else np.concatenate([found, index.having(field, moment)])


def available(n_items: int, index: CatalogueIndex, now: float) -> Mask:
    """Return for every item whether it is shown at a moment (seconds since 1970), bool of length n_items."""
    shown = np.ones(n_items, dtype=np.bool_)
    shown[index.having(HIDDEN, value=True)] = False
    numbers, items = index.numbers_of(AVAILABLE_FROM)
    shown[items[np.searchsorted(numbers, now, side="right") :]] = False
    numbers, items = index.numbers_of(AVAILABLE_UNTIL)
    shown[items[: np.searchsorted(numbers, now, side="right")]] = False
    return shown


def interval(node: Filter) -> tuple[float, float]:
    """Return the least and the greatest number that meet a comparison of numbers, infinite where there is no bound."""
    lows = [-np.inf if node.gte is None else _bound(node.gte)]
    highs = [np.inf if node.lte is None else _bound(node.lte)]
    lows += [] if node.gt is None else [np.nextafter(_bound(node.gt), np.inf)]
    highs += [] if node.lt is None else [np.nextafter(_bound(node.lt), -np.inf)]
    return float(max(lows)), float(min(highs))


def _bound(operand: Scalar | Reference) -> float:
    return math.nan if isinstance(operand, Reference) else seconds(operand)


def _compared(node: Filter, item_ids: Ids, index: CatalogueIndex) -> Mask:
    mask = np.zeros(len(item_ids), dtype=np.bool_)
    if node.ne is not None:
        mask[_equal(node, node.ne, item_ids, index)] = True
        return ~mask
    if node.exists is not None:
        mask[_any(str(node.field), item_ids, index)] = True
        return mask if node.exists else ~mask
    if node.within is not None:
        places = index.places_of(str(node.field), len(item_ids))
        return np.asarray(kilometres(*places, node.within) <= node.within.km)
    mask[_items(node, item_ids, index)] = True
    return mask


def _items(node: Filter, item_ids: Ids, index: CatalogueIndex) -> Int32:
    """Return the codes of the items that meet a comparison with values; some of them twice."""
    field = str(node.field)
    if node.eq is not None:
        return _equal(node, node.eq, item_ids, index)
    if node.in_ is not None:
        values = () if isinstance(node.in_, Reference) else node.in_
        return np.concatenate([_NO_ITEMS, *(having(field, value, item_ids, index) for value in values)])
    if node.contains is not None:
        return index.containing(field, node.contains)
    if node.prefix is not None:
        return index.with_prefix(field, node.prefix)
    low, high = interval(node)
    numbers, items = index.numbers_of(field)
    return items[np.searchsorted(numbers, low) : np.searchsorted(numbers, high, side="right")]


def _equal(node: Filter, value: Scalar | Reference, item_ids: Ids, index: CatalogueIndex) -> Int32:
    return _NO_ITEMS if isinstance(value, Reference) else having(str(node.field), value, item_ids, index)


def _any(field: str, item_ids: Ids, index: CatalogueIndex) -> Int32:
    return np.arange(len(item_ids), dtype=np.int32) if field == ITEM else index.having_any(field)
