"""Kernels for the steps after candidate generation: features of candidates, and the blend of two scores."""

import numpy as np
import numpy.typing as npt

from models.arrays.compiled import FLOAT, FLOAT32_ROWS, FLOAT32S, INT32S, helper, kernel
from models.arrays.types import Float32, Int32

_FEW = 400


@helper()
def _rank(values: Float32, value: float) -> int:
    """Count the values that are greater."""
    better = 0
    # A loop over places becomes vector code, ten times as fast as one over values.
    for place in range(len(values)):
        better += values[place] > value
    return better


@helper()
def _ranks(values: Float32) -> npt.NDArray[np.int64]:
    """Count for each value those that are greater."""
    found = np.empty(len(values), dtype=np.int64)
    if len(values) <= _FEW:
        for place in range(len(values)):
            found[place] = _rank(values, values[place])
        return found
    # Long lists are sorted: comparing each value with each would take a second for ten thousand.
    order = np.argsort(-values)
    rank = 0
    for place in range(len(order)):
        if place > 0 and values[order[place]] != values[order[place - 1]]:
            rank = place
        found[order[place]] = rank
    return found


@kernel(FLOAT32_ROWS, FLOAT32S, INT32S, FLOAT32_ROWS, FLOAT, FLOAT32S, error_model="numpy")
def compute_features(
    signals: Float32, neighbours: Float32, items: Int32, popularity: Float32, log_length: float, log_ranks: Float32
) -> Float32:
    """Compute the features of candidates, float32 (n, features); see `FeatureBuilder`.

    Parameters
    ----------
    popularity
        (items + 1, 1 + windows): the logarithm of each item's share over all time and in each window; the last row
        is for all further items.
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
        ranks = _ranks(values)
        for place in range(count):
            value = values[place]
            features[place, 3 * row] = value
            features[place, 3 * row + 1] = value / best if best > 0 else np.float32(0.0)
            features[place, 3 * row + 2] = log_ranks[ranks[place]]
    shares = np.empty(count, dtype=np.float32)
    for place in range(count):
        shares[place] = popularity[min(items[place], newest), 0]
    top, first = neighbours.max(), 3 * n_signals
    mixed_ranks, share_ranks = _ranks(neighbours), _ranks(shares)
    for place in range(count):
        share = shares[place]
        features[place, first] = neighbours[place] / top if top > 0 else np.float32(0.0)
        features[place, first + 1] = log_ranks[mixed_ranks[place]]
        features[place, first + 2] = share
        features[place, first + 3] = log_ranks[share_ranks[place]]
        for window in range(windows):
            recent = popularity[min(items[place], newest), 1 + window]
            features[place, first + 4 + window] = recent
            features[place, first + 4 + windows + window] = recent - share
        features[place, first + 4 + 2 * windows] = log_length
    return features


@kernel(FLOAT32_ROWS, FLOAT32S, FLOAT32S, FLOAT, error_model="numpy")
def standardise_features(features: Float32, mean: Float32, scale: Float32, most: float) -> Float32:
    """Subtract the mean of each column and divide by its scale; values beyond `most` are cut off."""
    limit = np.float32(most)
    standard = np.empty_like(features)
    for row in range(features.shape[0]):
        for column in range(features.shape[1]):
            value = (features[row, column] - mean[column]) / scale[column]
            standard[row, column] = min(max(value, -limit), limit)
    return standard


@helper()
def standardise(scores: Float32) -> Float32:
    """Scale a list of scores to mean 0 and standard deviation 1; equal scores become 0."""
    mean = np.float32(np.mean(scores)) if len(scores) else np.float32(0.0)
    standard = scores - mean
    deviation = np.float32(np.sqrt(np.mean(standard * standard))) if len(scores) else np.float32(0.0)
    if deviation > 0:
        return standard / deviation
    return np.zeros_like(scores)


@kernel(FLOAT32S, FLOAT32S, FLOAT, error_model="numpy")
def blend(neighbours: Float32, network: Float32, weight: float) -> Float32:
    """Compute the weighted mean of two scores of the same candidates, each standardised within the list."""
    share = np.float32(weight)
    return (np.float32(1.0) - share) * standardise(neighbours) + share * standardise(network)


@kernel(FLOAT32_ROWS, FLOAT32S, INT32S, FLOAT32_ROWS, FLOAT, FLOAT32S, FLOAT32S, FLOAT32S, FLOAT, error_model="numpy")
def compute_standardised_features(
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
    """Compute the features of candidates and standardise them, in one call."""
    features = compute_features(signals, neighbours, items, popularity, log_length, log_ranks)
    return standardise_features(features, mean, scale, most)
