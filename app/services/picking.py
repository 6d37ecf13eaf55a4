"""Picking: the first items of an order that may be shown and fit what was asked for."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.schemas.popular import ItemsQuery, ScoredItem
from app.services.serving import Serving
from models.ranking.drawing import NOTHING, Wish
from models.ranking.live_catalogue import LiveCatalogue
from models.recommenders import kernels

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Picked:
    """Items, best first: codes, int32, with their scores, float32."""

    items: Int32
    scores: Float32

    def followed_by(self, items: Int32) -> "Picked":
        """Add items with a score of 0."""
        scores = np.zeros(len(items), dtype=np.float32)
        return Picked(np.concatenate([self.items, items]), np.concatenate([self.scores, scores]))


def nothing() -> Picked:
    """Pick no item."""
    return Picked(NOTHING, np.empty(0, dtype=np.float32))


def wish_of(serving: Serving, query: ItemsQuery, *excluded: int) -> Wish:
    """Turn what is asked for into codes; `excluded` are codes that are left out besides."""
    given = serving.live.known_codes(query.exclude)
    wanted = None if query.filter is None else serving.live.mask(query.filter)
    return Wish(np.concatenate([given, np.array(excluded, dtype=np.int32)]), wanted=wanted)


def fitting(live: LiveCatalogue, items: Int32, wish: Wish) -> Mask:
    """Tell which items may be shown and are wanted."""
    keep: Mask = ~live.blocked[items] & ~np.isin(items, wish.excluded)
    marks = wish.marks(items)
    return keep if marks is None else keep & marks


def first(live: LiveCatalogue, items: Int32, scores: Float32, wish: Wish, limit: int) -> Picked:
    """Pick the items with the highest scores; of equal ones the id decides, as codes differ between processes."""
    keep = fitting(live, items, wish)
    items, scores = items[keep], scores[keep]
    if len(items) > limit:
        least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        items, scores = items[scores >= least], scores[scores >= least]
    names = np.array(live.ids(items), dtype=np.str_)
    order = np.lexsort((names, -scores))[:limit]
    return Picked(items[order], scores[order])


def in_order(live: LiveCatalogue, scores: Float32, order: Int32, wish: Wish, limit: int) -> Picked:
    """Pick the first items of an order that have a score above 0; `scores` has a place for each code."""
    barred = live.blocked.copy()
    barred[len(live) :] = True
    if wish.wanted is not None:
        barred |= ~wish.wanted
    if wish.only is not None:
        others = np.ones(len(barred), dtype=np.bool_)
        others[wish.only] = False
        barred |= others
    barred[wish.excluded[wish.excluded >= 0]] = True
    picked = kernels.first_positive(order, scores, barred, limit)
    return Picked(picked, scores[picked])


def unhad(live: LiveCatalogue, wish: Wish, picked: Int32, after: int, limit: int) -> Int32:
    """Pick items that nobody had, those with a code from `after` on, where fewer than `limit` are picked."""
    missing = limit - len(picked)
    if missing <= 0:
        return NOTHING
    items = np.arange(after, len(live), dtype=np.int32)
    return items[fitting(live, items, wish) & ~np.isin(items, picked)][:missing]


def scored(live: LiveCatalogue, picked: Picked) -> list[ScoredItem]:
    """Write items as the wire has them."""
    pairs = zip(live.ids(picked.items), picked.scores.tolist(), strict=True)
    return [
        ScoredItem.model_construct(item_id=item_id, score=score, rank=rank)
        for rank, (item_id, score) in enumerate(pairs, 1)
    ]
