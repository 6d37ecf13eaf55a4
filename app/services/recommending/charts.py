"""Popular and trending items, as lists that follow the request and the user."""

from dataclasses import replace
from typing import Literal

from app.schemas.options import Options
from app.schemas.popular import AnyWindow
from app.services.popularity.popular_items import PopularItems
from app.services.recommending.answers import Answer
from app.services.recommending.candidate_queries import candidate_query
from app.services.recommending.listing import Listing, Opened
from app.services.recommending.origins import Origin
from app.services.recommending.ranking import DEPTH, RankedList
from app.services.recommending.request_reader import RequestReader


class ChartService:
    """Answers with the items that are popular, or trending, among all users."""

    def __init__(self, charts: PopularItems, reader: RequestReader, listing: Listing) -> None:
        self._charts = charts
        self._reader = reader
        self._listing = listing

    async def chart(
        self, kind: Literal["popular", "trending"], window: AnyWindow, user_id: str | None, options: Options
    ) -> Answer:
        """Return a chart; for a user, in an order that fits what the user likes.

        Raises
        ------
        InvalidFieldsError
            `exclude_seen` names an event type that is not configured, or a filter refers to an item.
        DatabaseError
            There is no bundle, and the log cannot be read.
        """
        self._reader.require(options)
        log, degraded = await self._reader.log(user_id)
        about = f"{kind}\0{window}\0"
        request = await self._reader.read(user_id, log, options, degraded=degraded, about=about)
        opened = self._listing.opened(request)
        ranked, reason, window = await self.ranked(opened, kind, window)
        continued = len(opened.earlier.items) > 0
        listed = self._listing.closed(opened, ranked, kind if continued else None, reason)
        head = {"user_id": user_id, "window": window}
        return await self._listing.answer(replace(listed, request=replace(request, head=head)))

    async def ranked(
        self, opened: Opened, kind: Literal["popular", "trending"], window: AnyWindow
    ) -> tuple[RankedList, str | None, AnyWindow]:
        """Rank a chart for a request; return also why it has other items than requested, and the window that was used.

        Raises
        ------
        DatabaseError
            There is no bundle, and the log cannot be read.
        """
        serving, options = opened.request.serving, opened.asked
        query = candidate_query(
            serving, opened.user_history, opened.asked, opened.earlier.known, favour_new_items=False
        )
        select = self._charts.popular if kind == "popular" else self._charts.trending
        found = await select(serving, query, max(DEPTH, options.limit) + 1, window)
        ranked = self._listing.arranged(opened, query, found.selection, Origin(found.strategy))
        return ranked, None if options.cursor is not None else found.reason, found.window
