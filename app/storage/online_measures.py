"""Impressions and what followed from them, counted in SQL."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from sqlalchemy import case, func, select

from app.storage.database import Database
from app.storage.interest import COUNTED_TYPE
from app.storage.tables import interactions
from models.data.columns import ITEM, POSITION, REQUEST_ID, REVENUE, TIMESTAMP, USER

_DAY = 86_400_000_000
_ROWS_AT_ONCE = 1000
"""While they are counted, no request is answered."""


@dataclass(frozen=True)
class ImpressionCount:
    """Impressions of one list with one position on one day, and how many of them were clicked and converted.

    `revenue` is that of the conversions, and `user_id` who saw the list.
    """

    request_id: str
    day: int
    position: int | None
    impressions: int
    clicks: int
    conversions: int
    revenue: float
    user_id: str


class OnlineMeasureStore:
    """Counts impressions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def impressions(
        self, begin: int, end: int, clicks: Collection[str], conversions: Collection[str]
    ) -> AsyncIterator[ImpressionCount]:
        """Count the impressions of a time, by list, day and position, and what followed from them at any later time.

        An impression is an item that was `shown` with a request id or, without such an event, one that was
        `recommended`. Clicks and conversions are events of the same item with the same request id, and no returns.

        Parameters
        ----------
        begin, end
            In microseconds since 1970; the end is not part of it.
        """
        kind, moment, place = COUNTED_TYPE, interactions.c[TIMESTAMP], interactions.c[POSITION]
        shown, recommended = kind == "shown", kind == "recommended"
        first = func.min(case((shown, moment)))
        seen = func.coalesce(first, func.min(case((recommended, moment)))).label("seen")
        at = func.coalesce(func.min(case((shown, place))), func.min(case((recommended, place)))).label("position")
        clicked = func.max(case((kind.in_(sorted(clicks)), 1), else_=0)).label("clicked")
        converted = func.max(case((kind.in_(sorted(conversions)), 1), else_=0)).label("converted")
        paid = func.sum(case((kind.in_(sorted(conversions)), interactions.c[REVENUE]), else_=0.0)).label("paid")
        viewer = func.min(interactions.c[USER]).label("viewer")
        pairs = (
            select(interactions.c[REQUEST_ID], seen, at, clicked, converted, paid, viewer)
            .where(interactions.c[REQUEST_ID].is_not(None), moment >= begin)
            .group_by(interactions.c[REQUEST_ID], interactions.c[ITEM])
            .subquery()
        )
        day = (pairs.c.seen - pairs.c.seen % _DAY).label("day")
        statement = (
            select(
                pairs.c[REQUEST_ID],
                day,
                pairs.c.position,
                func.count(),
                func.sum(pairs.c.clicked),
                func.sum(pairs.c.converted),
                func.coalesce(func.sum(pairs.c.paid), 0.0),
                func.min(pairs.c.viewer),
            )
            .where(pairs.c.seen >= begin, pairs.c.seen < end)
            .group_by(pairs.c[REQUEST_ID], day, pairs.c.position)
        )
        async with self._database.begin() as connection:
            result = await connection.stream(statement)
            async for page in result.partitions(_ROWS_AT_ONCE):
                for row in page:
                    counts = (int(row[3]), int(row[4]), int(row[5]), float(row[6]))
                    yield ImpressionCount(row[0], int(row[1]), row[2], *counts, row[7])
