"""Compiled inner loops of the ranker; run as a module, it compiles them and those of the recommenders.

Both keep their machine code in an on-disk cache: no process that serves compiles anything.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from models.arrays.kernels import largest
from models.arrays.types import Float32, Int32, Int64
from models.ranking import feature_kernels
from models.recommenders import kernels


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"nnan", "nsz", "reassoc"})
def best_parts(signals: Float32, count: int, part_rows: Int64, weights: Float32) -> Float32:
    """Give the best score of each part with a weight among the first `count` slots, 0 where none is above it."""
    tops = np.zeros(len(part_rows), dtype=np.float32)
    for part in range(len(part_rows)):
        if weights[part] != 0 and part_rows[part] >= 0:
            values, top = signals[part_rows[part]], np.float32(0.0)
            for slot in range(count):
                top = max(top, values[slot])
            tops[part] = top
    return tops


@njit(cache=True, nogil=True, error_model="numpy")
def mix(signals: Float32, count: int, part_rows: Int64, weights: Float32, tops: Float32) -> Float32:
    """Mix the parts of the first `count` slots, each relative to its best score."""
    mixed = np.zeros(count, dtype=np.float32)
    for part in range(len(part_rows)):
        if tops[part] > 0:
            values, factor = signals[part_rows[part]], weights[part] / tops[part]
            for slot in range(count):
                mixed[slot] += values[slot] * factor
    return mixed


@njit(cache=True, nogil=True, error_model="numpy")
def gather(
    signals: Float32, slots: Int32, signal_rows: Int64, part_rows: Int64, tops: Float32
) -> tuple[Float32, Float32]:
    """Give the signals of some slots, (signals, n), and their parts relative to the best, (parts, n).

    A row of -1 is one of zeros.
    """
    found = np.zeros((len(signal_rows), len(slots)), dtype=np.float32)
    parts = np.zeros((len(part_rows), len(slots)), dtype=np.float32)
    for row in range(len(signal_rows)):
        if signal_rows[row] >= 0:
            for place in range(len(slots)):
                found[row, place] = signals[signal_rows[row], slots[place]]
    for part in range(len(part_rows)):
        if tops[part] > 0:
            for place in range(len(slots)):
                parts[part, place] = signals[part_rows[part], slots[place]] / tops[part]
    return found, parts


@njit(cache=True, nogil=True, error_model="numpy")
def first(signals: Float32, count: int, part_rows: Int64, weights: Float32, most: int) -> Int32:
    """Give the slots that the mix puts first, at most so many, in no order."""
    return largest(mix(signals, count, part_rows, weights, best_parts(signals, count, part_rows, weights)), most)


@njit(cache=True, nogil=True, error_model="numpy")
def choose(
    signals: Float32, count: int, signal_rows: Int64, part_rows: Int64, weights: Float32, most: int
) -> tuple[Int32, Float32, Float32, Float32, Float32]:
    """Choose the slots that the mix puts first, and gather what there is of them, in one call.

    Returns
    -------
    tuple
        The slots, their signals, their parts and their mix, and the best score of each part.
    """
    tops = best_parts(signals, count, part_rows, weights)
    mixed = mix(signals, count, part_rows, weights, tops)
    slots = largest(mixed, most)
    found, parts = gather(signals, slots, signal_rows, part_rows, tops)
    return slots, found, parts, mixed[slots], tops


@njit(cache=True, nogil=True)
def first_free(order: Int32, slot: Int32, count: int) -> Int32:
    """Give the first items of an order that are not yet on the board and may be, at most so many."""
    found = np.empty(count, dtype=np.int32)
    number = 0
    for item in order:
        if number == count:
            break
        if slot[item] == -1:
            found[number] = item
            number += 1
    return found[:number]


@njit(cache=True, nogil=True, error_model="numpy")
def first_wanted(order: Int32, wanted: npt.NDArray[np.bool_], slot: Int32, count: int) -> Int32:
    """Give the first items of an order that are wanted and not yet on the board, at most so many."""
    found = np.empty(count, dtype=np.int32)
    number = 0
    for item in order:
        if number == count:
            break
        if wanted[item] and slot[item] == -1:
            found[number] = item
            number += 1
    return found[:number]


@njit(cache=True, nogil=True, error_model="numpy")
def estimate(indptr: Int64, indices: Int32, values: Float32, slot: Int32, signals: Float32, prior: float) -> Float32:
    """Estimate the signals of items from those of their neighbours, (signals, n): a mean weighted by similarity.

    `prior` is the similarity of a neighbour without any signal that each item has besides its own: of an item with few
    or distant neighbours little is believed. Neighbours that are not on the board have no signal either.
    """
    found = np.zeros((signals.shape[0], len(indptr) - 1), dtype=np.float32)
    for place in range(len(indptr) - 1):
        total = np.float32(prior)
        for entry in range(indptr[place], indptr[place + 1]):
            total += values[entry]
            position = slot[indices[entry]]
            if position >= 0:
                for row in range(signals.shape[0]):
                    found[row, place] += values[entry] * signals[row, position]
        found[:, place] /= total
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def add_likeness(
    indptr: Int64, indices: Int32, values: Float32, items: Int32, ordered: Int32, places: Int32, found: Float32
) -> None:
    """Raise `found[a, b]` to the similarity of item b in the row of item a, relative to the largest of the row.

    `ordered` are the items ascending, `places` where each of these stands in the list.
    """
    for place in range(len(items)):
        item = items[place]
        if item >= len(indptr) - 1:
            continue
        largest = np.float32(0.0)
        for entry in range(indptr[item], indptr[item + 1]):
            largest = max(largest, values[entry])
        if largest <= 0:
            continue
        for entry in range(indptr[item], indptr[item + 1]):
            other = np.searchsorted(ordered, indices[entry])
            if other < len(ordered) and ordered[other] == indices[entry]:
                share = values[entry] / largest
                found[place, places[other]] = max(found[place, places[other]], share)


@njit(cache=True, nogil=True, error_model="numpy")
def diverse(relevance: Float32, likeness: Float32, diversity: float, count: int) -> Int32:
    """Choose places one after the other by maximal marginal relevance; of equal ones the first."""
    chosen = np.empty(count, dtype=np.int32)
    nearest = np.zeros(len(relevance), dtype=np.float32)
    free = np.ones(len(relevance), dtype=np.bool_)
    for number in range(count):
        best, most = -1, -np.inf
        for place in range(len(relevance)):
            value = (1.0 - diversity) * relevance[place] - diversity * nearest[place]
            if free[place] and value > most:
                best, most = place, value
        chosen[number] = best
        free[best] = False
        for place in range(len(relevance)):
            nearest[place] = max(nearest[place], likeness[best, place])
    return chosen


def warm() -> None:
    """Compile every kernel for the types of the request path."""
    kernels.warm()
    feature_kernels.warm()
    columns = np.ones((2, 2), dtype=np.float32)
    ones = np.ones(2, dtype=np.float32)
    places = np.zeros(2, dtype=np.int64)
    items = np.zeros(2, dtype=np.int32)
    tops = best_parts(columns, 2, places, ones)
    mix(columns, 2, places, ones, tops)
    gather(columns, items, places, places, tops)
    order = items.copy()
    order.flags.writeable = False
    first_free(order, np.full(2, -1, dtype=np.int32), 1)
    first_wanted(order, np.ones(2, dtype=np.bool_), np.full(2, -1, dtype=np.int32), 1)
    first(columns, 2, places, ones, 1)
    choose(columns, 2, places, places, ones, 1)
    indptr = np.zeros(2, dtype=np.int64)
    shares = ones.copy()
    for stored in (indptr, shares):
        stored.flags.writeable = False
    estimate(indptr, order, shares, items, columns, 1.0)
    add_likeness(indptr, order, shares, items, items, items, columns)
    diverse(ones, columns, 0.5, 1)


if __name__ == "__main__":
    warm()
