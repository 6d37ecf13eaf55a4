"""Compiled search for the rows of a sparse matrix that are most similar to one row.

One row is compared with all that share a feature with it: their products are added up feature by feature, then each
becomes a similarity. The similarity matrix and a history that is folded in come from the same function, so that both
have the same neighbours.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from models.arrays.types import Array, Float64

COSINE, ADJUSTED_COSINE, PEARSON, EUCLIDEAN, JACCARD, COOCCURRENCE = range(6)
MEAN, SIZE, OFFSET, SPREAD = range(4)
_FLAT = 1e-12
"""Squared deviations below this share of the squared values are rounding errors: the row has none."""
_PLACE = 0xFFFFFFFF
_UNRELATED = 1e-9
"""A correlation below this is a rounding error of 0."""


class Peers(NamedTuple):
    """The rows to compare with, by their features, and what each measure needs to know of them.

    Feature f is in the rows `rows[indptr[f]:indptr[f + 1]]` with `values` beside them. Deviations are taken from its
    mean, products are multiplied with its weight. `exponent` is for the row that is compared; `described`, float64
    (rows, 4), is what `describe` gives for each of the rows.
    """

    measure: int
    shrinkage: float
    exponent: float
    indptr: Array
    rows: Array
    values: Array
    feature_means: Float64
    feature_weights: Float64
    described: Float64


@njit(cache=True, nogil=True)
def describe(
    measure: int, exponent: float, features: Array, values: Array, feature_means: Float64
) -> tuple[float, float, float, float]:
    """Compute what a measure needs to know of one row.

    Returns
    -------
    tuple
        Its mean, where deviations are taken from it; its size, by which products are divided (for Euclidean and
        Jaccard its squared length); the offset that is subtracted from products, multiplied with that of the other
        row; the length of its deviations, 0 where it has none.
    """
    length = len(features)
    if length == 0:
        return 0.0, 0.0, 0.0, 0.0
    if measure == COOCCURRENCE:
        return 0.0, float(length) ** exponent, 0.0, 0.0
    total, squares = 0.0, 0.0
    for step in range(length):
        value = np.float64(values[step])
        total += value
        squares += value * value
    if measure in (EUCLIDEAN, JACCARD):
        return 0.0, squares, 0.0, 0.0
    if measure == COSINE:
        return 0.0, math.sqrt(squares), 0.0, 0.0
    mean = total / length if measure == PEARSON else 0.0
    spread = 0.0
    for step in range(length):
        deviation = np.float64(values[step]) - mean - feature_means[features[step]]
        spread += deviation * deviation
    n_features = len(feature_means)
    whole = squares - total * total / n_features
    return (
        mean,
        math.sqrt(whole) if whole > _FLAT * squares else 0.0,
        total / math.sqrt(n_features),
        math.sqrt(spread) if spread > _FLAT * squares else 0.0,
    )


@njit(cache=True, nogil=True)
def similarity(measure: int, product: float, size: float, other_size: float, offsets: float) -> float:
    """Turn the product of two rows into their similarity."""
    if measure == EUCLIDEAN:
        return 1.0 / (1.0 + math.sqrt(max(size + other_size - 2.0 * product, 0.0)))
    if measure == JACCARD:
        return product / (size + other_size - product)
    if size == 0.0 or other_size == 0.0:
        return 0.0
    score = (product - offsets) / (size * other_size)
    return score if score > _UNRELATED or measure in (COSINE, COOCCURRENCE) else 0.0


@njit(cache=True, nogil=True)
def best(rows: Array, scores: Array, most: int) -> tuple[Array, Array]:
    """Choose the rows with the highest scores above 0, best first; of equal ones those that come first."""
    count = len(scores)
    # One number for both, score before place: the bits of floats above 0 are ordered as they are.
    keys = (scores.view(np.int32).astype(np.int64) << 32) | np.arange(count - 1, -1, -1)
    if count > most:
        keys = np.partition(keys, count - most)[count - most :]
    places = count - 1 - (np.sort(keys)[::-1] & _PLACE)
    places = places[scores[places] > 0.0]
    return rows[places], scores[places]


@njit(cache=True, nogil=True)
def neighbours_of(
    features: Array, values: Array, itself: int, neighbours: int, peers: Peers, sums: Float64, met: Array
) -> tuple[Array, Array]:
    """Find the rows most similar to one row, best first; of equal ones those that are met first.

    `features` are without repeats; `itself` (-1 for none) is the row's own number, left out. `sums` (float64, two
    columns) and `met` (int32) are buffers with a place for each of the peers, `sums` zero on entry and on return.
    """
    mean, size, offset, spread = describe(peers.measure, peers.exponent, features, values, peers.feature_means)
    deviating = spread > 0.0
    count = 0
    for step in range(len(features)):
        feature = features[step]
        feature_mean = peers.feature_means[feature]
        weight = values[step] * peers.feature_weights[feature]
        if deviating:
            weight -= mean + feature_mean
        for entry in range(peers.indptr[feature], peers.indptr[feature + 1]):
            row = peers.rows[entry]
            value = np.float64(peers.values[entry])
            if deviating:
                value -= peers.described[row, MEAN] + feature_mean
            if sums[row, 1] == 0.0:
                met[count] = row
                count += 1
            sums[row, 0] += weight * value
            sums[row, 1] += 1.0
    scores = np.empty(count, dtype=np.float32)
    for place in range(count):
        row = met[place]
        product, common = sums[row, 0], sums[row, 1]
        sums[row, 0] = sums[row, 1] = 0.0
        if deviating:
            score = similarity(peers.measure, product, spread, peers.described[row, SPREAD], 0.0)
        else:
            offsets = offset * peers.described[row, OFFSET]
            score = similarity(peers.measure, product, size, peers.described[row, SIZE], offsets)
        scores[place] = score * (common / (common + peers.shrinkage)) if row != itself else 0.0
    return best(met[:count], scores, neighbours)


@njit(cache=True, nogil=True)
def describe_all(
    measure: int, exponent: float, indptr: Array, features: Array, values: Array, feature_means: Float64
) -> Float64:
    """Describe every row: float64 (rows, 4)."""
    described = np.empty((len(indptr) - 1, 4))
    for row in range(len(indptr) - 1):
        start, stop = indptr[row], indptr[row + 1]
        found = describe(measure, exponent, features[start:stop], values[start:stop], feature_means)
        described[row, MEAN], described[row, SIZE], described[row, OFFSET], described[row, SPREAD] = found
    return described


@njit(cache=True, nogil=True)
def neighbours_of_each(
    first: int, last: int, indptr: Array, features: Array, values: Array, neighbours: int, peers: Peers
) -> tuple[Array, Array, Array]:
    """Find the neighbours of the rows from `first` to before `last`: how many each has, which, and how similar."""
    n_peers = len(peers.described)
    sums, met = np.zeros((n_peers, 2)), np.empty(n_peers, dtype=np.int32)
    counts = np.zeros(last - first, dtype=np.int64)
    most = min(neighbours, n_peers)
    rows = np.empty((last - first) * most, dtype=np.int32)
    scores = np.empty((last - first) * most, dtype=np.float32)
    end = 0
    for row in range(first, last):
        start, stop = indptr[row], indptr[row + 1]
        found, found_scores = neighbours_of(features[start:stop], values[start:stop], row, neighbours, peers, sums, met)
        count = len(found)
        counts[row - first] = count
        rows[end : end + count] = found
        scores[end : end + count] = found_scores
        end += count
    return counts, rows[:end].copy(), scores[:end].copy()


def warm() -> None:
    """Compile all of it for the array types of a bundle, so that neither requests nor training wait for it."""
    indptr, features = np.array([0, 1, 1], dtype=np.int64), np.zeros(1, dtype=np.int32)
    values = np.ones(1, dtype=np.float32)
    for stored in (indptr, features, values):
        stored.flags.writeable = False
    ones = np.ones(2)
    described = describe_all(COSINE, 0.5, indptr, features, values, ones)
    peers = Peers(COSINE, 0.0, 0.5, indptr, features, values, ones, ones, described)
    neighbours_of(features, values, -1, 1, peers, np.zeros((2, 2)), np.empty(2, dtype=np.int32))
    neighbours_of_each(0, 2, indptr, features, values, 1, peers)
