"""Features: the numbers that the network reads for each candidate."""

import math
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from models.arrays.types import Float32
from models.ranking import feature_kernels
from models.ranking.candidates import SIGNALS, Candidates
from models.ranking.context import AGE, CONTEXT
from models.recommenders.popularity import HALF_LIVES_DAYS, Popularity
from models.recommenders.registry import RECOMMENDERS


def network_signals(recommenders: Collection[str] | None = None) -> tuple[str, ...]:
    """Return the signals that a network reads if it is trained with these recommenders; by default all."""
    return tuple(
        signal
        for entry in RECOMMENDERS
        if entry.read_by_network and (recommenders is None or entry.name in recommenders)
        for signal in entry.recommender.signals
    )


def feature_names(signals: Sequence[str], *, context: bool = False) -> tuple[str, ...]:
    """Return the names of the features that come from some signals, in the order of the columns."""
    return (
        *_plain_names(signals),
        *((*CONTEXT, AGE) if context else ()),
    )


def _plain_names(signals: Sequence[str]) -> tuple[str, ...]:
    return (
        *(f"{signal}_{kind}" for signal in signals for kind in ("score", "relative", "rank")),
        "neighbours_relative",
        "neighbours_rank",
        "popularity_share",
        "popularity_share_rank",
        *(f"popularity_recent_{row}" for row in range(len(HALF_LIVES_DAYS))),
        *(f"popularity_trend_{row}" for row in range(len(HALF_LIVES_DAYS))),
        "history_length",
    )


NETWORK_SIGNALS = network_signals()
FEATURES = feature_names(NETWORK_SIGNALS)
"""The features of a network that reads all recommenders; of each bundle it reads those that have data."""
_MOST = 8.0


class Scaler:
    """Standardises features to mean 0 and deviation 1, as measured on the training lists."""

    def __init__(self, mean: Float32, scale: Float32) -> None:
        self.mean = mean
        self.scale = scale

    @classmethod
    def fit(cls, lists: Sequence[Float32]) -> "Scaler":
        """Measure mean and deviation over the rows of all lists; constant features are only centred."""
        count = sum(len(features) for features in lists)
        # List by list: a copy of all of them in float64 would be the largest array of a training run.
        mean = sum(features.sum(axis=0, dtype=np.float64) for features in lists) / count
        deviation = np.sqrt(sum(np.square(features - mean).sum(axis=0) for features in lists) / count)
        scale = np.where(deviation > 1e-8, deviation, 1.0)  # noqa: PLR2004
        return cls(np.asarray(mean, dtype=np.float32), np.asarray(scale, dtype=np.float32))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {"scaler_mean": self.mean, "scaler_scale": self.scale}

    def transform(self, features: Float32) -> Float32:
        """Standardise rows of features; values beyond eight deviations are clipped."""
        return feature_kernels.standardise_features(features, self.mean, self.scale, _MOST)


class FeatureBuilder:
    """Computes the features of candidates.

    Parameters
    ----------
    popularity
        Fitted on the same interactions as the recommenders.
    signals
        Names of the candidates' signals that the network reads.
    context
        Whether it reads the context of the request and the age of the items as well.
    """

    def __init__(
        self, popularity: Popularity, signals: tuple[str, ...] = NETWORK_SIGNALS, *, context: bool = False
    ) -> None:
        self._names = feature_names(signals, context=context)
        self._ages = np.log1p(np.append(popularity.ages, np.float32(0.0))) if context else None
        self._rows = None if signals == SIGNALS else np.array([SIGNALS.index(name) for name in signals], dtype=np.intp)
        # Relative to the most popular item, so that a refit on more data keeps the scale that the network learned. The
        # last row stands for items that are newer than the interactions.
        windows = (popularity.counts, *popularity.recent)
        self._popularity = np.empty((len(popularity.counts) + 1, len(windows)), dtype=np.float32)
        for column, counts in enumerate(windows):
            self._popularity[:, column] = _log_share(np.append(counts, np.float32(0.0)))
        self._log_ranks = np.empty(0, dtype=np.float32)

    def build(self, candidates: Candidates, scaler: Scaler | None = None) -> Float32:
        """Compute the features, float32 (n, features); standardised where a scaler is given."""
        count = len(candidates.items)
        if not count:
            return np.empty((0, len(self._names)), dtype=np.float32)
        if count >= len(self._log_ranks):
            self._log_ranks = np.log1p(np.arange(count + 1, dtype=np.float32))
        described = (
            candidates.signals if self._rows is None else candidates.signals[self._rows],
            candidates.neighbours,
            candidates.items,
            candidates.reference,
            self._popularity,
            math.log1p(candidates.history_length),
            self._log_ranks,
        )
        if self._ages is not None:
            plain = feature_kernels.compute_features(*described)
            features = np.concatenate([plain, self._in_context(candidates, self._ages)], axis=1)
            return features if scaler is None else scaler.transform(features)
        if scaler is None:
            return feature_kernels.compute_features(*described)
        return feature_kernels.compute_standardised_features(*described, scaler.mean, scaler.scale, _MOST)

    def _in_context(self, candidates: Candidates, ages: Float32) -> Float32:
        found = np.zeros((len(candidates.items), len(CONTEXT) + 1), dtype=np.float32)
        if candidates.context is not None:
            found[:, :-1] = candidates.context
        found[:, -1] = ages[np.minimum(candidates.items, len(ages) - 1)]
        return found


def _log_share(counts: Float32) -> Float32:
    share = counts / max(float(counts.max(initial=0.0)), 1.0)
    logarithm: Float32 = np.log(share + 1e-4).astype(np.float32)
    return logarithm
