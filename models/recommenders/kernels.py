"""Compiled inner loops of scoring; run as a module, it compiles them into their on-disk cache.

All work on *slots*: the items that a request touches get consecutive positions, so that the cost follows the
user's history and not the size of the catalogue. Each signal has a row of its own, indexed by slot. `slot[item]` is
-1 for an item not touched, -2 for one that is
excluded from this request and -3 for one that is blocked in every request; whoever fills it for a request empties it
again with `release`.
"""

from typing import Any

import numpy as np
from numba import njit

from models.arrays import dense
from models.arrays.kernels import find_terms, first_positive, largest
from models.arrays.types import Array
from models.similarity import nearest

_FREE, _EXCLUDED = -1, -2


@njit(cache=True, nogil=True)
def exclude(slot: Array, items: Array) -> None:
    """Keep items from being touched until `release`."""
    for item in items:
        if item >= 0 and slot[item] == _FREE:
            slot[item] = _EXCLUDED


@njit(cache=True, nogil=True)
def release(slot: Array, touched: Array, signals: Array, count: int, excluded: Array) -> None:
    """Give all slots back, with signals of 0."""
    signals[:, :count] = 0.0
    for position in range(count):
        slot[touched[position]] = -1
    for item in excluded:
        if item >= 0 and slot[item] == _EXCLUDED:
            slot[item] = _FREE


@njit(cache=True, nogil=True)
def touch(slot: Array, touched: Array, count: int, item: int) -> int:
    """Give one item the next slot, unless it has one or is excluded."""
    if slot[item] == _FREE:
        slot[item] = count
        touched[count] = item
        return count + 1
    return count


@njit(cache=True, nogil=True)
def touch_all(slot: Array, touched: Array, count: int, items: Array) -> int:
    """Give each of some items a slot."""
    for item in items:
        count = touch(slot, touched, count, item)
    return count


@njit(cache=True, nogil=True)
def add_rows(
    indptr: Array,
    indices: Array,
    values: Array,
    rows: Array,
    weights: Array,
    slot: Array,
    touched: Array,
    signals: Array,
    first: int,
    count: int,
    whole: int,
    most: int,
) -> int:
    """Sum some rows of a sparse matrix into the signals from `first` on, each row with a weight for each signal.

    `weights` is (rows, signals). All signals are filled in one pass: reading the matrix is what takes the time. Of the
    last `whole` rows all entries are read, of those before the first `most`.
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
                count = touch(slot, touched, count, item)
            if position >= 0:
                for place in range(width):
                    signals[first + place, position] += weights[step, place] * values[entry]
    return count


@njit(cache=True, nogil=True)
def write(signal: Array, touched: Array, count: int, scores: Array, above: float) -> None:
    """Write the score that each touched item has among all items into a signal, 0 where it is not above a limit."""
    for position in range(count):
        score = scores[touched[position]]
        signal[position] = score if score > above else np.float32(0.0)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _product(left: Array, right: Array) -> Any:
    """Multiply two vectors; the order of the sum is left to the compiler, which makes vector code of it."""
    total = np.float32(0.0)
    for place in range(len(left)):
        total += left[place] * right[place]
    return total


@njit(cache=True, nogil=True)
def multiply(signal: Array, slots: Array, touched: Array, factors: Array, vector: Array) -> None:
    """Write the product of the factors of some slots' items with a vector into a signal, 0 where it is below 0."""
    for position in slots:
        signal[position] = max(_product(factors[touched[position]], vector), np.float32(0.0))


def warm() -> None:
    """Compile every kernel for the array types of a bundle."""
    indptr = np.array([0, 1, 1], dtype=np.int64)
    indices = np.zeros(1, dtype=np.int32)
    values = np.ones(1, dtype=np.float32)
    for stored in (indptr, indices, values):
        stored.flags.writeable = False
    history = np.zeros(1, dtype=np.int32)
    slot = np.full(2, -1, dtype=np.int32)
    touched = np.empty(2, dtype=np.int32)
    columns = np.zeros((1, 2), dtype=np.float32)
    exclude(slot, history)
    release(slot, touched, columns, 0, history)
    count = touch_all(slot, touched, 0, history)
    touch_all(slot, touched, count, indices)
    weights = np.ones((1, 1), dtype=np.float32)
    stored_weights = weights.copy()
    stored_weights.flags.writeable = False
    add_rows(indptr, indices, values, history, weights, slot, touched, columns, 0, count, 1, 1)
    add_rows(indptr, indices, values, indices, stored_weights, slot, touched, columns, 0, count, 1, 1)
    alike = np.broadcast_to(values, (3,))
    add_rows(indptr, indices, alike, indices, stored_weights, slot, touched, columns, 0, count, 1, 1)
    add_rows(indptr, indices, alike, history, weights, slot, touched, columns, 0, count, 1, 1)
    write(columns[0], touched, count, values, -np.inf)
    write(columns[0], touched, count, columns[0].copy(), -np.inf)
    factors = np.ones((2, 1), dtype=np.float32)
    multiply(columns[0], history, touched, factors, factors[0])
    factors.flags.writeable = False
    multiply(columns[0], history, touched, factors, columns[0].copy())
    largest(columns[0].copy(), 1)
    dense.top_of_dense(columns, 0, 1)
    dense.top_of_dense(columns, 0, 1, -np.inf)
    nearest.warm()
    text, offsets = np.frombuffer(b"a", dtype=np.uint8), np.array([0, 1], dtype=np.int64)
    stored_offsets = offsets.copy()
    stored_offsets.flags.writeable = False
    first_positive(history, columns[0].copy(), np.zeros(2, dtype=np.bool_), 1)
    find_terms(text, stored_offsets, text, offsets)


if __name__ == "__main__":
    warm()
