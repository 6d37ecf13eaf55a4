"""Segments of a user: the categories, tags or brands that fit best."""

import numpy as np

from app.errors import InvalidFieldsError
from app.schemas.options import MAX_LIMIT, Options
from app.schemas.problems import FieldError
from app.schemas.user_segments import ITEMS_OF_VALUE, SegmentsQuery
from app.services.recommending.answers import Answer, finished
from app.services.recommending.best_values import best_values
from app.services.recommending.empty_lists import why_empty, with_near
from app.services.recommending.listing import Listing
from app.services.recommending.request_reader import RequestReader
from models.filters.requirements import Filter
from models.ranking.live_catalogue import LiveCatalogue


class UserSegmentsService:
    """Answers with the values of a field of the catalogue that fit a user best."""

    def __init__(self, reader: RequestReader, listing: Listing) -> None:
        self._reader = reader
        self._listing = listing

    async def segments(self, user_id: str, query: SegmentsQuery) -> Answer:
        """Return the values that the user's recommendations have most, weighted by their places.

        Raises
        ------
        InvalidFieldsError
            No item has the field, or `exclude_seen` names an event type that is not configured.
        UnknownGoalError
            The bundle is not trained for the goal.
        DatabaseError
            There is no bundle, and the log cannot be read.
        """
        options = Options(limit=MAX_LIMIT, exclude_seen=query.seen, goal=query.goal, pages=False)
        self._reader.require(options)
        log, degraded = await self._reader.log(user_id)
        request = await self._reader.read(user_id, log, options, degraded=degraded)
        live = request.serving.live
        _require_known(live, query.field)
        opened = self._listing.opened(request)
        found = self._listing.recommended(opened)
        best = best_values(live, found.items, query.field, query.limit)
        reason = None
        if not len(found.items):
            reason = why_empty(live, opened.user_history, options, found)
        elif not best:
            reason = f"no recommended item has text in the field {query.field}"
        items = [
            {
                "value": one.value,
                "score": one.score,
                "rank": rank,
                "item_ids": live.ids(np.array(one.items[:ITEMS_OF_VALUE], dtype=np.int32)),
            }
            for rank, one in enumerate(best, 1)
        ]
        return finished(
            request.serving,
            {"user_id": user_id, "field": query.field},
            items,
            found.strategy if best else "none",
            reason=reason,
            degraded="deadline" if found.late else degraded,
        )


def _require_known(live: LiveCatalogue, field: str) -> None:
    """Refuse an attribute that no item has; categories and tags are fields of every item."""
    unknown = live.unknown_fields(Filter.model_validate({"field": field, "exists": True}))
    if unknown and len(live) and field.startswith("attributes."):
        detail = f"no item has the field {with_near(live, field)}"
        raise InvalidFieldsError(f"field: {detail}", [FieldError(field="field", code="unknown_field", detail=detail)])
