"""Kernels that find the rows of a sparse matrix that are most similar to one row.

A row is compared with all rows that share a feature with it: their products are summed feature by feature, then each
sum is turned into a similarity. The similarity matrix and the comparison of a new history use the same function, so
both find the same neighbours.
"""

import math
from typing import NamedTuple

import numpy as np

from models.arrays.compiled import (
    FLOAT,
    FLOAT32S,
    FLOAT64_ROWS,
    FLOAT64S,
    INT,
    INT32S,
    INT64S,
    helper,
    kernel,
    writable,
)
from models.arrays.types import Array, Float32, Float64, Int32, Int64

COSINE, ADJUSTED_COSINE, PEARSON, EUCLIDEAN, JACCARD, COOCCURRENCE = range(6)
MEAN, SIZE, OFFSET, SPREAD = range(4)
_FLAT = 1e-12
"""Squared deviations below this share of the squared values are rounding errors: the row has none."""
_PLACE = 0xFFFFFFFF
_UNRELATED = 1e-9
"""A correlation below this is a rounding error of 0."""


class Peers(NamedTuple):
    """The rows to compare with, by feature, and the statistics of each row that the measures need.

    The rows with feature f are `rows[indptr[f]:indptr[f + 1]]`, with `values` beside them. Deviations are taken from
    its mean, products are multiplied by its weight. `exponent` is for the row that is compared; `described`, float64
    (rows, 4), is what `row_statistics` gives.
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


@helper()
def _statistics(
    measure: int, exponent: float, features: Array, values: Array, feature_means: Float64
) -> tuple[float, float, float, float]:
    """Compute the statistics of one row that a measure needs.

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


@helper()
def _similarity(measure: int, product: float, size: float, other_size: float, offsets: float) -> float:
    """Compute the similarity of two rows from their product."""
    if measure == EUCLIDEAN:
        return 1.0 / (1.0 + math.sqrt(max(size + other_size - 2.0 * product, 0.0)))
    if measure == JACCARD:
        return product / (size + other_size - product)
    if size == 0.0 or other_size == 0.0:
        return 0.0
    score = (product - offsets) / (size * other_size)
    return score if score > _UNRELATED or measure in (COSINE, COOCCURRENCE) else 0.0


@helper()
def _best(rows: Array, scores: Array, most: int) -> tuple[Array, Array]:
    """Choose the rows with the highest scores above 0, best first; of equal scores those that come first."""
    count = len(scores)
    # One integer holds score and position: positive floats have the same order as their bits.
    keys = (scores.view(np.int32).astype(np.int64) << 32) | np.arange(count - 1, -1, -1)
    if count > most:
        keys = np.partition(keys, count - most)[count - most :]
    places = count - 1 - (np.sort(keys)[::-1] & _PLACE)
    places = places[scores[places] > 0.0]
    return rows[places], scores[places]


@helper()
def _neighbours_of(
    features: Array, values: Array, itself: int, neighbours: int, peers: Peers, sums: Float64, met: Array
) -> tuple[Array, Array]:
    """Find the rows most similar to one row; see `neighbours_of`."""
    mean, size, offset, spread = _statistics(peers.measure, peers.exponent, features, values, peers.feature_means)
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
            score = _similarity(peers.measure, product, spread, peers.described[row, SPREAD], 0.0)
        else:
            offsets = offset * peers.described[row, OFFSET]
            score = _similarity(peers.measure, product, size, peers.described[row, SIZE], offsets)
        scores[place] = score * (common / (common + peers.shrinkage)) if row != itself else 0.0
    return _best(met[:count], scores, neighbours)


@kernel(INT, FLOAT, INT64S, INT32S, FLOAT32S, FLOAT64S)
def row_statistics(
    measure: int, exponent: float, indptr: Int64, features: Int32, values: Float32, feature_means: Float64
) -> Float64:
    """Compute the statistics of every row that a measure needs: float64 (rows, 4)."""
    described = np.empty((len(indptr) - 1, 4))
    for row in range(len(indptr) - 1):
        start, stop = indptr[row], indptr[row + 1]
        found = _statistics(measure, exponent, features[start:stop], values[start:stop], feature_means)
        described[row, MEAN], described[row, SIZE], described[row, OFFSET], described[row, SPREAD] = found
    return described


# Not the tuple itself: numba converts writable arrays to read-only ones as arguments, but not within named tuples.
_PEERS = (INT, FLOAT, FLOAT, INT64S, INT32S, FLOAT32S, FLOAT64S, FLOAT64S, FLOAT64_ROWS)


@kernel(INT32S, FLOAT32S, INT, INT, writable(FLOAT64_ROWS), writable(INT32S), *_PEERS)
def neighbours_of(
    features: Int32, values: Float32, itself: int, neighbours: int, sums: Float64, met: Int32,
    measure: int, shrinkage: float, exponent: float, indptr: Int64, rows: Int32, row_values: Float32,
    feature_means: Float64, feature_weights: Float64, described: Float64,
) -> tuple[Int32, Float32]:  # fmt: skip
    """Find the rows most similar to one row, best first; of equal scores those that are found first.

    Parameters
    ----------
    features, values
        The row, without repeats.
    itself
        The row's own number, which is left out; -1 for a row that is not in the matrix.
    neighbours
        How many rows are found, at most.
    sums, met
        Buffers with a place for each of the peers: float64 (n, 2), zero on entry and on return, and int32.
    measure, ...
        The fields of `Peers`.
    """
    peers = Peers(
        measure, shrinkage, exponent, indptr, rows, row_values, feature_means, feature_weights, described
    )  # fmt: skip
    return _neighbours_of(features, values, itself, neighbours, peers, sums, met)


@kernel(INT, INT, INT64S, INT32S, FLOAT32S, INT, *_PEERS)
def neighbours_of_each(
    first: int, last: int, indptr: Int64, features: Int32, values: Float32, neighbours: int,
    measure: int, shrinkage: float, exponent: float, peers_indptr: Int64, peers_rows: Int32, peers_values: Float32,
    feature_means: Float64, feature_weights: Float64, described: Float64,
) -> tuple[Int64, Int32, Float32]:  # fmt: skip
    """Find the neighbours of the rows from `first` to before `last`: how many each has, which, and how similar.

    The arguments from `measure` on are the fields of `Peers`.
    """
    peers = Peers(
        measure, shrinkage, exponent, peers_indptr, peers_rows, peers_values, feature_means, feature_weights, described
    )
    n_peers = len(peers.described)
    sums, met = np.zeros((n_peers, 2)), np.empty(n_peers, dtype=np.int32)
    counts = np.zeros(last - first, dtype=np.int64)
    most = min(neighbours, n_peers)
    rows = np.empty((last - first) * most, dtype=np.int32)
    scores = np.empty((last - first) * most, dtype=np.float32)
    end = 0
    for row in range(first, last):
        start, stop = indptr[row], indptr[row + 1]
        found, found_scores = _neighbours_of(
            features[start:stop], values[start:stop], row, neighbours, peers, sums, met
        )
        count = len(found)
        counts[row - first] = count
        rows[end : end + count] = found
        scores[end : end + count] = found_scores
        end += count
    return counts, rows[:end].copy(), scores[:end].copy()
