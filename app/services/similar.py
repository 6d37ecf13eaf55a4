"""Similar items: by the ranker or one recommender of the bundle; trending ones where nothing similar is known."""

from typing import Any

import numpy as np
import numpy.typing as npt

from app.errors import NotFoundError, UnknownMethodError
from app.schemas.popular import ItemsQuery
from app.schemas.similar import BLEND, SimilarItems, SimilarItemsQuery, SimilarStrategy
from app.services import drift
from app.services.active_bundle import ActiveBundle
from app.services.patience import in_time
from app.services.picking import Picked, first, nothing, scored, wish_of
from app.services.serving import Serving
from app.services.trending import TrendingService
from app.storage.counts import CountStore
from app.storage.items import ItemStore
from models.data.history import History
from models.ranking.candidates import KINDS, PARTS, TRENDING
from models.ranking.drawing import Wish
from models.ranking.ranker import Ranker
from models.recommenders.content import Content
from models.recommenders.item_knn import ItemKNN
from models.recommenders.popularity import Popularity
from models.recommenders.recommender import ItemRows
from models.recommenders.repeats import Repeats

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]

_LATEST = 200_000
"""Rows of the log that are searched for an item that neither bundle nor catalogue knows: it must have come lately."""
_UNRELATED = {*Popularity.signals, TRENDING, Repeats.signals[0]}
_RELATED = np.array([part not in _UNRELATED for part in PARTS])
"""The parts that say something about two items; popular items fill lists up, and are like nothing."""
_INSTEAD = "nothing similar that fits is known: these are {} items"


class SimilarItemsService:
    """Answers with the items that resemble one."""

    def __init__(self, bundle: ActiveBundle, trending: TrendingService, items: ItemStore, counts: CountStore) -> None:
        self._bundle = bundle
        self._trending = trending
        self._items = items
        self._counts = counts

    async def similar(self, item_id: str, query: SimilarItemsQuery) -> SimilarItems:
        """Give the items most similar to one, without the item itself.

        Raises
        ------
        UnknownMethodError
            The bundle has no recommender of this name that compares items.
        NotFoundError
            Neither the catalogue nor the bundle nor the log has the item.
        DatabaseError
            The item is not in memory and cannot be looked up, or there is no bundle and the log cannot be counted.
        """
        _check_method(self._bundle.serving.ranker, query.method)
        await self._require(item_id)
        serving = self._bundle.serving
        serving.tick()
        if serving.ranker is None:
            # It may be known by the log alone: without a code it would come up in its own list.
            serving.live.admit([item_id])
        drift.asked_about(serving, [item_id])
        code = int(serving.live.codes([item_id])[0])
        wish = wish_of(serving, query, *([code] if code >= 0 else []))
        picked = _similar(serving, serving.ranker, code, query, wish)
        if len(picked.items):
            return _answer(serving, item_id, query, picked, "similar", None)
        found = await self._trending.instead(serving, wish, query)
        reason = found.reason if found.strategy == "none" else _INSTEAD.format(found.strategy)
        return _answer(serving, item_id, query, found.picked, found.strategy, reason)

    async def _require(self, item_id: str) -> None:
        serving = self._bundle.serving
        serving.tick()
        live = serving.live
        code = int(live.codes([item_id])[0])
        if 0 <= code < live.n_items or (code >= 0 and not live.blocked[code]):
            return
        if await in_time(self._items.get(item_id)) is not None:
            return
        if not await self._counts.has_item(item_id, None if serving.ranker is None else _LATEST):
            raise NotFoundError(f"there is no item {item_id!r}, and nobody did anything with one")


def _check_method(ranker: Ranker | None, method: str) -> None:
    if ranker is None:
        names = [kind.signals[0] for kind in KINDS if issubclass(kind, ItemRows)]
    else:
        names = [name for name, part in ranker.shelf.items() if isinstance(part, ItemRows)]
    if method not in {BLEND, *names}:
        raise UnknownMethodError(f"{method!r} is none of {', '.join([BLEND, *sorted(names)])}")


def _similar(serving: Serving, ranker: Ranker | None, code: int, query: SimilarItemsQuery, wish: Wish) -> Picked:
    if ranker is None or code < 0:
        return nothing()
    if query.method == BLEND:
        return _by_blend(serving, ranker, code, query, wish)
    part = ranker.shelf.get(query.method)
    return _by_rows(serving, part, code, query, wish) if isinstance(part, ItemRows) else nothing()


def _by_blend(serving: Serving, ranker: Ranker, code: int, query: ItemsQuery, wish: Wish) -> Picked:
    """Rank for somebody who had this one item."""
    config = ranker.retriever.config.blend
    popularity = ranker.retriever.popularity
    unhad = code >= serving.live.n_items or popularity.counts[code] == 0
    if unhad and config.content == 0:
        # Of what nobody had only the description is known, and the blend does not look at it.
        return _by_shelf(serving, ranker, code, query, wish)
    drawn = Wish(wish.excluded, wanted=wish.wanted, limit=max(config.candidates, query.limit))
    arrivals = serving.live.arrivals if len(serving.live.arrivals) else None
    ranked = ranker.rank(History(np.array([code], dtype=np.int32)), drawn, arrivals=arrivals)
    related = (ranked.candidates.parts[_RELATED][:, ranked.places] > 0).any(axis=0)
    found = Picked(ranked.items[related][: query.limit], ranked.scores[related][: query.limit])
    return found if len(found.items) else _by_shelf(serving, ranker, code, query, wish)


def _by_shelf(serving: Serving, ranker: Ranker, code: int, query: ItemsQuery, wish: Wish) -> Picked:
    """Compare by what was had together or else by the descriptions, whether the blend reads either or not."""
    for kind in (ItemKNN, Content):
        part = ranker.shelf.get(kind.signals[0])
        found = _by_rows(serving, part, code, query, wish) if isinstance(part, ItemRows) else nothing()
        if len(found.items):
            return found
    return nothing()


def _by_rows(serving: Serving, part: ItemRows[Any], code: int, query: ItemsQuery, wish: Wish) -> Picked:
    """Read a recommender's matrix; items that are newer than the bundle have rows of content only."""
    live = serving.live
    newer = live.arrivals.rows if isinstance(part, Content) else None
    if code >= live.n_items:
        if newer is None or code - live.n_items >= newer.n_rows:
            return nothing()
        items, scores = newer.row(code - live.n_items)
    else:
        items, scores = part.rows.row(code)
        if newer is not None:
            entries = np.flatnonzero(newer.indices == code)
            rows = np.searchsorted(newer.indptr, entries, side="right") - 1
            items = np.concatenate([items, (rows + live.n_items).astype(np.int32)])
            scores = np.concatenate([scores, newer.values[entries]])
    return first(live, items[scores > 0], scores[scores > 0], wish, query.limit)


def _answer(
    serving: Serving,
    item_id: str,
    query: SimilarItemsQuery,
    picked: Picked,
    strategy: SimilarStrategy,
    reason: str | None,
) -> SimilarItems:
    return SimilarItems.model_construct(
        item_id=item_id,
        method=query.method,
        items=scored(serving.live, picked),
        strategy=strategy,
        bundle_version=serving.version,
        next_cursor=None,
        reason=reason,
    )
