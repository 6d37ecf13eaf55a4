"""Features: what the network reads about each candidate."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.ranking.candidates import SIGNALS, Candidates, relative
from models.recommenders import kernels
from models.recommenders.popularity import HALF_LIVES_DAYS, Popularity

Float32 = npt.NDArray[np.float32]

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


class Scaler:
    """Standardises features to mean 0 and deviation 1, as measured on the training lists."""

    def __init__(self, mean: Float32, scale: Float32) -> None:
        self.mean = mean
        self.scale = scale

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
        standard: Float32 = np.clip((features - self.mean) / self.scale, -8.0, 8.0)
        return standard


class FeatureBuilder:
    """Computes the features of candidates.

    Parameters
    ----------
    popularity
        Fitted on the same interactions as the recommenders.
    """

    def __init__(self, popularity: Popularity) -> None:
        # Shares of the busiest item, so that a refit on more data leaves the scale as the network learned it.
        self._popularity = _log_share(popularity.counts)
        self._recent = np.stack([_log_share(recent) for recent in popularity.recent])

    def build(self, candidates: Candidates) -> Float32:
        """Compute the features, float32 (n, len(FEATURES))."""
        count = len(candidates.items)
        features = np.empty((count, len(FEATURES)), dtype=np.float32)
        if not count:
            return features
        popularity, recent = self._popularity[candidates.items], self._recent[:, candidates.items]
        ranks = np.log1p(kernels.ranks(candidates.signals))
        best = candidates.signals.max(axis=1, keepdims=True)
        shares = candidates.signals / np.where(best > 0, best, np.float32(1.0)) * (best > 0)
        columns = (
            *(column for row in zip(candidates.signals, shares, ranks, strict=True) for column in row),
            relative(candidates.neighbours),
            _log_rank(candidates.neighbours),
            popularity,
            _log_rank(popularity),
            *recent,
            *(recent - popularity),
            np.float32(np.log1p(candidates.history_length)),
        )
        for position, column in enumerate(columns):
            features[:, position] = column
        return features


def _log_share(counts: Float32) -> Float32:
    share = counts / max(float(counts.max(initial=0.0)), 1.0)
    logarithm: Float32 = np.log(share + 1e-4).astype(np.float32)
    return logarithm


def _log_rank(scores: Float32) -> Float32:
    """Give the logarithm of each item's rank in the list, the best 0; equal scores share the better rank."""
    ranks: Float32 = np.log1p(kernels.ranks(scores[None, :]))[0]
    return ranks
