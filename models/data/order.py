"""The order of a log: by the times of its rows, or by their places in a sequence where it has no times."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.arrays.types import Float64
from models.data.columns import SEQUENCE, TIMESTAMP

MEANING, ORDER = b"braid.timestamps", b"order"
"""Key and value in the metadata of a table whose `timestamp` holds no times, only an order."""
_FIRST, _LAST = 1e8, 1e10
"""Seconds since 1970 pass the first in 1973 and the second in 2286: numbers outside are an order."""
_TICK = 1e-6


def as_order(table: pa.Table) -> pa.Table:
    """Mark that `timestamp` holds only an order; tables made of this one keep the mark."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), MEANING: ORDER})


def is_order(schema: pa.Schema) -> bool:
    """Return whether a table or file is marked as having only an order."""
    return (schema.metadata or {}).get(MEANING) == ORDER


def are_times(numbers: Float64) -> bool:
    """Return whether numbers can be seconds since 1970 rather than only an order."""
    found = numbers[np.isfinite(numbers)]
    return bool(len(found)) and bool(found.max() >= _FIRST and found.min() < _LAST)


def has_times(table: pa.Table) -> bool:
    """Return whether a table has a `timestamp` that holds times."""
    return TIMESTAMP in table.column_names and not is_order(table.schema) and are_times(_numbers(table, TIMESTAMP))


def recognised(table: pa.Table) -> pa.Table:
    """Mark a table as an order if the numbers in its `timestamp` cannot be seconds since 1970."""
    if TIMESTAMP not in table.column_names or is_order(table.schema):
        return table
    return table if are_times(_numbers(table, TIMESTAMP)) else as_order(table)


def in_one_order(table: pa.Table) -> pa.Table:
    """Bring rows that have a time, those that have only a place in a sequence, and those with neither into one order.

    A log has times if at least as many of its rows have a time as have only a place. Then `timestamp` of the result is
    in seconds, and rows without a time are just before all others. Else it is an order: the places, and after them the
    rows that have a time. Rows with neither are equal to the first in both cases.

    Parameters
    ----------
    table
        `timestamp` in seconds since 1970 and `sequence`, each empty where a row has none.

    Returns
    -------
    table
        Without `sequence`, and without `timestamp` if no row has either. A mark tells whether it is an order.
    """
    times, places = _numbers(table, TIMESTAMP), _numbers(table, SEQUENCE)
    timed = np.isfinite(times)
    placed = np.isfinite(places) & ~timed
    kept = table.drop_columns([name for name in (TIMESTAMP, SEQUENCE) if name in table.column_names])
    if not (timed.any() or placed.any()):
        return kept
    ordered = bool(placed.sum() > timed.sum())
    moments = times.copy()
    if ordered:
        moments[placed] = places[placed]
        moments[timed] = places[placed].max() + 1.0 + _ranks(times[timed])
    elif placed.any():
        ranks = _ranks(places[placed])
        moments[placed] = times[timed].min() - (ranks.max() + 1.0 - ranks) * _TICK
    neither = ~(timed | placed)
    moments[neither] = moments[~neither].min()
    where = table.column_names.index(TIMESTAMP) if TIMESTAMP in table.column_names else len(kept.column_names)
    found = kept.add_column(where, TIMESTAMP, pa.array(moments))
    return as_order(found) if ordered else found


def _numbers(table: pa.Table, name: str) -> Float64:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    found: Float64 = pc.fill_null(table[name].cast(pa.float64()), np.nan).to_numpy().astype(np.float64)
    return found


def _ranks(values: Float64) -> Float64:
    """Return for each value its place among the different values, ascending from 0."""
    ranks: Float64 = np.unique(values, return_inverse=True)[1].astype(np.float64)
    return ranks
