"""Selection: the first items of an order that are available and match a request."""

from dataclasses import dataclass

import numpy as np

from models.arrays import kernels
from models.arrays.membership import among
from models.arrays.types import Float32, Int32, Mask
from models.ranking.candidate_generation import NOTHING, CandidateQuery
from models.ranking.live_catalogue import LiveCatalogue


@dataclass(frozen=True)
class Selection:
    """Items, best first: codes, int32, with their scores, float32."""

    items: Int32
    scores: Float32

    def followed_by(self, items: Int32) -> "Selection":
        """Add items with a score of 0."""
        scores = np.zeros(len(items), dtype=np.float32)
        return Selection(np.concatenate([self.items, items]), np.concatenate([self.scores, scores]))

    def where(self, keep: Mask) -> "Selection":
        """Keep some of the items."""
        return Selection(self.items[keep], self.scores[keep])

    def topped_up(self, more: "Selection", limit: int) -> "Selection":
        """Add the first other items of a selection, with a score of 0, up to a number of items."""
        others = more.items[~among(more.items, self.items)]
        return self.followed_by(others[: max(limit - len(self.items), 0)])


def nothing() -> Selection:
    """Select no item."""
    return Selection(NOTHING, np.empty(0, dtype=np.float32))


def _eligible(live: LiveCatalogue, items: Int32, candidate_query: CandidateQuery) -> Mask:
    """Return which items may be shown and are wanted."""
    keep: Mask = ~live.blocked[items] & ~among(items, candidate_query.excluded)
    marks = candidate_query.wanted_among(items)
    return keep if marks is None else keep & marks


def highest(
    live: LiveCatalogue, items: Int32, scores: Float32, candidate_query: CandidateQuery, limit: int
) -> Selection:
    """Select the items with the highest scores; of equal scores the id decides, as codes differ between processes."""
    keep = _eligible(live, items, candidate_query)
    items, scores = items[keep], scores[keep]
    if len(items) > limit:
        least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        items, scores = items[scores >= least], scores[scores >= least]
    order = np.argsort(-scores, kind="stable")
    items, scores = items[order], scores[order]
    same = scores[1:] == scores[:-1]
    if same.any():
        # Reading ids takes most of the time: only those of equal scores are read.
        tied = np.append(False, same) | np.append(same, False)
        found = np.array(live.ids(items[tied]), dtype=np.str_)
        names = np.zeros(len(items), dtype=found.dtype)
        names[tied] = found
        order = np.lexsort((names, -scores))
        items, scores = items[order], scores[order]
    return Selection(items[:limit], scores[:limit])


def first_eligible(live: LiveCatalogue, items: Int32, candidate_query: CandidateQuery, limit: int) -> Int32:
    """Return the first items of an order that may be shown and are wanted."""
    return items[_eligible(live, items, candidate_query)][:limit]


def in_order(
    live: LiveCatalogue, scores: Float32, order: Int32, candidate_query: CandidateQuery, limit: int
) -> Selection:
    """Select the first items of an order that have a score above 0; `scores` has a place for each code."""
    barred = live.blocked.copy()
    barred[len(live) :] = True
    if candidate_query.wanted is not None:
        barred |= ~candidate_query.wanted
    if candidate_query.only is not None:
        others = np.ones(len(barred), dtype=np.bool_)
        others[candidate_query.only] = False
        barred |= others
    barred[candidate_query.excluded[candidate_query.excluded >= 0]] = True
    items = kernels.first_above_zero(order, scores, barred, limit)
    return Selection(items, scores[items])


def without_interactions(
    live: LiveCatalogue, candidate_query: CandidateQuery, selected: Int32, after: int, limit: int
) -> Int32:
    """Return items without interactions that fill a selection up to `limit`: those with a code from `after` on.

    The last codes come first: they are those of the items that came last.
    """
    missing = limit - len(selected)
    if missing <= 0:
        return NOTHING
    items = np.arange(len(live) - 1, after - 1, -1, dtype=np.int32)
    return items[_eligible(live, items, candidate_query) & ~np.isin(items, selected)][:missing]
