"""Similar items: by users, by descriptions, by both, or by one method; trending items where none is known."""

from app.errors import NotFoundError, UnknownMethodError
from app.schemas.similar import BLEND, SimilarItems, SimilarItemsQuery, SimilarStrategy
from app.services.kit.database_timeout import with_timeout
from app.services.popularity.popular_items import PopularItems
from app.services.popularity.selection import Selection, highest, nothing, scored, to_candidate_query
from app.services.recommending import drift
from app.services.recommending.catalogue_content import CatalogueContent
from app.services.recommending.likeness import similar_to
from app.services.state.active_bundle import ActiveBundle
from app.services.state.serving import Serving
from app.storage.counts import CountStore
from app.storage.items import ItemStore
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.ranker import Ranker
from models.recommenders.recommender import ItemMatrix
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.vectors import Vectors
from models.similar.similar_items import BY_CONTENT
from models.similar.together import TOGETHER, WITH_THIS

_LATEST = 200_000
"""Latest rows of the log that are searched for an item that neither bundle nor catalogue knows: it must be new."""
_FALLBACK = "no similar item meets the request: these are {} items"


class SimilarItemsService:
    """Answers with the items that are most similar to one."""

    def __init__(
        self,
        bundle: ActiveBundle,
        charts: PopularItems,
        items: ItemStore,
        counts: CountStore,
        catalogue: CatalogueContent,
    ) -> None:
        self._bundle = bundle
        self._charts = charts
        self._items = items
        self._counts = counts
        self._catalogue = catalogue

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
        selection = await self._alike(serving, item_id, code, query, candidate_query)
        if len(selection.items):
            return _answer(serving, item_id, query, selection, "similar", None)
        if query.method in TOGETHER:
            # Items that were not bought together would say that they were.
            return _answer(serving, item_id, query, nothing(), "none", _why_not_together(serving.ranker, query.method))
        found = await self._charts.fallback(serving, candidate_query, query)
        reason = found.reason if found.strategy == "none" else _FALLBACK.format(found.strategy)
        return _answer(serving, item_id, query, found.selection, found.strategy, reason)

    async def _alike(
        self, serving: Serving, item_id: str, code: int, query: SimilarItemsQuery, candidate_query: CandidateQuery
    ) -> Selection:
        if serving.ranker is not None:
            return similar_to(serving, serving.ranker, code, query, candidate_query)
        if query.method == Vectors.signals[0]:
            items, scores = self._catalogue.nearest(serving.live, item_id)
        elif query.method in {BLEND, BY_CONTENT}:
            items, scores = await self._catalogue.alike(serving.live, item_id)
        else:
            return nothing()
        return highest(serving.live, items, scores, candidate_query, query.limit)

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
    if method not in {BLEND, *names, *TOGETHER}:
        known = ", ".join([BLEND, *sorted(names), *TOGETHER])
        raise UnknownMethodError(f"{method!r} does not compare items: use one of {known}")


def _why_not_together(ranker: Ranker | None, method: str) -> str:
    if ranker is None:
        return "there is no bundle yet: `braid train` makes one"
    if ranker.similar is None:
        return "the bundle is older than this method: train again"
    if method not in ranker.similar.together:
        return f"in the log of the bundle no item {TOGETHER[method]}: it needs event types and times"
    return f"no other item that meets the request {WITH_THIS[method]}"


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
