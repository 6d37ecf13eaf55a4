"""All data stored about a user, in SQL: read it, erase it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select

from app.errors import DatabaseError
from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.erased_in_imports import note_erased
from app.storage.interactions import NEWEST_FIRST
from app.storage.masks import hide
from app.storage.merged_users import all_of
from app.storage.tables import interactions, merges, moved_rows, requests, users
from models.data.columns import REQUEST_ID, SEQUENCE, TIMESTAMP, USER

_ROWS_A_PAGE = 1000


class Place(NamedTuple):
    """The end of a page of a log: time in microseconds, or place in a sequence, and id."""

    time: int | None
    sequence: float | None
    id: int


def place_of(row: Mapping[str, Any]) -> Place:
    """Return the place of a row in a user's log."""
    return Place(row[TIMESTAMP], row[SEQUENCE], row["id"])


class UserDataStore:
    """Reads and erases the data stored about users."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def family(self, user_id: str) -> list[str]:
        """Return a user, and all who were merged into it, also by way of others."""
        async with self._database.begin() as connection:
            return await connection.run_sync(all_of, user_id)

    async def log(self, user_ids: Sequence[str], after: Place | None, limit: int) -> list[dict[str, Any]]:
        """Return the interactions of users with all their fields, newest first, those without a time last."""
        wanted: ColumnElement[bool] = interactions.c[USER].in_(user_ids)
        if after is not None:
            wanted &= _older(after)
        statement = select(interactions).where(wanted).order_by(*NEWEST_FIRST).limit(limit)
        async with self._database.begin() as connection:
            return [_plain(row) for row in (await connection.execute(statement)).mappings()]

    async def pages(self, user_ids: Sequence[str]) -> AsyncIterator[Sequence[dict[str, Any]]]:
        """Yield the interactions of users, page by page."""
        after: Place | None = None
        while page := await self.log(user_ids, after, _ROWS_A_PAGE):
            yield page
            after = place_of(page[-1])

    async def requests(self, user_ids: Sequence[str]) -> AsyncIterator[Sequence[dict[str, Any]]]:
        """Yield the recorded contexts of the users' requests, page by page."""
        last = ""
        while True:
            wanted = requests.c[USER].in_(user_ids) & (requests.c[REQUEST_ID] > last)
            statement = select(requests).where(wanted).order_by(requests.c[REQUEST_ID]).limit(_ROWS_A_PAGE)
            async with self._database.begin() as connection:
                page = [_plain(row) for row in (await connection.execute(statement)).mappings()]
            if not page:
                return
            yield page
            last = page[-1][REQUEST_ID]

    async def merges(self, user_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the merges that name one of some users."""
        named = _named(user_ids)
        async with self._database.begin() as connection:
            shown = select(*(column for column in merges.c if column is not merges.c.profile))
            found = (await connection.execute(shown.where(named).order_by(merges.c[USER]))).mappings()
            return [_plain(row) for row in found]

    async def delete(self, number: int) -> str | None:
        """Delete an interaction and commit; return its user, None where there is no such interaction."""

        def work(connection: Connection) -> str | None:
            there = interactions.c.id == number
            user: str | None = connection.scalar(delete(interactions).where(there).returning(interactions.c[USER]))
            if user is not None:
                self._changes.record_now(connection, "users", [user])
                self._changes.record_now(connection, "deletions", [user])
            return user

        return await self._changes.write(work)

    async def erase(self, user_id: str) -> list[str]:
        """Erase all data of a user, and of all who were merged into it, and commit; bundles hide them.

        Returns
        -------
        list
            The users that were erased; none where the database had no data. A bundle may have some even then.
        """

        def work(connection: Connection) -> list[str]:
            gone = all_of(connection, user_id)
            # First: a running import stores either before this, or without these users.
            note_erased(connection, gone)
            found = [
                connection.execute(delete(table).where(which)).rowcount
                for table, which in (
                    (interactions, interactions.c[USER].in_(gone)),
                    (requests, requests.c[USER].in_(gone)),
                    (users, users.c[USER].in_(gone)),
                    (merges, _named(gone)),
                    (moved_rows, moved_rows.c[USER].in_(gone)),
                )
            ]
            for one in gone:
                hide(self._database, self._changes, connection, one, erased=True)
            if not any(found):
                return []
            self._changes.record_now(connection, "users", gone)
            self._changes.record_now(connection, "deletions", gone)
            return gone

        erased = await self._changes.write(work)
        if erased:
            # It is committed: what the write-ahead log still holds is for the next time.
            with suppress(DatabaseError):
                await self._database.truncate_log()
        return erased


def _older(place: Place) -> ColumnElement[bool]:
    """Select the rows after a place in the order `NEWEST_FIRST`."""
    moment, sequence, earlier = interactions.c[TIMESTAMP], interactions.c[SEQUENCE], interactions.c.id < place.id
    if place.time is not None:
        return or_(moment < place.time, and_(moment == place.time, earlier), moment.is_(None))
    if place.sequence is not None:
        within = and_(sequence == place.sequence, earlier)
        return and_(moment.is_(None), or_(sequence < place.sequence, within, sequence.is_(None)))
    return and_(moment.is_(None), sequence.is_(None), earlier)


def _named(user_ids: Sequence[str]) -> ColumnElement[bool]:
    """Select the merges that name one of some users."""
    return or_(merges.c[USER].in_(user_ids), merges.c.into_user_id.in_(user_ids))


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row with plain strings as names, as the JSON encoder requires."""
    return {str(name): value for name, value in row.items()}
