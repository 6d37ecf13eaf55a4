"""Counts over the interaction log in SQL. There is no index for them: each call may read all of the log."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Row,
    case,
    cast,
    column,
    func,
    literal,
    select,
    values,
)

from app.storage.clocks import moment_of
from app.storage.database import Database
from app.storage.interest import COUNTED_TYPE, shows_interest
from app.storage.tables import interactions
from models.data.columns import EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE
from models.data.flow import Flow
from models.data.strengths import RATING, StrengthScale

DAY = 86_400_000_000
_day = interactions.c[TIMESTAMP] // DAY

_NO_SCALE = StrengthScale()
_HALVINGS = 40
"""Half-lives after which an interaction has no weight."""


@dataclass(frozen=True)
class Counted:
    """An item's interactions, their number and their decayed weight, and the sums of both over all items."""

    item_id: str
    count: int
    recent: float
    all_counts: int
    all_recent: float


@dataclass(frozen=True)
class CountedRows:
    """Rows of the log: their ids, items, times in seconds since 1970, and the values of those that are ratings."""

    ids: list[int]
    item_ids: list[str]
    times: list[float | None]
    ratings: list[float | None]


class CountStore:
    """Counts rows of the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recent_items(
        self, event_types: Collection[str], half_life: int, limit: int, scale: StrengthScale = _NO_SCALE
    ) -> list[Counted]:
        """Count the interactions of some types by item, decayed by age as well; return the items with most recent ones.

        Low ratings are not counted.

        Parameters
        ----------
        half_life
            Age in microseconds at which an interaction counts half; ages follow from the flow of the log, see
            `models.data.flow`. Without a time its weight is 0.
        """
        number = func.count()
        async with self._database.begin() as connection:
            wanted = await shows_interest(connection, event_types, scale)
            by_day = (
                select(_day, number, func.max(interactions.c[TIMESTAMP]))
                .where(wanted, interactions.c[TIMESTAMP].is_not(None))
                .group_by(_day)
                .order_by(_day)
            )
            ages = _ages((await connection.execute(by_day)).all(), half_life * _HALVINGS)
            rows, weight = _weighed(ages, half_life)
            recent = func.sum(weight)
            statement = (
                select(interactions.c[ITEM], number, recent, func.sum(number).over(), func.sum(recent).over())
                .select_from(rows)
                .where(wanted)
                .group_by(interactions.c[ITEM])
                .order_by(recent.desc(), interactions.c[ITEM])
                .limit(limit)
            )
            return [
                Counted(item, int(count), float(left), int(all_counts), float(all_left))
                for item, count, left, all_counts, all_left in await connection.execute(statement)
            ]

    async def has_item(self, item_id: str, latest: int | None = None) -> bool:
        """Return whether an item has an interaction, among the `latest` rows if given."""
        statement = select(interactions.c.id).where(interactions.c[ITEM] == item_id)
        if latest is not None:
            last = select(func.max(interactions.c.id)).scalar_subquery()
            statement = statement.where(interactions.c.id > last - latest)
        async with self._database.begin() as connection:
            return await connection.scalar(statement.limit(1)) is not None

    async def since(self, last_id: int, event_types: Collection[str], limit: int) -> CountedRows:
        """Read the rows of some types after one of them, in the order of their ids."""
        rating = case((COUNTED_TYPE == RATING, interactions.c[VALUE]))
        columns = (interactions.c.id, interactions.c[ITEM], interactions.c[TIMESTAMP], rating)
        later = (interactions.c.id > last_id) & COUNTED_TYPE.in_(sorted(event_types))
        async with self._database.begin() as connection:
            found = await connection.execute(select(*columns).where(later).order_by(columns[0]).limit(limit))
            rows = found.all()
        times = [None if row[2] is None else row[2] / 1e6 for row in rows]
        return CountedRows([row[0] for row in rows], [row[1] for row in rows], times, [row[3] for row in rows])

    async def event_types(self, latest: int) -> dict[str, int]:
        """Count the rows of each event type, among the `latest` rows."""
        last = select(func.max(interactions.c.id)).scalar_subquery()
        kind = interactions.c[EVENT_TYPE]
        statement = select(kind, func.count()).where(interactions.c.id > last - latest).group_by(kind)
        async with self._database.begin() as connection:
            return {row[0]: row[1] for row in await connection.execute(statement)}

    async def of_item(self, item_id: str, latest: int) -> tuple[dict[str, int], bool]:
        """Count an item's rows by event type, among the `latest` rows; return also whether these are all there are."""
        kind, number = interactions.c[EVENT_TYPE], func.count()
        async with self._database.begin() as connection:
            newest = int(await connection.scalar(select(func.max(interactions.c.id))) or 0)
            wanted = (interactions.c.id > newest - latest) & (interactions.c[ITEM] == item_id)
            statement = select(kind, number).where(wanted).group_by(kind).order_by(number.desc(), kind)
            return {row[0]: row[1] for row in await connection.execute(statement)}, newest <= latest

    async def of_user(self, user_id: str) -> dict[str, int]:
        """Count a user's rows by event type."""
        kind, number = interactions.c[EVENT_TYPE], func.count()
        statement = select(kind, number).where(interactions.c[USER] == user_id).group_by(kind)
        async with self._database.begin() as connection:
            rows = await connection.execute(statement.order_by(number.desc(), kind))
            return {row[0]: row[1] for row in rows}

    async def times(self, latest: int) -> tuple[int, int | None]:
        """Return the database's time and the latest time among the `latest` rows, in microseconds since 1970."""
        last = select(func.max(interactions.c.id)).scalar_subquery()
        newest = select(func.max(interactions.c[TIMESTAMP])).where(interactions.c.id > last - latest)
        async with self._database.begin() as connection:
            return await connection.run_sync(moment_of), await connection.scalar(newest)

    async def users(self) -> int:
        """Count the users."""
        async with self._database.begin() as connection:
            return int(await connection.scalar(select(func.count(interactions.c[USER].distinct()))) or 0)


def _ages(by_day: Sequence[Row[Any]], longest: int) -> list[tuple[int, int, int]]:
    """Return the days whose interactions have a weight, with their age at the end of the day, and if it is active."""
    days, counts, latest = (np.array([row[place] for row in by_day], dtype=np.int64) for place in range(3))
    ages, active = Flow(days, counts, latest / 1e6).day_ages(days)
    found = zip(days.tolist(), np.rint(ages * DAY).astype(np.int64).tolist(), active.astype(int).tolist(), strict=True)
    return [(day, age, is_active) for day, age, is_active in found if age < longest]


def _weighed(ages: Sequence[tuple[int, int, int]], half_life: int) -> tuple[FromClause, ColumnElement[float]]:
    """Weigh rows by their age: half after each half-life, linear in between, as not every SQLite has powers."""
    if not ages:
        return interactions, literal(0.0)
    columns = (column("day", BigInteger), column("age", BigInteger), column("active", Integer))
    aged = values(*columns, name="aged", literal_binds=True).data(ages).cte("aged")
    until_end = case((aged.c.active == 1, (aged.c.day + 1) * DAY - interactions.c[TIMESTAMP]), else_=0)
    age = aged.c.age + until_end
    halvings = cast(age // half_life, Integer)
    left = (1.0 - (age % half_life) * (0.5 / half_life)) / cast(literal(1, BigInteger).op("<<")(halvings), Double)
    rows = interactions.outerjoin(aged, aged.c.day == _day)
    return rows, case((halvings < _HALVINGS, left), else_=0.0)
