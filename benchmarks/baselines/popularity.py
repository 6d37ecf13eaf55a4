"""Popularity, overall and of the last days: the same list for all users."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from benchmarks.baselines.system import OneOf, Range, SameForAll, Scorer, Setting, System
from models.arrays.types import Float32
from models.data.interactions import Interactions

_SECONDS_A_DAY = 86_400


class Popularity(System):
    """Ranks items by their number of interactions."""

    name: ClassVar[str] = "popularity"

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:  # noqa: ARG002 - it has none
        """Count the interactions of each item."""
        return SameForAll(places(np.bincount(train.items, minlength=train.n_items), seed=seed))


class RecentPopularity(System):
    """Ranks items by their number of interactions in the last days, then by that in all days."""

    name: ClassVar[str] = "popularity_recent"
    space: ClassVar[Mapping[str, Range]] = {"days": OneOf((1, 3, 7, 14, 30, 60, 90, 180, 365))}
    start: ClassVar[Setting] = {"days": 30}

    def left_out(self, train: Interactions, *, include_seen: bool) -> str | None:  # noqa: ARG002
        """Require times that span some days, not only an order."""
        if train.timestamps is None:
            return "the data has no order"
        if np.ptp(train.timestamps) < _SECONDS_A_DAY:
            return "`timestamp` spans less than a day: it is an order, not a time"
        return None

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:
        """Count the interactions of each item since some days before the last one."""
        assert train.timestamps is not None  # noqa: S101 - `left_out` has looked
        late = train.timestamps > train.timestamps.max() - setting["days"] * _SECONDS_A_DAY
        recent = np.bincount(train.items[late], minlength=train.n_items)
        return SameForAll(places(recent, np.bincount(train.items, minlength=train.n_items), seed=seed))


def places(*counts: npt.NDArray[np.int64], seed: int) -> Float32:
    """Score items by their place in the order of some counts, the first one first, the best item with the most.

    Ties are broken at random under the seed, for all users in the same way.
    """
    noise = np.random.default_rng(seed).random(len(counts[0]))
    order = np.lexsort((noise, *(-count for count in reversed(counts))))
    scores = np.empty(len(order), dtype=np.float32)
    scores[order] = np.arange(len(order), 0, -1)
    return scores
