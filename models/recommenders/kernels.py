"""Kernels of the score board, which collects the scores that recommenders give to items in one request.

Each item that gets a score gets a *slot*, the next free position, so that the cost depends on the user's history and
not on the size of the catalogue. Each signal has a row of scores, by slot. `slot[item]` is -1 for an item without a
slot, -2 for one that is excluded from this request and -3 for one that is blocked in every request. `touched[slot]` is
the item. The caller frees all slots after the request with `release`.
"""

from typing import Any

import numpy as np
from numba import types

from models.arrays.compiled import (
    FLOAT,
    FLOAT32_ROWS,
    FLOAT32S,
    INT,
    INT32S,
    INT64S,
    array_of,
    helper,
    kernel,
    writable,
)
from models.arrays.types import Array, Float32, Int32, Int64

_FREE, _EXCLUDED = -1, -2


@kernel(writable(INT32S), INT32S)
def exclude(slot: Int32, items: Int32) -> None:
    """Exclude items (-1 for unknown ones) from getting a slot until `release`."""
    for item in items:
        if item >= 0 and slot[item] == _FREE:
            slot[item] = _EXCLUDED


@kernel(writable(INT32S), INT32S, writable(FLOAT32_ROWS), INT, INT32S)
def release(slot: Int32, touched: Int32, signals: Float32, count: int, excluded: Int32) -> None:
    """Free all slots, set their scores to 0, and let the excluded items have slots again."""
    signals[:, :count] = 0.0
    for position in range(count):
        slot[touched[position]] = -1
    for item in excluded:
        if item >= 0 and slot[item] == _EXCLUDED:
            slot[item] = _FREE


@helper()
def _give_slot(slot: Array, touched: Array, count: int, item: int) -> int:
    """Assign the next slot to an item, unless it has one or is excluded; return the number of slots in use."""
    if slot[item] == _FREE:
        slot[item] = count
        touched[count] = item
        return count + 1
    return count


@kernel(writable(INT32S), writable(INT32S), INT, INT32S)
def give_slots(slot: Int32, touched: Int32, count: int, items: Int32) -> int:
    """Assign slots to items, except those that have one or are excluded; return the number of slots in use."""
    for item in items:
        count = _give_slot(slot, touched, count, item)
    return count


@kernel(
    INT64S,
    INT32S,
    # A single value may be broadcast to all, as an array with strides of 0.
    array_of(types.float32, layout="A"),
    INT32S,
    FLOAT32_ROWS,
    writable(INT32S),
    writable(INT32S),
    writable(FLOAT32_ROWS),
    INT,
    INT,
    INT,
    INT,
)
def add_rows(
    indptr: Int64,
    indices: Int32,
    values: Float32,
    rows: Int32,
    weights: Float32,
    slot: Int32,
    touched: Int32,
    signals: Float32,
    first: int,
    count: int,
    whole: int,
    most: int,
) -> int:
    """Add rows of a sparse matrix to the signals from `first` on; return the number of slots in use.

    `weights`, (rows, signals), holds the weight of each row for each signal. All signals are filled in one pass, as
    reading the matrix takes most of the time. The last `whole` rows are read in full, of the others the first `most`
    entries.
    """
    width = weights.shape[1]
    for step in range(len(rows)):
        row = rows[step]
        stop = indptr[row + 1]
        if step < len(rows) - whole:
            stop = min(stop, indptr[row] + most)
        for entry in range(indptr[row], stop):
            item = indices[entry]
            position = slot[item]
            if position == _FREE:
                position = count
                count = _give_slot(slot, touched, count, item)
            if position >= 0:
                for place in range(width):
                    signals[first + place, position] += weights[step, place] * values[entry]
    return count


@kernel(INT64S, INT32S, FLOAT32S, INT32S, FLOAT32S, INT32S, writable(FLOAT32S), INT, INT)
def lower_rows(
    indptr: Int64,
    indices: Int32,
    values: Float32,
    rows: Int32,
    weights: Float32,
    slot: Int32,
    signal: Float32,
    whole: int,
    most: int,
) -> None:
    """Subtract rows of a sparse matrix, with a weight each, from the scores of the items that have a slot.

    `whole` and `most` are as in `add_rows`.
    """
    for step in range(len(rows)):
        row = rows[step]
        stop = indptr[row + 1]
        if step < len(rows) - whole:
            stop = min(stop, indptr[row] + most)
        for entry in range(indptr[row], stop):
            position = slot[indices[entry]]
            if position >= 0:
                signal[position] -= weights[step] * values[entry]


@kernel(writable(FLOAT32S), INT32S, INT, FLOAT32S, FLOAT)
def write_scores(signal: Float32, touched: Int32, count: int, scores: Float32, above: float) -> None:
    """Write the scores of the items with a slot into a signal; scores not above a limit become 0.

    `scores` has a place for each item of the catalogue.
    """
    for position in range(count):
        score = scores[touched[position]]
        signal[position] = score if score > above else np.float32(0.0)


@helper(fastmath={"reassoc", "contract"})
def _product(left: Array, right: Array) -> Any:
    """Compute the dot product of two vectors; the compiler may reorder the sum, and so makes vector code of it."""
    total = np.float32(0.0)
    for place in range(len(left)):
        total += left[place] * right[place]
    return total


@kernel(writable(FLOAT32S), INT32S, INT32S, FLOAT32_ROWS, FLOAT32S)
def write_products(signal: Float32, slots: Int32, touched: Int32, factors: Float32, vector: Float32) -> None:
    """Write the dot products of a vector with the factors of the items in some slots into a signal, never below 0."""
    for position in slots:
        signal[position] = max(_product(factors[touched[position]], vector), np.float32(0.0))
