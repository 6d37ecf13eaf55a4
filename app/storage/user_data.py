"""All data stored about a user, in SQL: read it, erase it, merge it into that of another user."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, text, update

from app.errors import MergeConflictError
from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.interactions import NEWEST_FIRST
from app.storage.tables import interactions, masked_users, merges, requests, users
from app.times import now
from models.data.columns import REQUEST_ID, SEQUENCE, TIMESTAMP, USER

_ROWS_A_PAGE = 1000
_LOCK = 7_241_998
"""Advisory lock, the same in every process."""


class Place(NamedTuple):
    """The end of a page of a log: time in microseconds, or place in a sequence, and id."""

    time: int | None
    sequence: float | None
    id: int


def place_of(row: Mapping[str, Any]) -> Place:
    """Return the place of a row in a user's log."""
    return Place(row[TIMESTAMP], row[SEQUENCE], row["id"])


class UserDataStore:
    """Reads, erases and merges the data stored about users."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def log(self, user_id: str, after: Place | None, limit: int) -> list[dict[str, Any]]:
        """Return a user's interactions with all their fields, newest first, those without a time last."""
        wanted = interactions.c[USER] == user_id
        if after is not None:
            wanted &= _older(after)
        statement = select(interactions).where(wanted).order_by(*NEWEST_FIRST).limit(limit)
        async with self._database.begin() as connection:
            return [_plain(row) for row in (await connection.execute(statement)).mappings()]

    async def pages(self, user_id: str) -> AsyncIterator[Sequence[dict[str, Any]]]:
        """Yield all of them, page by page."""
        after: Place | None = None
        while page := await self.log(user_id, after, _ROWS_A_PAGE):
            yield page
            after = place_of(page[-1])

    async def requests(self, user_id: str) -> AsyncIterator[Sequence[dict[str, Any]]]:
        """Yield the recorded contexts of the user's requests, page by page."""
        last = ""
        while True:
            wanted = (requests.c[USER] == user_id) & (requests.c[REQUEST_ID] > last)
            statement = select(requests).where(wanted).order_by(requests.c[REQUEST_ID]).limit(_ROWS_A_PAGE)
            async with self._database.begin() as connection:
                page = [_plain(row) for row in (await connection.execute(statement)).mappings()]
            if not page:
                return
            yield page
            last = page[-1][REQUEST_ID]

    async def merges(self, user_id: str) -> list[dict[str, Any]]:
        """Return the merges that name a user."""
        named = or_(merges.c[USER] == user_id, merges.c.into_user_id == user_id)
        async with self._database.begin() as connection:
            found = (await connection.execute(select(merges).where(named).order_by(merges.c[USER]))).mappings()
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

    async def erase(self, user_id: str) -> bool:
        """Erase all data of a user and commit; return whether there was any."""

        def work(connection: Connection) -> bool:
            named = or_(merges.c[USER] == user_id, merges.c.into_user_id == user_id)
            found = [
                connection.execute(delete(table).where(which)).rowcount
                for table, which in (
                    (interactions, interactions.c[USER] == user_id),
                    (requests, requests.c[USER] == user_id),
                    (users, users.c[USER] == user_id),
                    (merges, named),
                )
            ]
            if not any(found):
                return False
            self._hide(connection, user_id)
            self._changes.record_now(connection, "users", [user_id])
            self._changes.record_now(connection, "deletions", [user_id])
            return True

        return await self._changes.write(work)

    async def merge(self, user_id: str, into: str) -> int:
        """Move all data of a user to another one and commit; return how many interactions all calls have moved.

        Raises
        ------
        MergeConflictError
            The user was merged into a third one before, or `into` was merged into another user itself.
        """

        def work(connection: Connection) -> int:
            if not self._database.is_sqlite:
                # One merge at a time: the second one of a chain must see the first.
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if connection.scalar(select(merges.c[USER]).where(merges.c[USER] == into)) is not None:
                raise MergeConflictError(f"{into!r} was merged into another user itself")
            row = {USER: user_id, "into_user_id": into, "moved": 0, "merged_at": now()}
            connection.execute(self._database.insert(merges).values(row).on_conflict_do_nothing())
            merged = merges.c[USER] == user_id
            target = connection.scalar(select(merges.c.into_user_id).where(merged).with_for_update())
            if target != into:
                raise MergeConflictError(f"{user_id!r} was merged into {target!r} before")
            moved = connection.execute(_moved(interactions, user_id, into)).rowcount
            connection.execute(_moved(requests, user_id, into))
            self._move_profile(connection, user_id, into)
            connection.execute(update(merges).where(merged).values(moved=merges.c.moved + moved))
            self._hide(connection, user_id)
            self._changes.record_now(connection, "users", [user_id, into])
            return int(connection.scalar(select(merges.c.moved).where(merged)) or 0)

        return await self._changes.write(work)

    async def erased_since(self, moment: int) -> list[str]:
        """Return the users whom a bundle made from the data of a moment must hide."""
        statement = select(masked_users.c[USER]).where(masked_users.c.masked_at >= moment)
        async with self._database.begin() as connection:
            return list(await connection.scalars(statement))

    def _hide(self, connection: Connection, user_id: str) -> None:
        statement = self._database.insert(masked_users).values({USER: user_id, "masked_at": now()})
        newer = {"masked_at": statement.excluded.masked_at}
        connection.execute(statement.on_conflict_do_update(index_elements=[USER], set_=newer))
        self._changes.record_now(connection, "masks", [user_id])

    def _move_profile(self, connection: Connection, user_id: str, into: str) -> None:
        empty = {USER: into, "attributes": {}, "described": False}
        connection.execute(self._database.insert(users).values(empty).on_conflict_do_nothing())
        profile = select(users.c.attributes).where((users.c[USER] == user_id) & users.c.described)
        found = connection.execute(profile).first()
        if found is not None:
            target = (users.c[USER] == into) & ~users.c.described
            connection.execute(
                update(users).where(target).values(attributes=found[0], described=True, changed_at=now())
            )
        connection.execute(delete(users).where(users.c[USER] == user_id))


def _older(place: Place) -> ColumnElement[bool]:
    """Select the rows after a place in the order `NEWEST_FIRST`."""
    moment, sequence, earlier = interactions.c[TIMESTAMP], interactions.c[SEQUENCE], interactions.c.id < place.id
    if place.time is not None:
        return or_(moment < place.time, and_(moment == place.time, earlier), moment.is_(None))
    if place.sequence is not None:
        within = and_(sequence == place.sequence, earlier)
        return and_(moment.is_(None), or_(sequence < place.sequence, within, sequence.is_(None)))
    return and_(moment.is_(None), sequence.is_(None), earlier)


def _moved(table: Any, user_id: str, into: str) -> Any:
    return update(table).where(table.c[USER] == user_id).values({USER: into})


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row with plain strings as names, as the JSON encoder requires."""
    return {str(name): value for name, value in row.items()}
