"""Kernels of the ranker: mix the scores of all parts, choose candidates, and order lists."""

import numpy as np

from models.arrays.compiled import (
    BOOLS,
    FLOAT,
    FLOAT32_ROWS,
    FLOAT32S,
    INT,
    INT32S,
    INT64S,
    kernel,
    writable,
)
from models.arrays.kernels import largest
from models.arrays.types import Float32, Int32, Int64, Mask

EVERY_ITEM: Mask = np.empty(0, dtype=np.bool_)
"""A mask for `first_without_slot` that leaves no item out."""


@kernel(FLOAT32_ROWS, INT, INT64S, FLOAT32S, error_model="numpy", fastmath={"nnan", "nsz", "reassoc"})
def part_maxima(signals: Float32, count: int, part_rows: Int64, weights: Float32) -> Float32:
    """Find the best score of each part in the first `count` slots; 0 where it has no weight or no score above 0."""
    tops = np.zeros(len(part_rows), dtype=np.float32)
    for part in range(len(part_rows)):
        if weights[part] != 0 and part_rows[part] >= 0:
            values, top = signals[part_rows[part]], np.float32(0.0)
            for slot in range(count):
                top = max(top, values[slot])
            tops[part] = top
    return tops


@kernel(FLOAT32_ROWS, INT, INT64S, FLOAT32S, FLOAT32S, error_model="numpy")
def mix(signals: Float32, count: int, part_rows: Int64, weights: Float32, tops: Float32) -> Float32:
    """Sum the weighted scores of all parts in the first `count` slots, each part relative to its best score."""
    mixed = np.zeros(count, dtype=np.float32)
    for part in range(len(part_rows)):
        if tops[part] > 0:
            values, factor = signals[part_rows[part]], weights[part] / tops[part]
            for slot in range(count):
                mixed[slot] += values[slot] * factor
    return mixed


@kernel(FLOAT32_ROWS, INT32S, INT64S, INT64S, FLOAT32S, error_model="numpy")
def read_slots(
    signals: Float32, slots: Int32, signal_rows: Int64, part_rows: Int64, tops: Float32
) -> tuple[Float32, Float32]:
    """Read the signals of some slots, (signals, n), and their parts relative to the best score, (parts, n).

    A row number of -1 gives a row of zeros.
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


@kernel(FLOAT32_ROWS, INT, INT64S, FLOAT32S, INT, error_model="numpy")
def top_slots(signals: Float32, count: int, part_rows: Int64, weights: Float32, most: int) -> Int32:
    """Find the slots with the best mixed scores, at most `most`, in no order."""
    return largest(mix(signals, count, part_rows, weights, part_maxima(signals, count, part_rows, weights)), most)


@kernel(FLOAT32_ROWS, INT, INT64S, INT64S, FLOAT32S, INT, error_model="numpy")
def top_candidates(
    signals: Float32, count: int, signal_rows: Int64, part_rows: Int64, weights: Float32, most: int
) -> tuple[Int32, Float32, Float32, Float32, Float32]:
    """Find the slots with the best mixed scores and read their signals, in one call.

    Returns
    -------
    tuple
        The slots, their signals, their parts and their mixed scores, and the best score of each part.
    """
    tops = part_maxima(signals, count, part_rows, weights)
    mixed = mix(signals, count, part_rows, weights, tops)
    slots = largest(mixed, most)
    found, parts = read_slots(signals, slots, signal_rows, part_rows, tops)
    return slots, found, parts, mixed[slots], tops


@kernel(INT32S, INT32S, BOOLS, INT, error_model="numpy")
def first_without_slot(order: Int32, slot: Int32, wanted: Mask, count: int) -> Int32:
    """Find the first items of an order that have no slot, are not excluded and are wanted, at most `count`.

    `wanted` has a place for each item, or is `EVERY_ITEM`.
    """
    found = np.empty(count, dtype=np.int32)
    number = 0
    for item in order:
        if number == count:
            break
        if slot[item] == -1 and (len(wanted) == 0 or wanted[item]):
            found[number] = item
            number += 1
    return found[:number]


@kernel(INT64S, INT32S, FLOAT32S, INT32S, FLOAT32_ROWS, FLOAT, error_model="numpy")
def estimate_from_neighbours(
    indptr: Int64, indices: Int32, values: Float32, slot: Int32, signals: Float32, prior: float
) -> Float32:
    """Estimate the signals of items, (signals, n), by the mean of their neighbours' signals, weighted by similarity.

    Each item gets one more neighbour, with the similarity `prior` and no signal, which lowers the estimates for items
    with few or distant neighbours. Neighbours without a slot have no signal either.
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


@kernel(INT64S, INT32S, FLOAT32S, FLOAT32S, FLOAT32S, INT32S, INT32S, INT32S, writable(FLOAT32_ROWS))
def merge_similarities(
    indptr: Int64,
    indices: Int32,
    values: Float32,
    of_row: Float32,
    of_peer: Float32,
    items: Int32,
    ordered: Int32,
    places: Int32,
    found: Float32,
) -> None:
    """Raise `found[a, b]` to the similarity of item b in the row of item a, at most 1.

    An entry is multiplied with the factors of its row and of its column; empty factors are 1. `ordered` holds the items
    in ascending order, `places` the position of each of them in `items`.
    """
    for place in range(len(items)):
        item = items[place]
        if item >= len(indptr) - 1:
            continue
        scale = of_row[item] if len(of_row) else np.float32(1.0)
        for entry in range(indptr[item], indptr[item + 1]):
            other = np.searchsorted(ordered, indices[entry])
            if other < len(ordered) and ordered[other] == indices[entry]:
                alike = values[entry] * scale
                if len(of_peer):
                    alike *= of_peer[indices[entry]]
                found[place, places[other]] = max(found[place, places[other]], min(alike, np.float32(1.0)))


@kernel(FLOAT32S, FLOAT32_ROWS, FLOAT, INT, error_model="numpy")
def maximal_marginal_relevance(relevance: Float32, likeness: Float32, diversity: float, count: int) -> Int32:
    """Choose places one after the other by maximal marginal relevance; of equally good places the first."""
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
