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
def _ranks(values: Float32, reference: Float32) -> npt.NDArray[np.int64]:
    """Count for each value the values of the reference that are greater."""
    found = np.empty(len(values), dtype=np.int64)
    if len(reference) <= _FEW:
        for place in range(len(values)):
            found[place] = _rank(reference, values[place])
        return found
    # Long lists are sorted: comparing each value with each would take a second for ten thousand.
    ordered = np.sort(reference)
    for place in range(len(values)):
        found[place] = len(ordered) - np.searchsorted(ordered, values[place], side="right")
    return found


@helper()
def _at(values: Float32, places: Int32) -> Float32:
    """Take the values at some places; all where there are none."""
    if not len(places):
        return values
    taken = np.empty(len(places), dtype=np.float32)
    for number in range(len(places)):
        taken[number] = values[places[number]]
    return taken


@kernel(FLOAT32_ROWS, FLOAT32S, INT32S, INT32S, FLOAT32_ROWS, FLOAT, FLOAT32S, error_model="numpy")
def compute_features(
    signals: Float32,
    neighbours: Float32,
    items: Int32,
    reference: Int32,
    popularity: Float32,
    log_length: float,
    log_ranks: Float32,
) -> Float32:
    """Compute the features of candidates, float32 (n, features); see `FeatureBuilder`.

    Parameters
    ----------
    reference
        Places of the candidates that ranks and relative scores are measured by; all where there are none.
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
        if values.max() == 0 and values.min() == 0:
            features[:, 3 * row : 3 * row + 3] = 0.0
            continue
        compared = _at(values, reference)
        best = compared.max()
        ranks = _ranks(values, compared)
        for place in range(count):
            value = values[place]
            features[place, 3 * row] = value
            features[place, 3 * row + 1] = value / best if best > 0 else np.float32(0.0)
            features[place, 3 * row + 2] = log_ranks[ranks[place]]
    shares = np.empty(count, dtype=np.float32)
    for place in range(count):
        shares[place] = popularity[min(items[place], newest), 0]
    mixed, first = _at(neighbours, reference), 3 * n_signals
    top = mixed.max()
    mixed_ranks, share_ranks = _ranks(neighbours, mixed), _ranks(shares, _at(shares, reference))
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
def standardise(scores: Float32, reference: Float32) -> Float32:
    """Scale scores so that the reference has mean 0 and standard deviation 1.

    Where all of the reference are equal, the scores themselves are the reference; equal scores become 0.
    """
    for compared in (reference, scores):
        if len(compared):
            mean = np.float32(np.mean(compared))
            centred = compared - mean
            deviation = np.float32(np.sqrt(np.mean(centred * centred)))
            if deviation > 0:
                return (scores - mean) / deviation
    return np.zeros_like(scores)


@kernel(FLOAT32S, FLOAT32S, INT32S, FLOAT, error_model="numpy")
def blend(neighbours: Float32, network: Float32, reference: Int32, weight: float) -> Float32:
    """Compute the weighted mean of two scores of the same candidates, each standardised by the reference.

    `reference` holds places, as for `compute_features`.
    """
    share = np.float32(weight)
    mixed = standardise(neighbours, _at(neighbours, reference))
    return (np.float32(1.0) - share) * mixed + share * standardise(network, _at(network, reference))


@kernel(
    FLOAT32_ROWS, FLOAT32S, INT32S, INT32S, FLOAT32_ROWS, FLOAT, FLOAT32S, FLOAT32S, FLOAT32S, FLOAT,
    error_model="numpy",
)  # fmt: skip
def compute_standardised_features(
    signals: Float32,
    neighbours: Float32,
    items: Int32,
    reference: Int32,
    popularity: Float32,
    log_length: float,
    log_ranks: Float32,
    mean: Float32,
    scale: Float32,
    most: float,
) -> Float32:
    """Compute the features of candidates and standardise them, in one call."""
    features = compute_features(signals, neighbours, items, reference, popularity, log_length, log_ranks)
    return standardise_features(features, mean, scale, most)
