"""All data stored about a user, in SQL: read it, erase it, merge it into that of another user."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, text, update

from app.errors import MergeConflictError
from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.interactions import NEWEST_FIRST
from app.storage.merged_users import all_of, end_of
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


class Move(NamedTuple):
    """A merge: who has the data now, how many interactions all calls have moved, and whether that user is new."""

    into: str
    moved: int
    created: bool


def place_of(row: Mapping[str, Any]) -> Place:
    """Return the place of a row in a user's log."""
    return Place(row[TIMESTAMP], row[SEQUENCE], row["id"])


class UserDataStore:
    """Reads, erases and merges the data stored about users."""

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
        """Yield all of them, page by page."""
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

    async def erase(self, user_id: str) -> list[str]:
        """Erase all data of a user, and of all who were merged into it, and commit.

        Returns
        -------
        list
            The users that were erased; none where there was no data.
        """

        def work(connection: Connection) -> list[str]:
            gone = all_of(connection, user_id)
            found = [
                connection.execute(delete(table).where(which)).rowcount
                for table, which in (
                    (interactions, interactions.c[USER].in_(gone)),
                    (requests, requests.c[USER].in_(gone)),
                    (users, users.c[USER].in_(gone)),
                    (merges, _named(gone)),
                )
            ]
            if not any(found):
                return []
            for one in gone:
                self._hide(connection, one)
            self._changes.record_now(connection, "users", gone)
            self._changes.record_now(connection, "deletions", gone)
            return gone

        return await self._changes.write(work)

    async def merge(self, user_id: str, into: str) -> Move:
        """Move all data of a user to another one and commit; where that one was merged itself, to the end of the chain.

        Raises
        ------
        MergeConflictError
            The user was merged into a third one before, or `into` was merged into the user.
        """

        def work(connection: Connection) -> Move:
            if not self._database.is_sqlite:
                # One merge at a time: the second one of a chain must see the first.
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            merged = merges.c[USER] == user_id
            before = connection.scalar(select(merges.c.into_user_id).where(merged).with_for_update())
            target = end_of(connection, into)
            if before is not None and end_of(connection, before) != target:
                raise MergeConflictError(f"{user_id!r} was merged into {before!r} before")
            if target == user_id:
                raise MergeConflictError(f"{into!r} was merged into {user_id!r} itself")
            there = select(users.c[USER]).where(users.c[USER] == target)
            created = connection.scalar(there) is None and not _has_rows(connection, target)
            row = {USER: user_id, "into_user_id": target, "moved": 0, "merged_at": now()}
            connection.execute(self._database.insert(merges).values(row).on_conflict_do_nothing())
            moved = connection.execute(_moved(interactions, user_id, target)).rowcount
            connection.execute(_moved(requests, user_id, target))
            self._move_profile(connection, user_id, target)
            connection.execute(update(merges).where(merged).values(moved=merges.c.moved + moved))
            self._hide(connection, user_id)
            self._changes.record_now(connection, "users", [user_id, target])
            return Move(target, int(connection.scalar(select(merges.c.moved).where(merged)) or 0), created)

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


def _named(user_ids: Sequence[str]) -> ColumnElement[bool]:
    """Select the merges that name one of some users."""
    return or_(merges.c[USER].in_(user_ids), merges.c.into_user_id.in_(user_ids))


def _has_rows(connection: Connection, user_id: str) -> bool:
    return connection.scalar(select(interactions.c.id).where(interactions.c[USER] == user_id).limit(1)) is not None


def _moved(table: Any, user_id: str, into: str) -> Any:
    return update(table).where(table.c[USER] == user_id).values({USER: into})


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row with plain strings as names, as the JSON encoder requires."""
    return {str(name): value for name, value in row.items()}
