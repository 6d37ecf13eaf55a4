"""Filters applied to the whole catalogue at once."""

import numpy as np

from models.arrays.types import Ids, Int32, Mask
from models.data.catalogue import AVAILABLE_FROM, AVAILABLE_UNTIL, HIDDEN, Scalar, moment_of
from models.data.codes import find
from models.data.columns import ITEM
from models.filters.catalogue_index import CatalogueIndex
from models.filters.requirements import MOMENTS, Filter


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
    return index.having(field, seconds(value) if field in MOMENTS else value)


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
    """Return the bounds of a comparison with `gte` and `lte`, infinite where there is none."""
    low = -np.inf if node.gte is None else seconds(node.gte)
    return low, np.inf if node.lte is None else seconds(node.lte)


def _compared(node: Filter, item_ids: Ids, index: CatalogueIndex) -> Mask:
    mask = np.zeros(len(item_ids), dtype=np.bool_)
    field = str(node.field)
    if node.eq is not None:
        mask[having(field, node.eq, item_ids, index)] = True
    elif node.in_ is not None:
        for value in node.in_:
            mask[having(field, value, item_ids, index)] = True
    else:
        low, high = interval(node)
        numbers, items = index.numbers_of(field)
        mask[items[np.searchsorted(numbers, low) : np.searchsorted(numbers, high, side="right")]] = True
    return mask


def seconds(value: Scalar) -> float:
    """Return a bound as a number; a text was validated as a time before."""
    moment = moment_of(value)
    return np.nan if moment is None else moment
