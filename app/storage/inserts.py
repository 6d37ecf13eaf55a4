"""Inserting many rows at once, in the way that is fast on each database: a few statements, however many rows."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from app.storage.database import pages
from app.storage.repeats import First, differences, first_rows
from app.storage.rows import COLUMNS, Row, Stored
from models.data.columns import CONTEXT

_TYPES = ("text", "text", "text", "float8", "int8", "text", "text", "int4", "text", "float8", "float8")
_NAMES = ", ".join(COLUMNS)
_WIDTH = len(COLUMNS)
_TYPED = ", ".join(f"{name}::jsonb" if name == CONTEXT else name for name in COLUMNS)
_ARRAYS = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(_TYPES, 1))
# Numbered in the order of the rows, and inserted in the order of their event ids: transactions with the same ones in
# another order would wait for each other.
_INSERT_POSTGRESQL = (
    f"INSERT INTO interactions (id, {_NAMES}) "  # noqa: S608 - names of columns, nothing of a user's
    f"SELECT number, {_TYPED} FROM (SELECT nextval(pg_get_serial_sequence('interactions', 'id')) AS number, given.* "
    f"FROM unnest({_ARRAYS}) AS given({_NAMES})) AS numbered ORDER BY event_id, number "
    "ON CONFLICT (event_id) WHERE event_id IS NOT NULL DO NOTHING RETURNING id, event_id"
)
_INSERT_SQLITE = f"INSERT INTO interactions (id, {_NAMES}) VALUES "  # noqa: S608 - as above
_VALUES_SQLITE = f"(?, {', '.join('?' * len(COLUMNS))})"
_ROWS_SQLITE = 500
_LAST_SQLITE = "SELECT seq FROM sqlite_sequence WHERE name = 'interactions'"


def insert_rows(connection: Connection, rows: Sequence[Row]) -> list[Stored]:
    """Insert rows as part of a transaction, except those whose `event_id` is in the log or earlier in `rows`.

    Returns
    -------
    list
        The place of each row in the log; for a repeat, that of the first one, and what differs from it.
    """
    found: list[Stored | None] = [None] * len(rows)
    pending: Iterable[int] = range(len(rows))
    insert = _into_sqlite if connection.dialect.name == "sqlite" else _into_postgresql
    # The row that another one repeats may be erased before it is looked up: the repeat is then inserted.
    while pending:
        insert(connection, rows, list(pending), found)
        pending = [place for place in pending if found[place] is None]
    return [stored for stored in found if stored is not None]


def _into_postgresql(
    connection: Connection, rows: Sequence[Row], places: list[int], found: list[Stored | None]
) -> None:
    columns = tuple(list(column) for column in zip(*(rows[place][:_WIDTH] for place in places), strict=True))
    new: list[tuple[int, str | None]] = [tuple(row) for row in connection.exec_driver_sql(_INSERT_POSTGRESQL, columns)]
    # Ids are given in the order of the rows.
    unnamed = iter(sorted(number for number, event_id in new if event_id is None))
    named = {event_id: number for number, event_id in new if event_id is not None}
    repeated = []
    for place in places:
        event_id = rows[place].event_id
        if event_id is None:
            found[place] = Stored(next(unnamed), repeated=False)
        elif event_id in named:
            found[place] = Stored(named.pop(event_id), repeated=False)
        else:
            repeated.append(place)
    if repeated:
        there = first_rows(connection, {str(rows[place].event_id) for place in repeated})
        for place in repeated:
            first = there.get(str(rows[place].event_id))
            found[place] = None if first is None else _repeat(connection, rows[place], first)


def _into_sqlite(connection: Connection, rows: Sequence[Row], places: list[int], found: list[Stored | None]) -> None:
    # SQLite has one writer: no other transaction can insert between this query and the insert.
    there = first_rows(connection, [event_id for place in places if (event_id := rows[place].event_id) is not None])
    last = (connection.exec_driver_sql(_LAST_SQLITE)).scalar() or 0
    new: list[tuple[object, ...]] = []
    for place in places:
        row = rows[place]
        first = None if row.event_id is None else there.get(row.event_id)
        if first is not None:
            found[place] = _repeat(connection, row, first)
            continue
        last += 1
        new.append((last, *row[:_WIDTH]))
        found[place] = Stored(last, repeated=False)
        if row.event_id is not None:
            there[row.event_id] = First(last, row)
    # Not `executemany`: after each row its thread would wait for the interpreter's lock.
    for page in pages(new, _ROWS_SQLITE):
        statement = _INSERT_SQLITE + ", ".join([_VALUES_SQLITE] * len(page))
        connection.exec_driver_sql(statement, tuple(value for row in page for value in row))


def _repeat(connection: Connection, row: Row, first: First) -> Stored:
    return Stored(first.id, repeated=True, differs=differences(connection, row, first.columns))
