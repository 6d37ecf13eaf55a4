"""Candidates: the items chosen for one request, with the signals of every recommender."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays.types import Float32, Int32, Mask
from models.recommenders.registry import RECOMMENDERS

SIGNALS = tuple(signal for entry in RECOMMENDERS for signal in entry.recommender.signals)
"""Names of the signals, in the order of the rows."""
PARTS = tuple(part for entry in RECOMMENDERS for part in entry.parts)
"""The signals that are mixed, and evaluated alone."""


@dataclass(frozen=True)
class Candidates:
    """Items to rank, and their scores by the recommenders.

    `items` are codes, int32 of length n; `signals` is float32 (len(SIGNALS), n); `parts` is float32 (len(PARTS), n),
    each part's score relative to its best item in this request; `neighbours` is their mix, float32 of length n.
    `wanted`, if given, marks those that may be in the answer. The others are kept so that ranks and relative scores
    mean the same as in training. `context` are the features of the request, float32 of `CONTEXT`, where they are read.
    """

    items: Int32
    signals: Float32
    parts: Float32
    neighbours: Float32
    history_length: int
    wanted: Mask | None = None
    context: Float32 | None = None

    def take(self, chosen: npt.NDArray[np.integer]) -> "Candidates":
        """Keep some of the candidates."""
        return Candidates(
            self.items[chosen],
            np.take(self.signals, chosen, axis=1),
            np.take(self.parts, chosen, axis=1),
            self.neighbours[chosen],
            self.history_length,
            None if self.wanted is None else self.wanted[chosen],
            self.context,
        )

    def joined(self, other: "Candidates") -> "Candidates":
        """Add further candidates of the same request."""
        marked = self.wanted is not None and other.wanted is not None
        return Candidates(
            np.concatenate([self.items, other.items]),
            np.concatenate([self.signals, other.signals], axis=1),
            np.concatenate([self.parts, other.parts], axis=1),
            np.concatenate([self.neighbours, other.neighbours]),
            self.history_length,
            np.concatenate([self.wanted, other.wanted]) if marked else None,
        )
