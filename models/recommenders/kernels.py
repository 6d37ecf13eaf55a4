"""Compiled inner loops of scoring; run as a module, it compiles them into their on-disk cache.

All work on *slots*: the items that a request touches get consecutive positions, so that the cost follows the
user's history and not the size of the catalogue. Each signal has a row of its own, indexed by slot. `slot[item]` is
-1 for an item not touched, -2 for one that is
excluded from this request and -3 for one that is blocked in every request; whoever fills it for a request empties it
again with `release`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from models.recommenders import dense, nearest

Array = npt.NDArray[Any]


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


@njit(cache=True, nogil=True)
def ranks(rows: Array) -> Array:
    """Give the rank of each value in its row, the best 0, float32; equal values share the better rank."""
    found = np.zeros(rows.shape, dtype=np.float32)
    for row in range(rows.shape[0]):
        values = rows[row]
        for column in range(rows.shape[1]):
            value, better = values[column], 0
            for other in range(rows.shape[1]):
                better += values[other] > value
            found[row, column] = better
    return found


@njit(cache=True, nogil=True)
def largest(scores: Array, count: int) -> Array:
    """Find the places of the largest float32 values, in no order; of equal ones those that come first.

    A selection by radix: each pass counts how many values share their next bits, and only those that share the bits
    of the last one wanted are looked at again. Whatever the values are, it takes three passes.
    """
    count = min(count, len(scores))
    bits = scores.view(np.int32)
    found = np.empty(count, dtype=np.int32)
    places = np.arange(len(scores), dtype=np.int32)
    number = 0
    for shift in (21, 10, 0):
        mask = 0x7FF if shift else 0x3FF
        tally = np.zeros(mask + 1, dtype=np.int32)
        for place in places:
            tally[((_ordered(bits[place])) >> shift) & mask] += 1
        last, above = mask, number
        while above + tally[last] < count:
            above += tally[last]
            last -= 1
        kept = 0
        for place in places:
            key = ((_ordered(bits[place])) >> shift) & mask
            if key > last:
                found[number] = place
                number += 1
            elif key == last:
                places[kept] = place
                kept += 1
        places = places[:kept]
        if number + kept == count:
            break
    found[number:] = places[: count - number]
    return found


@njit(cache=True, nogil=True)
def _ordered(bits: int) -> int:
    """Map the bits of a float32 to a number from 0 on, in the order of the floats."""
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)) + 0x80000000


@njit(cache=True, nogil=True)
def first_positive(order: Array, scores: Array, barred: Array, count: int) -> Array:
    """Find the first items of an order that are not barred, down to the first whose score is not above 0."""
    found = np.empty(count, dtype=np.int32)
    kept = 0
    for item in order:
        if kept == count or not scores[item] > 0:
            break
        if not barred[item]:
            found[kept] = item
            kept += 1
    return found[:kept]


@njit(cache=True, nogil=True)
def find_terms(text: Array, offsets: Array, wanted: Array, wanted_offsets: Array) -> Array:
    """Look up byte strings among sorted ones, by bisection; -1 for those that are not there.

    String s of either side is `text[offsets[s]:offsets[s + 1]]`.
    """
    found = np.full(len(wanted_offsets) - 1, -1, dtype=np.int32)
    for term in range(len(found)):
        start, stop = wanted_offsets[term], wanted_offsets[term + 1]
        low, high = 0, len(offsets) - 1
        while low < high:
            middle = (low + high) // 2
            begin, end = offsets[middle], offsets[middle + 1]
            shared, common = 0, min(end - begin, stop - start)
            while shared < common and text[begin + shared] == wanted[start + shared]:
                shared += 1
            if shared < common:
                before = text[begin + shared] < wanted[start + shared]
            elif end - begin == stop - start:
                found[term] = middle
                break
            else:
                before = end - begin < stop - start
            if before:
                low = middle + 1
            else:
                high = middle
    return found


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
    ranks(columns)
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
