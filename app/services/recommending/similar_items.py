"""Similar items: by the ranker or by one recommender of the bundle; trending items where none is known."""

from typing import Any

import numpy as np

from app.errors import NotFoundError, UnknownMethodError
from app.schemas.popular import ItemsQuery
from app.schemas.similar import BLEND, SimilarItems, SimilarItemsQuery, SimilarStrategy
from app.services.kit.database_timeout import with_timeout
from app.services.popularity.popular_items import PopularItems
from app.services.popularity.selection import Selection, highest, nothing, scored, to_candidate_query
from app.services.recommending import drift
from app.services.state.active_bundle import ActiveBundle
from app.services.state.serving import Serving
from app.storage.counts import CountStore
from app.storage.items import ItemStore
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.like_one import ranked_for_one
from models.ranking.ranker import Ranker
from models.recommenders.content import Content
from models.recommenders.recommender import ItemMatrix
from models.recommenders.registry import RECOMMENDERS

_LATEST = 200_000
"""Latest rows of the log that are searched for an item that neither bundle nor catalogue knows: it must be new."""
_COMPARING = [entry.name for entry in RECOMMENDERS if entry.compares_items]
_FALLBACK = "no similar item meets the request: these are {} items"


class SimilarItemsService:
    """Answers with the items that are most similar to one."""

    def __init__(self, bundle: ActiveBundle, charts: PopularItems, items: ItemStore, counts: CountStore) -> None:
        self._bundle = bundle
        self._charts = charts
        self._items = items
        self._counts = counts

    async def similar(self, item_id: str, query: SimilarItemsQuery) -> SimilarItems:
        """Return the items most similar to one, without the item itself.

        Raises
        ------
        UnknownMethodError
            No recommender of this name compares items, or the bundle does not hold it.
        NotFoundError
            Neither the catalogue nor the bundle nor the log has the item.
        DatabaseError
            The item is not in memory and cannot be looked up, or there is no bundle and the log cannot be read.
        """
        _check_method(self._bundle.serving.ranker, query.method)
        await self._require(item_id)
        serving = self._bundle.serving
        serving.update_availability()
        if serving.ranker is None:
            # The item may be in the log alone: without a code it could not be left out of its own list.
            serving.live.assign_codes([item_id])
        drift.asked_about(serving, [item_id])
        code = int(serving.live.codes([item_id])[0])
        candidate_query = to_candidate_query(serving, query, *([code] if code >= 0 else []))
        selection = _similar(serving, serving.ranker, code, query, candidate_query)
        if len(selection.items):
            return _answer(serving, item_id, query, selection, "similar", None)
        found = await self._charts.fallback(serving, candidate_query, query)
        reason = found.reason if found.strategy == "none" else _FALLBACK.format(found.strategy)
        return _answer(serving, item_id, query, found.selection, found.strategy, reason)

    async def _require(self, item_id: str) -> None:
        serving = self._bundle.serving
        serving.update_availability()
        live = serving.live
        code = int(live.codes([item_id])[0])
        if 0 <= code < live.n_items or (code >= 0 and not live.blocked[code]):
            return
        if await with_timeout(self._items.get(item_id)) is not None:
            return
        if not await self._counts.has_item(item_id, None if serving.ranker is None else _LATEST):
            raise NotFoundError(f"there is no item {item_id!r} in the catalogue, the bundle or the log")


def _check_method(ranker: Ranker | None, method: str) -> None:
    if ranker is None:
        names = [entry.name for entry in RECOMMENDERS if issubclass(entry.recommender, ItemMatrix)]
    else:
        names = [name for name, part in ranker.recommenders.items() if isinstance(part, ItemMatrix)]
    if method not in {BLEND, *names}:
        raise UnknownMethodError(f"{method!r} does not compare items: use one of {', '.join([BLEND, *sorted(names)])}")


def _similar(
    serving: Serving, ranker: Ranker | None, code: int, query: SimilarItemsQuery, candidate_query: CandidateQuery
) -> Selection:
    if ranker is None or code < 0:
        return nothing()
    if query.method == BLEND:
        return _by_blend(serving, ranker, code, query, candidate_query)
    part = ranker.recommenders.get(query.method)
    return _by_rows(serving, part, code, query, candidate_query) if isinstance(part, ItemMatrix) else nothing()


def _by_blend(
    serving: Serving, ranker: Ranker, code: int, query: ItemsQuery, candidate_query: CandidateQuery
) -> Selection:
    """Rank for a history that holds only this item."""
    new = code >= serving.live.n_items or ranker.popularity.counts[code] == 0
    if new and ranker.weight_of(Content.signals[0]) == 0:
        # Without interactions only its description is known, and the blend does not read that.
        return _by_recommenders(serving, ranker, code, query, candidate_query)
    drawn = CandidateQuery(
        candidate_query.excluded, wanted=candidate_query.wanted, limit=max(ranker.n_candidates, query.limit)
    )
    new_items = serving.live.new_items if len(serving.live.new_items) else None
    items, scores = ranked_for_one(ranker, code, drawn, new_items)
    found = Selection(items[: query.limit], scores[: query.limit])
    return found if len(found.items) else _by_recommenders(serving, ranker, code, query, candidate_query)


def _by_recommenders(
    serving: Serving, ranker: Ranker, code: int, query: ItemsQuery, candidate_query: CandidateQuery
) -> Selection:
    """Compare by common interactions, or else by descriptions, whether the blend reads these recommenders or not."""
    for name in _COMPARING:
        part = ranker.recommenders.get(name)
        found = _by_rows(serving, part, code, query, candidate_query) if isinstance(part, ItemMatrix) else nothing()
        if len(found.items):
            return found
    return nothing()


def _by_rows(
    serving: Serving, part: ItemMatrix[Any], code: int, query: ItemsQuery, candidate_query: CandidateQuery
) -> Selection:
    """Read a recommender's matrix; items that are newer than the bundle have rows of content only."""
    live = serving.live
    newer = live.new_items.rows if isinstance(part, Content) else None
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
    return highest(live, items[scores > 0], scores[scores > 0], candidate_query, query.limit)


def _answer(
    serving: Serving,
    item_id: str,
    query: SimilarItemsQuery,
    selection: Selection,
    strategy: SimilarStrategy,
    reason: str | None,
) -> SimilarItems:
    return SimilarItems.model_construct(
        item_id=item_id,
        method=query.method,
        items=scored(serving.live, selection),
        strategy=strategy,
        bundle_version=serving.version,
        next_cursor=None,
        reason=reason,
    )
