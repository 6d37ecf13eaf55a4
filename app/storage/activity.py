"""How much is stored, and what happened when: counts for people, of the latest rows of the log."""

from dataclasses import dataclass

from sqlalchemy import func, select

from app.storage.database import Database
from app.storage.tables import interactions, items, users
from models.data.columns import EVENT_TYPE, TIMESTAMP

_DAY = 86_400_000_000


@dataclass(frozen=True)
class Stored:
    """Rows of the log, items and users."""

    interactions: int
    items: int
    users: int


@dataclass(frozen=True)
class DayCount:
    """Interactions of one type on one day; `day` counts days since 1970, None for rows without a time."""

    day: int | None
    event_type: str
    count: int


class ActivityStore:
    """Counts rows. There is no index for it: each call may read all that it counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stored(self) -> Stored:
        """Count rows of the log, items with content, and users."""
        described = items.c.described & ~items.c.deleted
        async with self._database.begin() as connection:
            found = [
                int(await connection.scalar(statement) or 0)
                for statement in (
                    select(func.count()).select_from(interactions),
                    select(func.count()).select_from(items).where(described),
                    select(func.count()).select_from(users),
                )
            ]
        return Stored(*found)

    async def by_day(self, latest: int) -> list[DayCount]:
        """Count the `latest` rows by day and event type, in the order of the days."""
        last = select(func.max(interactions.c.id)).scalar_subquery()
        moment = interactions.c[TIMESTAMP]
        day = (moment // _DAY).label("day")
        statement = (
            select(day, interactions.c[EVENT_TYPE], func.count())
            .where(interactions.c.id > last - latest)
            .group_by(day, interactions.c[EVENT_TYPE])
            .order_by(day, interactions.c[EVENT_TYPE])
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(statement)).all()
        return [DayCount(None if row[0] is None else int(row[0]), row[1], int(row[2])) for row in rows]
