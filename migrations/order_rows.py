"""Rows of releases before 0006, which stored an order of an import in microseconds, as if it were times."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

_SECOND = 1_000_000
_FIRST = 100_000_000 * _SECOND
"""In 1973: the log of no shop begins before."""
_YEAR_10000 = 253_402_300_800 * _SECOND
_DAY = 86_400 * _SECOND
_EXACT = 2**53
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_log = sa.table("interactions", sa.column("timestamp", sa.BigInteger), sa.column("sequence"))
_imports = sa.table("imports", sa.column("fingerprint"), sa.column("counts", _JSON), sa.column("created_at"))
Condition = sa.ColumnElement[bool]


def certain(connection: sa.Connection) -> Condition:
    """Select the rows that hold an order for certain.

    No datetime is negative or has five digits of the year. Where an import on record said `order`, numbers before 1973
    or in the future are its rows; and so is every row before that import, if there are exactly as many as it stored and
    no other import is on record.
    """
    moment = _log.c.timestamp
    impossible = (moment < 0) | (moment >= _YEAR_10000)
    ordered, others = _stored(connection)
    if not ordered:
        return impossible
    if not others:
        before = unlikely() | (moment < min(began for began, _ in ordered))
        if count(connection, before) == sum(new for _, new in ordered):
            return before
    return unlikely()


def unlikely() -> Condition:
    """Select the rows whose numbers are no times of a shop: before 1973, or more than a day from now."""
    now = int(datetime.now(UTC).timestamp() * _SECOND)
    return (_log.c.timestamp < _FIRST) | (_log.c.timestamp > now + _DAY)


def count(connection: sa.Connection, which: Condition) -> int:
    """Count rows of the log."""
    return int(connection.scalar(sa.select(sa.func.count()).select_from(_log).where(which)) or 0)


def extent(connection: sa.Connection, which: Condition) -> tuple[int, int | None, int | None]:
    """Count rows of the log, and return their first and last time."""
    moment = _log.c.timestamp
    statement = sa.select(sa.func.count(), sa.func.min(moment), sa.func.max(moment)).select_from(_log).where(which)
    number, first, last = connection.execute(statement).one()
    return number, first, last


def move(connection: sa.Connection, which: Condition) -> int:
    """Move the numbers of rows from `timestamp` to `sequence`, as they were in the file; return how many rows."""
    moved = connection.execute(
        sa.update(_log).where(which).values({"sequence": _place(connection), "timestamp": None})
    ).rowcount
    if moved:
        # Processes that serve have histories in memory.
        connection.execute(
            sa.text("INSERT INTO changes (created_at, origin, kind) VALUES (:now, 'migration', 'users')"),
            {"now": int(datetime.now(UTC).timestamp() * _SECOND)},
        )
    return moved


def _stored(connection: sa.Connection) -> tuple[list[tuple[int, int]], bool]:
    """Return when the imports that said `order` began and how many rows they stored, and whether others stored any."""
    ordered, others = [], False
    for fingerprint, counts, created_at in connection.execute(sa.select(_imports)):
        new = int((counts or {}).get("interactions", {}).get("new", 0))
        if new and fingerprint.endswith("-ord"):
            ordered.append((created_at, new))
        else:
            others |= bool(new)
    return ordered, others


def _place(connection: sa.Connection) -> sa.ColumnElement[float]:
    moment = _log.c.timestamp
    if connection.dialect.name == "sqlite":
        rounded, exact = sa.func.round(moment / sa.literal(1e6), 3), moment / sa.literal(1e6)
    else:
        exact = sa.cast(moment, sa.Double) / 1e6
        rounded = sa.cast(sa.func.round(sa.cast(moment, sa.Numeric) / _SECOND, 3), sa.Double)
    # Above 2**53 the microseconds were rounded themselves.
    return sa.case((moment.between(-_EXACT, _EXACT), exact), else_=rounded)
