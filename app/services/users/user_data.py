"""All data of a user: shows, exports and erases it, or moves it to another user."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson

from app.errors import CursorError, MergeConflictError, NotFoundError
from app.schemas.user_data import Interaction, LogPage, LogQuery, Merged, Unmerged
from app.services.kit.pagination import decode, encode
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.popularity.log_counts import LogCounts
from app.services.state.erased_users import ErasedUsers
from app.services.state.histories import Histories
from app.storage.merging import MergeStore
from app.storage.user_data import Place, UserDataStore, place_of
from app.storage.users import UserStore
from app.times import from_microseconds
from models.data.columns import SEQUENCE, TIMESTAMP

LogRows = Sequence[dict[str, Any]]
_IN_TIME, _IN_SEQUENCE = "log", "log-sequence"
_NUMBER_OR_NONE = (int, type(None))


class UserData:
    """Shows, exports, erases and merges the data stored about users."""

    def __init__(
        self,
        store: UserDataStore,
        merging: MergeStore,
        users: UserStore,
        histories: Histories,
        popular: LogCounts,
        since_bundle: CountsSinceBundle,
        erased_users: ErasedUsers,
    ) -> None:
        self._store = store
        self._merging = merging
        self._users = users
        self._histories = histories
        self._popular = popular
        self._since_bundle = since_bundle
        self._erased_users = erased_users

    async def log(self, user_id: str, query: LogQuery) -> LogPage:
        """List a user's interactions, newest first.

        Raises
        ------
        CursorError
            The cursor is malformed, or belongs to another list.
        """
        rows = await self._store.log([user_id], _read_cursor(query.cursor), query.limit + 1)
        shown = rows[: query.limit]
        more = _write_cursor(place_of(shown[-1])) if len(rows) > query.limit else None
        items = [Interaction.model_construct(**_timed(row)) for row in shown]
        return LogPage.model_construct(items=items, next_cursor=more)

    async def delete_interaction(self, number: int) -> None:
        """Delete an interaction and commit.

        Raises
        ------
        NotFoundError
            There is no interaction with this id.
        """
        user_id = await self._store.delete(number)
        if user_id is None:
            raise NotFoundError(f"there is no interaction {number}")
        await self._changed([user_id])

    async def erase(self, user_id: str) -> None:
        """Erase all data of a user, commit, and remove the user from memory.

        Raises
        ------
        NotFoundError
            No data is stored about the user.
        """
        in_bundle = self._erased_users.shows(user_id)
        erased = await self._store.erase(user_id)
        self._erased_users.erase(erased or [user_id])
        await self._changed(erased or [user_id])
        if not erased and not in_bundle:
            raise _nothing(user_id)

    async def merge(self, user_id: str, into: str) -> Merged:
        """Move all data of a user to another one and commit; a repeated call moves what has arrived since.

        Raises
        ------
        MergeConflictError
            The two users cannot be merged.
        """
        if user_id == into:
            raise MergeConflictError("a user cannot be merged into itself")
        move = await self._merging.merge(user_id, into)
        self._erased_users.erase([user_id])
        await self._changed([user_id, move.into])
        return Merged(user_id=user_id, into=move.into, moved=move.moved, created=move.created)

    async def undo_merge(self, user_id: str) -> Unmerged:
        """Move back what the merge of a user moved, and commit.

        Raises
        ------
        NotFoundError
            The user was not merged.
        MergeTooOldError
            The merge is older than a day.
        """
        found = await self._merging.undo(user_id)
        if found is None:
            raise NotFoundError(f"the user {user_id!r} was not merged into another one")
        await self._changed([user_id, *found.holders])
        return Unmerged(user_id=user_id, into=found.into, moved=found.moved)

    async def export(self, user_id: str) -> AsyncIterator[bytes]:
        """Yield all data stored about a user as a JSON document, part by part.

        Raises
        ------
        NotFoundError
            No data is stored about the user.
        """
        # Events that arrived under an id after its merge are the user's too.
        user_ids = await self._store.family(user_id)
        attributes, merges = await self._users.get(user_id), await self._store.merges(user_ids)
        log, requests = self._store.pages(user_ids), self._store.requests(user_ids)
        first: LogRows = await anext(log, [])
        first_requests: LogRows = await anext(requests, [])
        if attributes is None and not merges and not first and not first_requests:
            raise _nothing(user_id)
        for merge in merges:
            merge["into"] = merge.pop("into_user_id")
            merge["merged_at"] = from_microseconds(merge["merged_at"])
        known = orjson.dumps({"user_id": user_id, "attributes": attributes, "merges": merges})

        async def parts() -> AsyncIterator[bytes]:
            yield known[:-1] + b',"requests":['
            async for part in _rows(first_requests, requests):
                yield part
            yield b'],"interactions":['
            async for part in _rows(first, log):
                yield part
            yield b"]}"

        return parts()

    async def _changed(self, user_ids: Sequence[str]) -> None:
        self._popular.forget()
        self._since_bundle.forget()
        await self._histories.refresh(user_ids)


async def _rows(first: LogRows, others: AsyncIterator[LogRows]) -> AsyncIterator[bytes]:
    if first:
        yield orjson.dumps([_timed(row) for row in first])[1:-1]
    async for page in others:
        yield b"," + orjson.dumps([_timed(row) for row in page])[1:-1]


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as clients read it: only one without a time can have a `sequence`."""
    if row[TIMESTAMP] is None and row[SEQUENCE] is not None:
        return row
    plain = {name: value for name, value in row.items() if name != SEQUENCE}
    return plain if row[TIMESTAMP] is None else plain | {TIMESTAMP: from_microseconds(row[TIMESTAMP])}


def _write_cursor(last: Place) -> str:
    if last.sequence is not None:
        return encode(_IN_SEQUENCE, last.sequence, last.id)
    return encode(_IN_TIME, last.time, last.id)


def _read_cursor(cursor: str | None) -> Place | None:
    try:
        found = decode(cursor, _IN_TIME, (_NUMBER_OR_NONE, int))
    except CursorError:
        found = decode(cursor, _IN_SEQUENCE, ((float, int), int))
        return None if found is None else Place(None, float(found[0]), found[1])
    return None if found is None else Place(found[0], None, found[1])


def _nothing(user_id: str) -> NotFoundError:
    return NotFoundError(f"no data is stored about a user {user_id!r}")
