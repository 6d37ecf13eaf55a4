"""Popularity: how many interactions an item has, over all time and lately."""

from typing import Self

import numpy as np
import numpy.typing as npt

from models.bundle.loader import Bundle
from models.data.interactions import Interactions
from models.recommenders.rows import Float32

RECENT_SHARE = 0.1


class Popularity:
    """Ranks items by their number of interactions; the same for every user.

    Parameters
    ----------
    counts
        Interactions of each item, float32 of length n_items.
    recent
        The same within the last tenth of the interactions; equal to `counts` where the data has no order.
    """

    name = "popularity"

    def __init__(self, counts: Float32, recent: Float32) -> None:
        self.counts = counts
        self.recent = recent
        self.order: npt.NDArray[np.int32] = np.argsort(-counts, kind="stable").astype(np.int32)

    @classmethod
    def fit(cls, interactions: Interactions) -> Self:
        """Count the interactions of each item."""
        counts = np.bincount(interactions.items, minlength=interactions.n_items)
        recent = counts
        if interactions.timestamps is not None and len(interactions.items):
            since = np.quantile(interactions.timestamps, 1 - RECENT_SHARE)
            late = interactions.items[interactions.timestamps >= since]
            recent = np.bincount(late, minlength=interactions.n_items)
        return cls(counts.astype(np.float32), recent.astype(np.float32))

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """Take the counts from a bundle."""
        return cls(
            bundle.array("popularity_counts", np.float32),  # type: ignore[arg-type]
            bundle.array("popularity_recent", np.float32),  # type: ignore[arg-type]
        )

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays to store in a bundle."""
        return {"popularity_counts": self.counts, "popularity_recent": self.recent}
