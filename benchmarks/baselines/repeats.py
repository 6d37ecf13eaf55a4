"""Repeats: items of the user's own history, recommended again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmarks.baselines.popularity import places
from benchmarks.baselines.system import Batch, Between, Range, Scorer, Scores, Setting, System
from models.arrays.types import Float32
from models.data.interactions import Interactions


class Repeats(System):
    """Ranks the items of the user's history by frequency and recency, then the others by popularity.

    With `decay` 1 an item's score is the number of the user's interactions with it; the lower the decay, the more the
    latest ones count.
    """

    name: ClassVar[str] = "repeats"
    space: ClassVar[Mapping[str, Range]] = {"decay": Between(0.3, 1.0)}
    start: ClassVar[Setting] = {"decay": 1.0}

    def left_out(self, train: Interactions, *, include_seen: bool) -> str | None:  # noqa: ARG002
        """Require lists that may hold seen items."""
        return None if include_seen else "seen items are not recommended without --include-seen"

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:
        """Count the interactions of each item, to fill up the lists."""
        popular = places(np.bincount(train.items, minlength=train.n_items), seed=seed)
        decay = float(setting["decay"]) if train.timestamps is not None else 1.0
        return _OwnItems(decay, popular - len(popular) - 1)


@dataclass(frozen=True)
class _OwnItems:
    decay: float
    fill: Float32
    """Popularity as scores below 0."""

    def score(self, batch: Batch) -> Scores:
        # In double precision, because decayed scores get very small.
        scores = np.zeros((len(batch.users), batch.n_items))
        for row in range(len(batch.users)):
            items = batch.histories.row(row)
            np.add.at(scores[row], items, self.decay ** np.arange(len(items) - 1, -1, -1, dtype=np.float64))
        return np.where(scores > 0, scores, self.fill)
