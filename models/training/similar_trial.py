"""Held-out pairs as tables on which settings of similar items are tried fast."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from models.arrays.types import Float32, Float64, Int32, Int64
from models.data.interactions import Interactions
from models.data.liked_pairs import LikedPairs
from models.evaluation.similar_lists import DEPTH

MAX_ITEMS = 2000
"""Items whose lists are tried."""
MAX_OTHERS = 4000
"""Items that these are compared with: the second items of all pairs, and random ones."""
MAX_PAIRS = 10_000


@dataclass(frozen=True)
class PairTable:
    """Some pairs, and the items that are compared for them; the fit knows nothing of what is hidden.

    `items` (int32, ascending) are the rows of a table of scores, `others` (int32, ascending) its columns; `rows` and
    `columns` (int64) are the places of the pairs in it. `counts` are the known interactions of all items, float32.
    `overlap` is the Jaccard coefficient of the labels of each item and each other, float32; NaN for items without
    labels.
    """

    known: Interactions
    items: Int32
    others: Int32
    rows: Int64
    columns: Int64
    counts: Float32
    overlap: Float32

    @classmethod
    def draw(
        cls, interactions: Interactions, pairs: LikedPairs, labels: Sequence[frozenset[str]], *, seed: int
    ) -> "PairTable":
        """Draw pairs at random, and the items to compare.

        Parameters
        ----------
        interactions
            Those of which the pairs were held out.
        labels
            The categories or tags of each item.
        """
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(pairs))[:MAX_PAIRS]
        _, seen = np.unique(pairs.first[order], return_index=True)
        allowed = pairs.first[order][np.sort(seen)[:MAX_ITEMS]]
        chosen = pairs.take(order[np.isin(pairs.first[order], allowed)])
        items = np.unique(chosen.first)
        known = interactions.select(~pairs.hidden)
        counts = np.bincount(known.items, minlength=known.n_items).astype(np.float32)
        drawn = rng.permutation(known.n_items)[:MAX_OTHERS].astype(np.int32)
        others = np.union1d(np.unique(chosen.second), drawn[: max(MAX_OTHERS - len(np.unique(chosen.second)), 0)])
        return cls(
            known,
            items,
            others,
            np.searchsorted(items, chosen.first),
            np.searchsorted(others, chosen.second),
            counts,
            _overlaps(items, others, labels),
        )

    def hits(self, scores: Float32) -> Float64:
        """Return which second items are among the best of their list, float64; of equal scores the first code wins.

        Parameters
        ----------
        scores
            float32 (items, others); only what is above 0 is in a list.
        """
        alone = self.without_itself(scores)
        mine = alone[self.rows, self.columns]
        better = np.empty(len(mine), dtype=np.int64)
        for place, (row, column, score) in enumerate(zip(self.rows, self.columns, mine, strict=True)):
            own = alone[row]
            better[place] = np.count_nonzero(own > score) + np.count_nonzero(own[:column] == score)
        found: Float64 = ((better < DEPTH) & (mine > 0)).astype(np.float64)
        return found

    def mean_overlap(self, scores: Float32) -> float:
        """Return the mean over the pairs of how alike the labels of the first item and its list are; 0 without labels.

        Lists that are asked for often count often.
        """
        alone = self.without_itself(scores)
        count = min(DEPTH, alone.shape[1])
        best = np.argpartition(-alone, count - 1, axis=1)[:, :count]
        listed = np.take_along_axis(alone, best, axis=1) > 0
        overlap = np.where(listed, np.take_along_axis(self.overlap, best, axis=1), 0.0).sum(axis=1)
        means = overlap / np.maximum(listed.sum(axis=1), 1)
        counted = means[self.rows][listed.any(axis=1)[self.rows]]
        return float(np.nanmean(counted)) if np.isfinite(counted).any() else 0.0

    def without_itself(self, scores: Float32) -> Float32:
        """Set the score of each item for itself to 0."""
        alone = scores.copy()
        place = np.minimum(np.searchsorted(self.others, self.items), len(self.others) - 1)
        mine = np.flatnonzero(self.others[place] == self.items)
        alone[mine, place[mine]] = 0.0
        return alone


def _overlaps(items: Int32, others: Int32, labels: Sequence[frozenset[str]]) -> Float32:
    names = {name: place for place, name in enumerate(sorted({name for own in labels for name in own}))}
    marks = [_marks(codes, labels, names) for codes in (items, others)]
    common = (marks[0] @ marks[1].T).toarray().astype(np.float32)
    sizes = [np.array([len(labels[code]) for code in codes.tolist()], dtype=np.float32) for codes in (items, others)]
    either = sizes[0][:, None] + sizes[1][None] - common
    found: Float32 = np.divide(common, either, out=np.zeros_like(common), where=either > 0)
    found[sizes[0] == 0] = np.nan
    return found


def _marks(codes: Int32, labels: Sequence[frozenset[str]], names: dict[str, int]) -> "sp.csr_matrix[np.float32]":
    """Return a matrix of items x labels, 1 where an item has a label."""
    rows = [row for row, code in enumerate(codes.tolist()) for _ in labels[code]]
    columns = [names[name] for code in codes.tolist() for name in labels[code]]
    return sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(codes), max(len(names), 1)))
