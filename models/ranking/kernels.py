"""Compiled inner loops of the ranker; run as a module, it compiles them and those of the recommenders.

Both keep their machine code in an on-disk cache: no process that serves compiles anything.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from models.recommenders import kernels
from models.recommenders.kernels import largest

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


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
def _rank(values: Float32, value: float) -> int:
    """Count the values that are greater."""
    better = 0
    # By place, not by value: only so it becomes vector code, a tenth of the time.
    for place in range(len(values)):
        better += values[place] > value
    return better


@njit(cache=True, nogil=True, error_model="numpy")
def describe(
    signals: Float32, neighbours: Float32, items: Int32, popularity: Float32, log_length: float, log_ranks: Float32
) -> Float32:
    """Compute the features of candidates, float32 (n, features); see `FeatureBuilder`.

    Parameters
    ----------
    popularity
        (items + 1, 1 + windows): the logarithm of each item's share over all time and in each window; the last row
        is that of all further items.
    log_ranks
        log(1 + rank) of the ranks 0 to n.
    """
    n_signals, count = signals.shape
    windows, newest = popularity.shape[1] - 1, popularity.shape[0] - 1
    features = np.empty((count, 3 * n_signals + 5 + 2 * windows), dtype=np.float32)
    for row in range(n_signals):
        values = signals[row]
        best = values.max()
        if best == 0 and values.min() == 0:
            features[:, 3 * row : 3 * row + 3] = 0.0
            continue
        for place in range(count):
            value = values[place]
            features[place, 3 * row] = value
            features[place, 3 * row + 1] = value / best if best > 0 else np.float32(0.0)
            features[place, 3 * row + 2] = log_ranks[_rank(values, value)]
    shares = np.empty(count, dtype=np.float32)
    for place in range(count):
        shares[place] = popularity[min(items[place], newest), 0]
    top, first = neighbours.max(), 3 * n_signals
    for place in range(count):
        share = shares[place]
        features[place, first] = neighbours[place] / top if top > 0 else np.float32(0.0)
        features[place, first + 1] = log_ranks[_rank(neighbours, neighbours[place])]
        features[place, first + 2] = share
        features[place, first + 3] = log_ranks[_rank(shares, share)]
        for window in range(windows):
            recent = popularity[min(items[place], newest), 1 + window]
            features[place, first + 4 + window] = recent
            features[place, first + 4 + windows + window] = recent - share
        features[place, first + 4 + 2 * windows] = log_length
    return features


@njit(cache=True, nogil=True, error_model="numpy")
def standardise_rows(features: Float32, mean: Float32, scale: Float32, most: float) -> Float32:
    """Bring each column to mean 0 and deviation 1 as measured beforehand, cut off beyond `most`."""
    limit = np.float32(most)
    standard = np.empty_like(features)
    for row in range(features.shape[0]):
        for column in range(features.shape[1]):
            value = (features[row, column] - mean[column]) / scale[column]
            standard[row, column] = min(max(value, -limit), limit)
    return standard


@njit(cache=True, nogil=True, error_model="numpy")
def standardise(scores: Float32) -> Float32:
    """Bring a list of scores to mean 0 and deviation 1; equal scores become 0."""
    mean = np.float32(np.mean(scores)) if len(scores) else np.float32(0.0)
    standard = scores - mean
    deviation = np.float32(np.sqrt(np.mean(standard * standard))) if len(scores) else np.float32(0.0)
    if deviation > 0:
        return standard / deviation
    return np.zeros_like(scores)


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


@njit(cache=True, nogil=True, error_model="numpy")
def blend(neighbours: Float32, network: Float32, weight: float) -> Float32:
    """Weave two scores of the same candidates into one, each standardised within the list."""
    share = np.float32(weight)
    return (np.float32(1.0) - share) * standardise(neighbours) + share * standardise(network)


@njit(cache=True, nogil=True, error_model="numpy")
def describe_standard(
    signals: Float32,
    neighbours: Float32,
    items: Int32,
    popularity: Float32,
    log_length: float,
    log_ranks: Float32,
    mean: Float32,
    scale: Float32,
    most: float,
) -> Float32:
    """Compute features that are standardised already, in one call."""
    return standardise_rows(describe(signals, neighbours, items, popularity, log_length, log_ranks), mean, scale, most)


def warm() -> None:
    """Compile every kernel for the types of the request path."""
    kernels.warm()
    columns = np.ones((2, 2), dtype=np.float32)
    ones = np.ones(2, dtype=np.float32)
    places = np.zeros(2, dtype=np.int64)
    items = np.zeros(2, dtype=np.int32)
    tops = best_parts(columns, 2, places, ones)
    mix(columns, 2, places, ones, tops)
    signals, _ = gather(columns, items, places, places, tops)
    order = items.copy()
    order.flags.writeable = False
    first_free(order, np.full(2, -1, dtype=np.int32), 1)
    first_wanted(order, np.ones(2, dtype=np.bool_), np.full(2, -1, dtype=np.int32), 1)
    features = describe(signals, ones, items, columns, 0.0, ones)
    standardise_rows(features, features[0].copy(), np.ones_like(features[0]), 8.0)
    describe_standard(signals, ones, items, columns, 0.0, ones, features[0].copy(), np.ones_like(features[0]), 8.0)
    first(columns, 2, places, ones, 1)
    choose(columns, 2, places, places, ones, 1)
    standardise(ones)
    blend(ones, ones, 0.5)
    indptr = np.zeros(2, dtype=np.int64)
    shares = ones.copy()
    for stored in (indptr, shares):
        stored.flags.writeable = False
    estimate(indptr, order, shares, items, columns, 1.0)
    add_likeness(indptr, order, shares, items, items, items, columns)
    diverse(ones, columns, 0.5, 1)


if __name__ == "__main__":
    warm()
