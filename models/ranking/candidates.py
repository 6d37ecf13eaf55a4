"""Candidates: the items chosen for one request, with the signals of every recommender."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.arrays.types import Float32, Int32, Mask
from models.recommenders.registry import RECOMMENDERS

SIGNALS = tuple(signal for entry in RECOMMENDERS for signal in entry.recommender.signals)
"""Names of the signals, in the order of the rows."""
PARTS = tuple(part for entry in RECOMMENDERS for part in entry.parts)
"""The signals that are mixed, and evaluated alone."""
TRAINED = tuple(part for entry in RECOMMENDERS if not entry.retired for part in entry.parts)
"""Those that training fits."""
ListKind = Literal["generated", "given", "filtered"]
"""Where the items of a list come from: candidate generation alone, the request itself, or a filter of the request."""

_ALL: Int32 = np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class Candidates:
    """Items to rank, and their scores by the recommenders.

    `items` are codes, int32 of length n; `signals` is float32 (len(SIGNALS), n); `parts` is float32 (len(PARTS), n),
    each part's score relative to its best item in this request; `neighbours` is their mix, float32 of length n.
    `wanted`, if given, marks those that may be in the answer. `generated`, if given, marks those that the same request
    would have without given items, filters and boosts: features and blend are relative to these, so that they mean
    the same as in training, and the score of an item does not depend on what else the request names. Where None, all
    are generated. `context` are the features of the request, float32 of `CONTEXT`, where they are read.
    """

    items: Int32
    signals: Float32
    parts: Float32
    neighbours: Float32
    history_length: int
    wanted: Mask | None = None
    generated: Mask | None = None
    kind: ListKind = "generated"
    context: Float32 | None = None

    def take(self, chosen: npt.NDArray[np.integer]) -> "Candidates":
        """Keep some of the candidates."""
        return replace(
            self,
            items=self.items[chosen],
            signals=np.take(self.signals, chosen, axis=1),
            parts=np.take(self.parts, chosen, axis=1),
            neighbours=self.neighbours[chosen],
            wanted=None if self.wanted is None else self.wanted[chosen],
            generated=None if self.generated is None else self.generated[chosen],
        )

    def joined(self, other: "Candidates") -> "Candidates":
        """Add further candidates of the same request, which do not count as generated."""
        marked = self.wanted is not None and other.wanted is not None
        generated = self.generated
        return replace(
            self,
            items=np.concatenate([self.items, other.items]),
            signals=np.concatenate([self.signals, other.signals], axis=1),
            parts=np.concatenate([self.parts, other.parts], axis=1),
            neighbours=np.concatenate([self.neighbours, other.neighbours]),
            wanted=np.concatenate([self.wanted, other.wanted]) if marked else None,
            generated=None if generated is None else np.append(generated, np.zeros(len(other.items), dtype=np.bool_)),
        )

    @property
    def reference(self) -> Int32:
        """The places of the generated candidates; empty where all are generated, or none is."""
        if self.generated is None:
            return _ALL
        return np.flatnonzero(self.generated).astype(np.int32)
