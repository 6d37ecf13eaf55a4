"""The kinds of lists that a scenario can be made of."""

from dataclasses import replace
from typing import Literal

import numpy as np

from app.errors import InvalidFieldsError
from app.schemas.options import MAX_LIMIT
from app.schemas.problems import FieldError
from app.schemas.scenario_definitions import Definition, Kind
from app.schemas.similar import BLEND, MAX_ITEMS
from app.services.popularity.selection import Selection
from app.services.recommending.candidate_queries import candidate_query
from app.services.recommending.charts import ChartService
from app.services.recommending.listing import Listing, ListRequest, Opened
from app.services.recommending.origins import Origin
from app.services.recommending.ranking import RankedList
from app.services.recommending.searching import SearchService
from app.services.recommending.similar_items import SimilarItemsService, values_of
from app.services.scenarios.newest import Newest

_BOUGHT_TOGETHER = "bought_together"
_POPULAR_WINDOW: Literal["all"] = "all"
_TRENDING_WINDOW: Literal["7d"] = "7d"


class Kinds:
    """Ranks the items of one kind of list for a request."""

    def __init__(
        self,
        listing: Listing,
        similar: SimilarItemsService,
        charts: ChartService,
        search: SearchService,
        newest: Newest,
    ) -> None:
        self._listing = listing
        self._similar = similar
        self._charts = charts
        self._search = search
        self._newest = newest

    async def require(self, definition: Definition, item_id: str | None, q: str | None) -> None:
        """Check what a definition needs of a request.

        Raises
        ------
        InvalidFieldsError
            It is for an item, and the request names none; or it is a search without words, or words without a search.
        NotFoundError
            There is no such item.
        UnknownMethodError
            No recommender of the method compares items.
        """
        if definition.kind == "item" and item_id is None:
            wrong = FieldError(field="item_id", code="missing", detail="is missing: this scenario is for an item")
            raise InvalidFieldsError("item_id is missing: this scenario is for an item", [wrong])
        _require_words(definition.kind, q)
        await self._similar.require([] if item_id is None else [item_id], definition.method or BLEND)

    def opened(self, request: ListRequest, kind: Kind, item_id: str | None) -> Opened:
        """Read the history of a request; its filters may refer to the item, or to the items of the cart."""
        about = items_of(request, kind, item_id)
        if about:
            return self._listing.opened(request, values_of(request.serving, about))
        # An empty cart has no values: what is compared with them is left out.
        return self._listing.opened(request, (lambda _: None) if kind == "cart" else None)

    async def ranked(
        self, kind: Kind, opened: Opened, definition: Definition, item_id: str | None, q: str | None = None
    ) -> tuple[RankedList, str | None]:
        """Rank the items of one kind, without those of earlier pages; return also why the list has other items."""
        if kind in {"user", "categories"}:
            return self._listing.recommended(opened) if kind == "user" else self._of_categories(opened), None
        if kind in {"item", "cart"}:
            return await self._alike(opened, items_of(opened.request, kind, item_id), definition, kind)
        if kind in {"popular", "trending"}:
            chart: Literal["popular", "trending"] = "popular" if kind == "popular" else "trending"
            window = definition.window or (_POPULAR_WINDOW if kind == "popular" else _TRENDING_WINDOW)
            found, reason, _ = await self._charts.ranked(opened, chart, window)
            return found, reason
        if kind == "search":
            return await self._search.ranked(self._with_seen(opened), q or "")
        if kind in {"again", "continue"}:
            return self._of_history(opened, kind), None
        return await self._by_time(opened), None

    async def _alike(
        self, opened: Opened, items: list[str], definition: Definition, kind: Kind
    ) -> tuple[RankedList, str | None]:
        if not items:
            return RankedList.nothing(opened.user_history.history), None
        method = definition.method or (_BOUGHT_TOGETHER if kind == "cart" else BLEND)
        found, reason = await self._similar.ranked(opened, items, method, fallback=False)
        if len(found.items) or method == BLEND or definition.method is not None:
            return found, reason
        # Before anything was bought together, what resembles the cart completes it.
        return await self._similar.ranked(opened, items, BLEND, fallback=False)

    def _with_seen(self, opened: Opened) -> Opened:
        """Read a history so that seen items are found too, unless the request says otherwise."""
        if opened.asked.exclude_seen is not None:
            return opened
        # The cursor was read before.
        options = replace(opened.asked, exclude_seen=False, cursor=None)
        again = self._listing.opened(replace(opened.request, options=options))
        return replace(again, earlier=opened.earlier)

    def _of_history(self, opened: Opened, kind: Kind) -> RankedList:
        """Rank what the user had before: what reached the goal, or what did not."""
        request = opened.request
        # The cursor was read before.
        options = replace(opened.asked, exclude_seen=None, cursor=None)
        reached = self._listing.opened(replace(request, options=options)).user_history
        known = np.unique(reached.items)
        done = np.setdiff1d(reached.excluded, reached.disliked)
        wanted = np.intersect1d(known, done) if kind == "again" else np.setdiff1d(known, reached.excluded)
        if not len(wanted):
            return RankedList.nothing(opened.user_history.history)
        own = replace(options, exclude_seen=False, candidates=tuple(request.serving.live.ids(wanted)))
        again = self._listing.opened(replace(request, options=own))
        return self._listing.recommended(replace(again, earlier=opened.earlier))

    async def _by_time(self, opened: Opened) -> RankedList:
        serving = opened.request.serving
        query = candidate_query(
            serving, opened.user_history, opened.asked, opened.earlier.known, favour_new_items=False
        )
        items = await self._newest.items(serving, query, MAX_LIMIT)
        selection = Selection(items, -np.arange(len(items), dtype=np.float32))
        return self._listing.arranged(opened, query, selection, Origin("newest"), personal=False)

    def _of_categories(self, opened: Opened) -> RankedList:
        """Take the best item of each category, in the order of these items."""
        wide = replace(opened, asked=replace(opened.asked, limit=MAX_LIMIT))
        found = self._listing.recommended(wide)
        live = opened.request.serving.live
        places = list[int]()
        seen = {name for code in opened.earlier.known.tolist() for name in live.values_of(code, "categories")}
        for place, code in enumerate(found.items.tolist()):
            own = live.values_of(code, "categories")
            if set(own) - seen:
                places.append(place)
                seen |= set(own)
        chosen = np.array(places, dtype=np.int64)
        return replace(found, items=found.items[chosen], scores=found.scores[chosen])


def _require_words(kind: Kind, q: str | None) -> None:
    """Refuse a search without words, and words for another kind."""
    if kind == "search" and q is None:
        wrong = FieldError(field="q", code="missing", detail="is missing: this scenario is a search")
    elif kind != "search" and q is not None:
        detail = f"belongs to scenarios of the kind search: this one is of the kind {kind}"
        wrong = FieldError(field="q", code="not_a_search", detail=detail)
    else:
        return
    raise InvalidFieldsError(f"q {wrong.detail}", [wrong])


def items_of(request: ListRequest, kind: Kind, item_id: str | None) -> list[str]:
    """Return the items that a list is for: the one of the page, or those of the cart."""
    page, cart = [] if item_id is None else [item_id], list(dict.fromkeys(request.options.session_items))[-MAX_ITEMS:]
    return cart or page if kind == "cart" else page
