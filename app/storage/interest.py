"""Which rows of the log show interest, as a condition in SQL."""

from collections.abc import Collection

import numpy as np
from sqlalchemy import ColumnElement, and_, case, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.tables import interactions
from models.data.columns import EVENT_TYPE, QUANTITY, VALUE
from models.data.sales import RETURN
from models.data.strengths import RATING, StrengthScale

COUNTED_TYPE = case((interactions.c[QUANTITY] < 0, RETURN), else_=interactions.c[EVENT_TYPE])
"""The event type that a row counts as, see `models.data.sales`."""


async def shows_interest(
    connection: AsyncConnection, event_types: Collection[str], scale: StrengthScale
) -> ColumnElement[bool]:
    """Return the condition that a row is of some types and no low rating; see `COUNTED_TYPE`.

    Parameters
    ----------
    scale
        Where it has no scale of ratings, the ratings of the log are taken to be from the usual one.
    """
    rated = and_(COUNTED_TYPE == RATING, interactions.c[VALUE].is_not(None))
    wanted = COUNTED_TYPE.in_(sorted(event_types))
    if RATING not in event_types:
        return wanted
    if not scale.has_ratings:
        value = interactions.c[VALUE]
        ends = (await connection.execute(select(func.min(value), func.max(value)).where(rated))).one()
        scale = scale.for_ratings(np.array([end for end in ends if end is not None], dtype=np.float64))
    if not scale.has_ratings:
        return wanted
    return and_(wanted, not_(and_(rated, interactions.c[VALUE] < scale.lowest_like)))
