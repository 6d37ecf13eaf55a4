"""Compiled inner loops of scoring; run as a module, it compiles them into their on-disk cache.

All work on *slots*: the items that a request touches get consecutive positions, so that the cost follows the
user's history and not the size of the catalogue. `slot[item]` is -1 for an item not touched and -2 for an
excluded one; whoever fills it empties it again with `release`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from models.recommenders import nearest

Array = npt.NDArray[Any]


@njit(cache=True, nogil=True)
def exclude(slot: Array, items: Array) -> None:
    """Keep items from being touched."""
    for item in items:
        if item >= 0:
            slot[item] = -2


@njit(cache=True, nogil=True)
def release(slot: Array, touched: Array, count: int, excluded: Array) -> None:
    """Give all slots back."""
    for position in range(count):
        slot[touched[position]] = -1
    for item in excluded:
        if item >= 0:
            slot[item] = -1


@njit(cache=True, nogil=True)
def touch(slot: Array, touched: Array, columns: Array, count: int, item: int) -> int:
    """Give one item the next slot, with empty columns, unless it has one or is excluded."""
    if slot[item] == -1:
        slot[item] = count
        touched[count] = item
        columns[count] = 0.0
        return count + 1
    return count


@njit(cache=True, nogil=True)
def touch_all(slot: Array, touched: Array, columns: Array, count: int, items: Array) -> int:
    """Give each of some items a slot."""
    for item in items:
        count = touch(slot, touched, columns, count, item)
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
    columns: Array,
    column: int,
    count: int,
) -> int:
    """Sum some rows of a sparse matrix into one column, each row with its weight."""
    for step in range(len(rows)):
        row, weight = rows[step], weights[step]
        for entry in range(indptr[row], indptr[row + 1]):
            item = indices[entry]
            count = touch(slot, touched, columns, count, item)
            position = slot[item]
            if position >= 0:
                columns[position, column] += weight * values[entry]
    return count


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
def top_of_dense(block: Array, first: int, count: int, above: float = 0.0) -> tuple[Array, Array]:
    """Find the largest values of each row that are above a limit, best first; 0 fills up short rows.

    Row r is searched without column first + r.
    """
    columns = np.zeros((block.shape[0], count), dtype=np.int32)
    values = np.zeros((block.shape[0], count), dtype=np.float32)
    kept_columns = np.empty(2 * count, dtype=np.int32)
    kept_values = np.empty(2 * count, dtype=np.float32)
    for row in range(block.shape[0]):
        kept, least = 0, np.float32(above)
        for column in range(block.shape[1]):
            value = block[row, column]
            if value > least and column != first + row:
                if kept == 2 * count:
                    # Only what is above the count-th best so far can still be among the best.
                    order = np.argsort(-kept_values)[:count]
                    kept_columns[:count], kept_values[:count] = kept_columns[order], kept_values[order]
                    least, kept = kept_values[count - 1], count
                    if value <= least:
                        continue
                kept_columns[kept], kept_values[kept] = column, value
                kept += 1
        best = np.argsort(-kept_values[:kept])[:count]
        columns[row, : len(best)] = kept_columns[best]
        values[row, : len(best)] = kept_values[best]
    return columns, values


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
    columns = np.zeros((2, 1), dtype=np.float32)
    exclude(slot, history)
    release(slot, touched, 0, history)
    count = touch_all(slot, touched, columns, 0, history)
    touch_all(slot, touched, columns, count, indices)
    add_rows(indptr, indices, values, history, np.ones(1, dtype=np.float32), slot, touched, columns, 0, count)
    add_rows(indptr, indices, values, indices, values, slot, touched, columns, 0, count)
    ranks(columns)
    top_of_dense(columns, 0, 1)
    top_of_dense(columns, 0, 1, -np.inf)
    nearest.warm()
    text, offsets = np.frombuffer(b"a", dtype=np.uint8), np.array([0, 1], dtype=np.int64)
    stored_offsets = offsets.copy()
    stored_offsets.flags.writeable = False
    find_terms(text, stored_offsets, text, offsets)


if __name__ == "__main__":
    warm()
