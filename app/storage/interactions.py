"""The interaction log in SQL."""

from collections.abc import AsyncIterator, Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Text, case, cast, func, select

from app.errors import EventIdConflictError
from app.storage.arrow_types import INTERACTION_TYPES
from app.storage.changes import ChangeStore
from app.storage.database import Database, pages
from app.storage.first_mentions import FirstMentions
from app.storage.inserts import insert_rows
from app.storage.interest import shows_interest
from app.storage.rows import Row, Stored
from app.storage.tables import interactions
from models.data.columns import (
    CONTEXT,
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    POSITION,
    QUANTITY,
    REVENUE,
    SEQUENCE,
    TIMESTAMP,
    USER,
    VALUE,
)
from models.data.events import IMPRESSIONS
from models.data.order import in_one_order
from models.data.progress import Progress
from models.data.sales import counted_type
from models.data.strengths import StrengthScale

_NO_SCALE = StrengthScale()
_ROWS_A_STATEMENT = 10_000
_ROWS_A_READ = 100_000
_SECOND = 1_000_000
_USERS_A_STATEMENT = 500
LATEST_IMPRESSIONS = 1000
"""Latest impressions of a user that are read: those of weeks, of which older ones hardly count."""
_WHERE_GIVEN = (POSITION, CONTEXT, QUANTITY, REVENUE)
LogEntry = tuple[int | None, int, str, str, float | None]
"""Time in microseconds since 1970, id, item, event type that it counts as, and value."""
NEWEST_FIRST = (
    interactions.c[TIMESTAMP].desc().nulls_last(),
    interactions.c[SEQUENCE].desc().nulls_last(),
    interactions.c.id.desc(),
)
"""The order of a user's log: rows without a time are older than all others."""


class InteractionStore:
    """Reads and writes the log; a row is a dict with the columns of the table."""

    def __init__(self, database: Database, changes: ChangeStore, first_mentions: FirstMentions) -> None:
        self._database = database
        self._changes = changes
        self._first_sight = first_mentions

    async def store(self, rows: Sequence[Row], *, atomic: bool = False) -> list[Stored]:
        """Commit rows together, except those whose `event_id` is in the log; unknown users and items are created.

        Parameters
        ----------
        atomic
            Whether nothing is stored if a row has the `event_id` of another one and differs from it.

        Raises
        ------
        EventIdConflictError
            There is such a row, and `atomic` is true.
        DatabaseError
            The database does not answer. If it failed during the commit, the rows may be stored all the same.
        """

        def work(connection: Connection) -> tuple[list[Stored], tuple[list[str], list[str]]]:
            created = self._first_sight.create(connection, {row.user_id for row in rows}, {row.item_id for row in rows})
            found = insert_rows(connection, rows)
            if atomic and any(stored.differs for stored in found):
                raise EventIdConflictError(found)
            new = {row.user_id for row, stored in zip(rows, found, strict=True) if not stored.repeated}
            self._changes.record_now(connection, "users", new)
            return found, created

        found, created = await self._changes.write(work)
        self._first_sight.remember(created)
        return found

    async def histories(self, user_ids: Sequence[str], latest: int) -> dict[str, list[LogEntry]]:
        """Return the latest events of several users, oldest first; an empty list for users without any.

        Events without a time are older than all others; among them, those without a place in a sequence. Impressions
        are bounded by themselves, to `LATEST_IMPRESSIONS`: they push no other event out.
        """
        found: dict[str, list[LogEntry]] = {user_id: [] for user_id in user_ids}
        names = ("id", ITEM, EVENT_TYPE, VALUE, TIMESTAMP, USER, QUANTITY)
        async with self._database.begin() as connection:
            for page in pages(user_ids, _USERS_A_STATEMENT):
                place = func.row_number().over(
                    partition_by=(interactions.c[USER], interactions.c[EVENT_TYPE].in_(IMPRESSIONS)),
                    order_by=NEWEST_FIRST,
                )
                one = interactions.c[USER] == page[0] if len(page) == 1 else interactions.c[USER].in_(page)
                ranked = select(*(interactions.c[name] for name in names), place.label("place")).where(one).subquery()
                impressions = ranked.c[EVENT_TYPE].in_(IMPRESSIONS)
                bound = case((impressions, min(latest, LATEST_IMPRESSIONS)), else_=latest)
                statement = (
                    select(*(ranked.c[name] for name in names))
                    .where(ranked.c.place <= bound)
                    .order_by(ranked.c.place.desc())
                )
                for number, item, kind, value, moment, user, quantity in await connection.execute(statement):
                    found[user].append((moment, number, item, counted_type(kind, quantity), value))
        return found

    async def users(self) -> AsyncIterator[list[str]]:
        """Yield the ids of all users, in pages, ascending."""
        last = ""
        while True:
            statement = (
                select(interactions.c[USER])
                .where(interactions.c[USER] > last)
                .distinct()
                .order_by(interactions.c[USER])
                .limit(_ROWS_A_STATEMENT)
            )
            async with self._database.begin() as connection:
                page = list(await connection.scalars(statement))
            if not page:
                return
            yield page
            last = page[-1]

    async def top_items(
        self, event_types: Collection[str], limit: int, scale: StrengthScale = _NO_SCALE
    ) -> list[tuple[str, int]]:
        """Count the interactions of some types by item, without low ratings, and return the items with the most."""
        columns = interactions.c
        count = func.count().label("count")
        async with self._database.begin() as connection:
            statement = (
                select(columns[ITEM], count)
                .where(await shows_interest(connection, event_types, scale))
                .group_by(columns[ITEM])
                .order_by(count.desc(), columns[ITEM])
                .limit(limit)
            )
            return [(item, number) for item, number in await connection.execute(statement)]

    async def any_user(self) -> str | None:
        """Return a user with interactions."""
        async with self._database.begin() as connection:
            found: str | None = await connection.scalar(select(interactions.c[USER]).limit(1))
            return found

    async def latest_pairs(
        self, event_types: Collection[str], scale: StrengthScale, limit: int
    ) -> list[tuple[str, str]]:
        """Return user and item of the newest rows that show interest, see `shows_interest`; at most `limit`."""
        async with self._database.begin() as connection:
            wanted = await shows_interest(connection, event_types, scale)
            pairs = select(interactions.c[USER], interactions.c[ITEM]).where(wanted)
            found = await connection.execute(pairs.order_by(interactions.c.id.desc()).limit(limit))
            return [(user, item) for user, item in found]

    async def newest_id(self) -> int:
        """Return the id of the newest row; 0 where there is none."""
        async with self._database.begin() as connection:
            return int(await connection.scalar(select(func.max(interactions.c.id))) or 0)

    async def count(self) -> int:
        """Count the rows of the log."""
        async with self._database.begin() as connection:
            return int(await connection.scalar(select(func.count()).select_from(interactions)) or 0)

    async def has_times(self) -> bool:
        """Return whether a row has a time."""
        return await self._has(TIMESTAMP)

    async def has_sequence(self) -> bool:
        """Return whether a row has a place in a sequence instead of a time."""
        return await self._has(SEQUENCE)

    async def _has(self, name: str) -> bool:
        async with self._database.begin() as connection:
            await self._database.without_time_limit(connection)
            there = select(interactions.c.id).where(interactions.c[name].is_not(None)).limit(1)
            return await connection.scalar(there) is not None

    async def table(self, progress: Progress) -> pa.Table:
        """Read the columns of the log that training needs, named as in a data-set folder, in the order of the rows.

        `timestamp` holds seconds, or only an order where most rows have only a place in a sequence: the table is then
        marked; see `models.data.order`. Without any order there is no `timestamp` column, and
        without any `position`, `context`, `quantity` or `revenue` no such column. `context` is JSON.
        """
        names = (USER, ITEM, EVENT_TYPE, VALUE, TIMESTAMP, EVENT_ID, SEQUENCE, *_WHERE_GIVEN)
        # Different contexts are few.
        types = {**INTERACTION_TYPES, CONTEXT: pa.dictionary(pa.int32(), pa.string())}
        schema = pa.schema([(name, types[name]) for name in names])
        columns = [interactions.c[name] if name != CONTEXT else cast(interactions.c[name], Text) for name in names]
        expected = max(await self.count(), 1)
        parts, last, done = [schema.empty_table()], 0, 0
        async with self._database.begin() as connection:
            await self._database.without_time_limit(connection)
            while True:
                statement = (
                    select(interactions.c.id, *columns)
                    .where(interactions.c.id > last)
                    .order_by(interactions.c.id)
                    .limit(_ROWS_A_READ)
                )
                rows = (await connection.execute(statement)).all()
                if not rows:
                    break
                last, done = rows[-1][0], done + len(rows)
                cells = list(zip(*rows, strict=True))[1:]
                parts.append(pa.table([pa.array(c, f.type) for c, f in zip(cells, schema, strict=True)], schema))
                progress("reading the log", min(done / expected, 1.0))
        progress("reading the log", 1.0)
        found = pa.concat_tables(parts)
        found = found.drop_columns([name for name in _WHERE_GIVEN if found[name].null_count == len(found)])
        seconds = pc.divide(found[TIMESTAMP].cast(pa.float64()), _SECOND)
        return in_one_order(found.set_column(names.index(TIMESTAMP), TIMESTAMP, seconds))
