"""Merges of users in SQL: move the data of one to another, and undo it while it is known what was moved."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, insert, null, select, text, update

from app.errors import MergeConflictError, MergeTooOldError
from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.masks import hide
from app.storage.merged_users import chain_of, end_of
from app.storage.tables import interactions, merges, moved_rows, requests, users
from app.times import now
from models.data.columns import REQUEST_ID, USER

_LOCK = 7_241_998
"""Advisory lock, the same in every process."""
_UNDONE_WITHIN = 24 * 60 * 60 * 1_000_000


class Move(NamedTuple):
    """A merge: who has the data now, how many interactions all calls have moved, and whether that user is new."""

    into: str
    moved: int
    created: bool


class Return(NamedTuple):
    """An undone merge: into whom it was, how many interactions moved back, and who had them."""

    into: str
    moved: int
    holders: list[str]


class MergeStore:
    """Merges users and undoes it."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def merge(self, user_id: str, into: str) -> Move:
        """Move all data of a user to another one and commit; where that one was merged itself, to the end of the chain.

        Raises
        ------
        MergeConflictError
            The user was merged into a third one before, or `into` was merged into the user.
        """

        def work(connection: Connection) -> Move:
            self._wait_for_others(connection)
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
            _remember(connection, user_id)
            moved = connection.execute(_moved(interactions, interactions.c[USER] == user_id, target)).rowcount
            connection.execute(_moved(requests, requests.c[USER] == user_id, target))
            self._move_profile(connection, user_id, target)
            connection.execute(update(merges).where(merged).values(moved=merges.c.moved + moved))
            hide(self._database, self._changes, connection, user_id, erased=False)
            self._changes.record_now(connection, "users", [user_id, target])
            return Move(target, int(connection.scalar(select(merges.c.moved).where(merged)) or 0), created)

        return await self._changes.write(work)

    async def undo(self, user_id: str) -> Return | None:
        """Move back what the merge of a user moved, and commit; None where the user was not merged.

        What arrived under the user's id after the merge stays where it is.

        Raises
        ------
        MergeTooOldError
            The merge is older than a day.
        """

        def work(connection: Connection) -> Return | None:
            self._wait_for_others(connection)
            merged = merges.c[USER] == user_id
            found = connection.execute(select(merges).where(merged).with_for_update()).mappings().first()
            if found is None:
                return None
            if found["merged_at"] < now() - _UNDONE_WITHIN:
                raise MergeTooOldError(f"{user_id!r} was merged more than a day ago: that cannot be undone any more")
            holder, own = end_of(connection, user_id), moved_rows.c[USER] == user_id
            events = interactions.c.id.in_(select(moved_rows.c.interaction_id).where(own))
            asked = requests.c[REQUEST_ID].in_(select(moved_rows.c[REQUEST_ID]).where(own))
            holders = list(connection.scalars(select(interactions.c[USER]).where(events).distinct()))
            moved = connection.execute(_moved(interactions, events, user_id)).rowcount
            connection.execute(_moved(requests, asked, user_id))
            later = moved_rows.c[USER].in_(chain_of(connection, user_id)[1:])
            for name in ("interaction_id", REQUEST_ID):
                # Later merges of the chain moved these rows as well: they are not theirs any more.
                these = moved_rows.c[name].in_(select(moved_rows.c[name]).where(own).scalar_subquery())
                connection.execute(delete(moved_rows).where(later & these))
            connection.execute(delete(moved_rows).where(own))
            connection.execute(delete(merges).where(merged))
            self._return_profile(connection, user_id, holder, found["profile"])
            self._changes.record_now(connection, "users", [user_id, *sorted({holder, *holders})])
            self._changes.record_now(connection, "deletions", [holder])
            return Return(found["into_user_id"], moved, sorted({holder, *holders}))

        return await self._changes.write(work)

    async def forget_moves(self) -> None:
        """Forget what the merges moved that cannot be undone any more, and commit."""
        old = merges.c.merged_at < now() - _UNDONE_WITHIN
        gone = moved_rows.c[USER].in_(select(merges.c[USER]).where(old))
        kept = old & merges.c.profile.is_not(None)

        def work(connection: Connection) -> None:
            connection.execute(delete(moved_rows).where(gone))
            connection.execute(update(merges).where(kept).values(profile=null()))

        # Nearly always there is nothing: no writer waits for that.
        async with self._database.begin() as connection:
            found = await connection.scalar(select(moved_rows.c[USER]).where(gone).limit(1))
            if found is None and await connection.scalar(select(merges.c[USER]).where(kept).limit(1)) is None:
                return
        await self._changes.write(work)

    def _wait_for_others(self, connection: Connection) -> None:
        """Let one merge at a time work: the second one of a chain must see the first."""
        if not self._database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

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
            connection.execute(update(merges).where(merges.c[USER] == user_id).values(profile=found[0]))
        connection.execute(delete(users).where(users.c[USER] == user_id))

    def _return_profile(
        self, connection: Connection, user_id: str, holder: str, profile: dict[str, Any] | None
    ) -> None:
        """Give a user its profile again; who took it over and has not changed it since has none.

        Who has nothing else either, as one whose id was misspelt, is unknown again.
        """
        described = profile is not None
        row = {USER: user_id, "attributes": profile or {}, "described": described, "changed_at": now()}
        statement = self._database.insert(users).values(row)
        again = {name: statement.excluded[name] for name in row if name != USER}
        connection.execute(statement.on_conflict_do_update(index_elements=[USER], set_=again))
        taken = connection.scalar(select(users.c.attributes).where((users.c[USER] == holder) & users.c.described))
        if described and taken == profile:
            plain = {"attributes": {}, "described": False, "changed_at": now()}
            connection.execute(update(users).where(users.c[USER] == holder).values(plain))
        if not _has_rows(connection, holder):
            bare = (users.c[USER] == holder) & ~users.c.described
            if connection.execute(delete(users).where(bare)).rowcount:
                hide(self._database, self._changes, connection, holder, erased=False)


def _remember(connection: Connection, user_id: str) -> None:
    for table, key, name in (
        (interactions, interactions.c.id, "interaction_id"),
        (requests, requests.c[REQUEST_ID], REQUEST_ID),
    ):
        rows = select(table.c[USER], key).where(table.c[USER] == user_id)
        connection.execute(insert(moved_rows).from_select([USER, name], rows))


def _has_rows(connection: Connection, user_id: str) -> bool:
    return connection.scalar(select(interactions.c.id).where(interactions.c[USER] == user_id).limit(1)) is not None


def _moved(table: Any, which: ColumnElement[bool], into: str) -> Any:
    return update(table).where(which).values({USER: into})
