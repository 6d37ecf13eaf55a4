"""Repeats: rows whose `event_id` is in the log, and whether they say the same as the row that is stored under it."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import orjson
from sqlalchemy import Connection

from app.storage.database import pages
from app.storage.merged_users import end_of
from app.storage.rows import COLUMNS, Row
from models.data.columns import CONTEXT, EVENT_ID, TIMESTAMP, USER

_NAMES = ", ".join(COLUMNS)
_FIND_POSTGRESQL = f"SELECT id, {_NAMES} FROM interactions WHERE event_id = ANY($1::text[])"  # noqa: S608 - columns
_FIND_SQLITE = f"SELECT id, {_NAMES} FROM interactions WHERE event_id IN (SELECT value FROM json_each(?))"  # noqa: S608
_EVENT = COLUMNS.index(EVENT_ID)
_IDS_A_STATEMENT = 10_000


class First(NamedTuple):
    """The row that holds an `event_id`: its id, and its columns in the order of `COLUMNS`."""

    id: int
    columns: Sequence[object]


def first_rows(connection: Connection, event_ids: Collection[str]) -> dict[str, First]:
    """Return the rows of the log that hold some event ids."""
    sqlite = connection.dialect.name == "sqlite"
    found: dict[str, First] = {}
    for page in pages(list(event_ids), _IDS_A_STATEMENT):
        given = orjson.dumps(page).decode() if sqlite else page
        rows = connection.exec_driver_sql(_FIND_SQLITE if sqlite else _FIND_POSTGRESQL, (given,))
        found |= {columns[_EVENT]: First(number, columns) for number, *columns in rows}
    return found


def differences(connection: Connection, row: Row, columns: Sequence[object]) -> tuple[str, ...]:
    """Name the fields of a row that differ from stored ones; what was not sent does not differ.

    Nor does the user, where the stored one is the user that this one was merged into.
    """
    found = []
    for name, given, stored in zip(COLUMNS, row, columns, strict=False):
        if given is None or given == stored or (name == TIMESTAMP and not row.timed):
            continue
        # PostgreSQL gives the object, SQLite its text.
        if name == CONTEXT and orjson.loads(str(given)) in (stored, isinstance(stored, str) and orjson.loads(stored)):
            continue
        if name == USER and end_of(connection, row.user_id) == stored:
            continue
        found.append(name)
    return tuple(found)
