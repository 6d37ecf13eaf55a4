"""What makes two rows without an `event_id` the same: a 64-bit key of their content, for use within one process."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.storage.key_counts import Keys
from models.data.columns import EVENT_TYPE, ITEM, QUANTITY, REVENUE, SEQUENCE, TIMESTAMP, USER, VALUE

CONTENT = (USER, ITEM, EVENT_TYPE, VALUE, TIMESTAMP, SEQUENCE, QUANTITY, REVENUE)
"""The columns that count: who, what, when and how much, as in the cleaning of training data, and not where it was shown
(`request_id`, `position`, `context`). A purchase and its return on the same day differ in the quantity alone."""
_MISSING = np.uint64(0x9E3779B97F4A7C15)
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def row_keys(table: pa.Table) -> Keys:
    """Return a key for each row of a table of the log: equal for equal content, and hardly ever for other content.

    Texts are hashed with the secret of this process. Of 10 million rows two share a key by chance once in 400,000
    imports.
    """
    keys = np.zeros(table.num_rows, dtype=np.uint64)
    for name in CONTENT:
        here = name in table.column_names and table[name].null_count < table.num_rows
        keys = _mixed(keys + _MISSING ^ (_codes(table[name]) if here else _MISSING))
    return keys


def text_keys(texts: Sequence[str]) -> Keys:
    """Return a key for each text."""
    codes: Keys = np.fromiter(map(hash, texts), dtype=np.int64, count=len(texts)).view(np.uint64)
    return codes


def _codes(column: pa.ChunkedArray) -> Keys:
    """Return 64 bits for each value, the same for the same value."""
    if pa.types.is_string(column.type):
        encoded: Any = column.combine_chunks().dictionary_encode()
        codes = text_keys(encoded.dictionary.to_pylist())
        found: Keys = codes[pc.fill_null(encoded.indices, 0).to_numpy()]
    else:
        numbers = pc.fill_null(column, 0).to_numpy()
        # 0.0 and -0.0 are equal, and differ in their bits.
        found = (numbers + 0.0 if numbers.dtype == np.float64 else numbers).view(np.uint64)
    if column.null_count:
        found = np.where(column.is_null().to_numpy(), _MISSING, found)
    return found


def _mixed(keys: Keys) -> Keys:
    """Spread each bit over all of them (the end of SplitMix64, Steele et al. 2014)."""
    for shift, factor in zip(_SHIFTS, _FACTORS, strict=False):
        keys = (keys ^ (keys >> shift)) * factor
    return keys ^ (keys >> _SHIFTS[2])
