"""Similar items: by users, by descriptions, by both, or by one method; trending items where none is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.errors import UnknownMethodError
from app.nearest_name import did_you_mean
from app.schemas.options import Options
from app.schemas.recommendations import ListStrategy
from app.schemas.similar import BLEND
from app.services.popularity.popular_items import PopularItems
from app.services.popularity.selection import Selection, highest, nothing
from app.services.recommending import drift
from app.services.recommending.answers import Answer
from app.services.recommending.before_bundle import BeforeBundle
from app.services.recommending.candidate_queries import candidate_query
from app.services.recommending.known_items import KnownItems
from app.services.recommending.likeness import similar_to
from app.services.recommending.listing import Listing, Opened
from app.services.recommending.origins import Origin
from app.services.recommending.ranking import DEPTH, RankedList
from app.services.recommending.request_reader import RequestReader
from app.services.state.active_bundle import ActiveBundle
from app.services.state.serving import Serving
from models.arrays.types import Int32
from models.filters.references import Lookup
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.ranker import Ranker
from models.recommenders.content import Content
from models.recommenders.item_knn import ItemKNN
from models.recommenders.recommender import ItemMatrix
from models.recommenders.registry import RECOMMENDERS
from models.similar.together import TOGETHER, WITH_THIS

_FALLBACK = "no similar item meets the request: these are {} items"


class SimilarItemsService:
    """Answers with the items that are most similar to one, or to several."""

    def __init__(
        self,
        bundle: ActiveBundle,
        charts: PopularItems,
        known: KnownItems,
        before_bundle: BeforeBundle,
        reader: RequestReader,
        listing: Listing,
    ) -> None:
        self._bundle = bundle
        self._charts = charts
        self._known = known
        self._before_bundle = before_bundle
        self._reader = reader
        self._listing = listing

    async def similar(
        self, item_ids: Sequence[str], method: str, user_id: str | None, options: Options, head: Mapping[str, Any]
    ) -> Answer:
        """Return the items most similar to some, without these items.

        Parameters
        ----------
        head
            What the answer begins with.

        Raises
        ------
        UnknownMethodError
            No recommender of this name compares items, or the bundle does not hold it.
        NotFoundError
            Neither the catalogue nor the bundle nor the log has one of the items.
        InvalidFieldsError
            `exclude_seen` names an event type that is not configured, or a filter refers to a field that no item has.
        DatabaseError
            An item is not in memory and cannot be looked up, or there is no bundle and the log cannot be read.
        """
        self._reader.require(options)
        await self.require(item_ids, method)
        log, degraded = await self._reader.log(user_id)
        about = "\0".join(("similar", method, *item_ids, ""))
        request = await self._reader.read(user_id, log, options, degraded=degraded, head=head, about=about)
        opened = self._listing.opened(request, values_of(request.serving, item_ids))
        ranked, reason = await self.ranked(opened, item_ids, method)
        continued: ListStrategy | None = "similar" if len(opened.earlier.items) else None
        return await self._listing.answer(self._listing.closed(opened, ranked, continued, reason))

    def methods(self) -> list[str]:
        """Name the methods that have something to compare items by, `blend` first."""
        ranker = self._bundle.serving.ranker
        if ranker is None:
            return [BLEND, ItemKNN.signals[0], Content.signals[0]]
        together = () if ranker.similar is None else ranker.similar.together
        return [BLEND, *_names(ranker), *(method for method in TOGETHER if method in together)]

    async def require(self, item_ids: Sequence[str], method: str) -> None:
        """Check the method and the items of a request; raises as `similar`."""
        _check_method(self._bundle.serving.ranker, method)
        for item_id in item_ids:
            await self._known.require(item_id)
        serving = self._bundle.serving
        if serving.ranker is None:
            # An item may be in the log alone: without a code it could not be left out of its own list.
            serving.live.assign_codes(item_ids)

    async def ranked(
        self, opened: Opened, item_ids: Sequence[str], method: str, *, fallback: bool = True
    ) -> tuple[RankedList, str | None]:
        """Rank the items that are alike for a request; return also why the list has other items than requested.

        Parameters
        ----------
        fallback
            Whether trending or popular items take the place of an empty list.

        Raises
        ------
        DatabaseError
            There is no bundle, and the catalogue or the log cannot be read.
        """
        serving, options = opened.request.serving, opened.asked
        drift.asked_about(serving, item_ids)
        query = candidate_query(serving, opened.user_history, options, opened.earlier.known, favour_new_items=False)
        codes = serving.live.codes(item_ids)
        own = codes[codes >= 0]
        query = replace(query, excluded=np.concatenate([query.excluded, own]).astype(np.int32))
        selection, nearest = await self._alike(serving, item_ids, codes, method, query, options.limit)
        strategy: ListStrategy = "similar"
        reason = None
        if not len(selection.items) and method in TOGETHER and options.cursor is None:
            # Items that were not bought together would say that they were.
            strategy, reason = "none", _why_not_together(serving.ranker, method)
        elif not len(selection.items) and options.cursor is None and fallback:
            found = await self._charts.fallback(serving, query, options.limit)
            selection, strategy = found.selection, found.strategy
            reason = found.reason if strategy == "none" else _FALLBACK.format(strategy)
        origin = Origin(strategy)
        if strategy == "similar":
            origin = Origin(strategy, method, tuple(item_ids), nearest)
        return self._listing.arranged(opened, query, selection, origin), reason

    async def _alike(
        self,
        serving: Serving,
        item_ids: Sequence[str],
        codes: Int32,
        method: str,
        query: CandidateQuery,
        limit: int,
    ) -> tuple[Selection, Mapping[int, str]]:
        """Select the items that are alike, of several the sum over them; name by code the one that each is nearest."""
        found = []
        for item_id, code in zip(item_ids, codes.tolist(), strict=True):
            if serving.ranker is not None:
                found.append(similar_to(serving, serving.ranker, code, method, DEPTH, query, enough=limit))
            else:
                items, scores = await self._before_bundle.alike(serving.live, item_id, method)
                found.append(highest(serving.live, items, scores, query, DEPTH))
        if len(found) <= 1:
            return found[0] if found else nothing(), {}
        items, place = np.unique(np.concatenate([one.items for one in found]), return_inverse=True)
        scores = np.bincount(place, np.concatenate([one.scores for one in found]), len(items)).astype(np.float32)
        selection = highest(serving.live, items, scores, query, DEPTH)
        best: dict[int, tuple[float, str]] = {}
        for item_id, one in zip(item_ids, found, strict=False):
            for code, score in zip(one.items.tolist(), one.scores.tolist(), strict=True):
                best[code] = max(best.get(code, (score, item_id)), (score, item_id))
        return selection, {code: best[code][1] for code in selection.items.tolist()}


def values_of(serving: Serving, item_ids: Sequence[str]) -> Lookup:
    """Give the values of a field of the items that a list is for."""
    live = serving.live
    return lambda field: [value for code in live.codes(item_ids).tolist() for value in live.values_of(code, field)]


def _check_method(ranker: Ranker | None, method: str) -> None:
    names = _names(ranker)
    if method not in {BLEND, *names, *TOGETHER}:
        known = [BLEND, *sorted(names), *TOGETHER]
        near = did_you_mean(method, known)
        raise UnknownMethodError(f"{method!r} does not compare items: use one of {', '.join(known)}{near}")


def _names(ranker: Ranker | None) -> list[str]:
    """Name the recommenders that compare items: those of the bundle, or all of them without one."""
    if ranker is None:
        return [entry.name for entry in RECOMMENDERS if issubclass(entry.recommender, ItemMatrix)]
    return [name for name, part in ranker.recommenders.items() if isinstance(part, ItemMatrix)]


def _why_not_together(ranker: Ranker | None, method: str) -> str:
    if ranker is None:
        return "there is no bundle yet: `braid train` makes one"
    if ranker.similar is None:
        return "the bundle is older than this method: train again"
    if method not in ranker.similar.together:
        return f"in the log of the bundle no item {TOGETHER[method]}: it needs event types and times"
    return f"no other item that meets the request {WITH_THIS[method]}"
