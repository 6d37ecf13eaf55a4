"""Popular and trending items, as lists that follow the request and the user."""

from dataclasses import replace
from typing import Literal

from app.schemas.options import Options
from app.schemas.popular import AnyWindow
from app.services.popularity.popular_items import PopularItems
from app.services.recommending.answers import Answer
from app.services.recommending.arranging import arranged
from app.services.recommending.candidate_queries import candidate_query
from app.services.recommending.listing import Listing
from app.services.recommending.pages import DEPTH
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
        serving = request.serving
        query = candidate_query(
            serving, opened.user_history, opened.asked, opened.earlier.known, favour_new_items=False
        )
        select = self._charts.popular if kind == "popular" else self._charts.trending
        found = await select(serving, query, max(DEPTH, options.limit) + 1, window)
        ranked = arranged(
            serving,
            opened.user_history,
            opened.asked,
            query,
            found.selection,
            found.strategy,
            first_page=options.cursor is None,
            rotation=self._listing.rotation,
        )
        continued = len(opened.earlier.items) > 0
        reason = None if options.cursor is not None else found.reason
        listed = self._listing.closed(opened, ranked, kind if continued else None, reason)
        head = {"user_id": user_id, "window": found.window}
        return await self._listing.answer(replace(listed, request=replace(request, head=head)))
