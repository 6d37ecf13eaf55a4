"""A row of the log on its way into SQL."""

from typing import NamedTuple

from models.data.columns import (
    CONTEXT,
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    POSITION,
    QUANTITY,
    REQUEST_ID,
    REVENUE,
    SEQUENCE,
    TIMESTAMP,
    USER,
    VALUE,
)


class Row(NamedTuple):
    """An interaction that has no id yet; `timestamp` in microseconds since 1970, `context` as JSON.

    `timed` tells whether whoever sent it gave the time; it is no column of the log.
    """

    user_id: str
    item_id: str
    event_type: str
    value: float | None = None
    timestamp: int | None = None
    event_id: str | None = None
    request_id: str | None = None
    position: int | None = None
    context: str | None = None
    quantity: float | None = None
    revenue: float | None = None
    timed: bool = True


class Stored(NamedTuple):
    """Id of an interaction in the log, and whether it was stored before.

    `differs` names the fields in which a repeat says something else than the row that is stored under its `event_id`.
    """

    id: int
    repeated: bool
    differs: tuple[str, ...] = ()


COLUMNS = (USER, ITEM, EVENT_TYPE, VALUE, TIMESTAMP, EVENT_ID, REQUEST_ID, POSITION, CONTEXT, QUANTITY, REVENUE)
"""The columns of a row, in its order; `Row` has one field more."""
LOG_COLUMNS = (*COLUMNS, SEQUENCE)
"""All columns of the log but the id; only an import gives a row a `sequence`."""
