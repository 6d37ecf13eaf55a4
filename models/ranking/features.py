"""Features: what the network reads about each candidate."""

import math
from collections.abc import Sequence

import numpy as np

from models.arrays.types import Float32
from models.ranking import feature_kernels
from models.ranking.candidates import SIGNALS, Candidates
from models.recommenders.popularity import HALF_LIVES_DAYS, Popularity

FEATURES = (
    *(f"{signal}_{kind}" for signal in SIGNALS for kind in ("score", "relative", "rank")),
    "neighbours_relative",
    "neighbours_rank",
    "popularity_share",
    "popularity_share_rank",
    *(f"popularity_recent_{row}" for row in range(len(HALF_LIVES_DAYS))),
    *(f"popularity_trend_{row}" for row in range(len(HALF_LIVES_DAYS))),
    "history_length",
)
"""Names of the features, in the order of the columns."""
_MOST = 8.0


class Scaler:
    """Standardises features to mean 0 and deviation 1, as measured on the training lists."""

    def __init__(self, mean: Float32, scale: Float32) -> None:
        # Copies: mapped from a bundle they are read-only, which to compiled code is another type.
        self.mean = np.array(mean, dtype=np.float32)
        self.scale = np.array(scale, dtype=np.float32)

    @classmethod
    def fit(cls, lists: Sequence[Float32]) -> "Scaler":
        """Measure mean and deviation over the rows of all lists; a constant feature is only centred."""
        count = sum(len(features) for features in lists)
        # List by list: a copy of them all, in float64, would be the largest thing a training run holds.
        mean = sum(features.sum(axis=0, dtype=np.float64) for features in lists) / count
        deviation = np.sqrt(sum(np.square(features - mean).sum(axis=0) for features in lists) / count)
        scale = np.where(deviation > 1e-8, deviation, 1.0)  # noqa: PLR2004
        return cls(np.asarray(mean, dtype=np.float32), np.asarray(scale, dtype=np.float32))

    def transform(self, features: Float32) -> Float32:
        """Standardise rows of features; beyond eight deviations they are cut off."""
        return feature_kernels.standardise_rows(features, self.mean, self.scale, _MOST)


class FeatureBuilder:
    """Computes the features of candidates.

    Parameters
    ----------
    popularity
        Fitted on the same interactions as the recommenders.
    """

    def __init__(self, popularity: Popularity) -> None:
        # Shares of the busiest item, so that a refit on more data leaves the scale as the network learned it. The
        # last row is that of items which are newer than the interactions.
        windows = (popularity.counts, *popularity.recent)
        self._popularity = np.empty((len(popularity.counts) + 1, len(windows)), dtype=np.float32)
        for column, counts in enumerate(windows):
            self._popularity[:, column] = _log_share(np.append(counts, np.float32(0.0)))
        self._log_ranks = np.empty(0, dtype=np.float32)

    def build(self, candidates: Candidates, scaler: Scaler | None = None) -> Float32:
        """Compute the features, float32 (n, len(FEATURES)); standardised, where a scaler is given."""
        count = len(candidates.items)
        if not count:
            return np.empty((0, len(FEATURES)), dtype=np.float32)
        if count > len(self._log_ranks):
            self._log_ranks = np.log1p(np.arange(count, dtype=np.float32))
        described = (
            candidates.signals,
            candidates.neighbours,
            candidates.items,
            self._popularity,
            math.log1p(candidates.history_length),
            self._log_ranks,
        )
        if scaler is None:
            return feature_kernels.describe(*described)
        return feature_kernels.describe_standard(*described, scaler.mean, scaler.scale, _MOST)


def _log_share(counts: Float32) -> Float32:
    share = counts / max(float(counts.max(initial=0.0)), 1.0)
    logarithm: Float32 = np.log(share + 1e-4).astype(np.float32)
    return logarithm
