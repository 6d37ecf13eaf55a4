"""User profiles: creates, changes, returns and lists them."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pydantic import TypeAdapter

from app.errors import DatabaseError, NotFoundError
from app.schemas.batches import RowsStored
from app.schemas.users import User, UserIn, UserPatch, UsersPage, UsersQuery
from app.services.kit.attributes import refusals, require
from app.services.kit.batches import put_batch
from app.services.kit.merge_patch import merged
from app.services.kit.pagination import decode, encode
from app.services.state.declared_schema import DeclaredSchema
from app.services.state.histories import Histories
from app.storage.users import UserStore
from models.data.columns import USER

_ROWS = TypeAdapter(list[User])


class Profiles:
    """Stores and finds users.

    Parameters
    ----------
    histories
        Those in the memory of this process, where it serves: the next answer to a user knows what changed.
    """

    def __init__(self, users: UserStore, schema: DeclaredSchema, histories: Histories | None = None) -> None:
        self._users = users
        self._schema = schema
        self._histories = histories

    async def _changed(self, user_ids: Sequence[str]) -> None:
        # Logs that cannot be read now are forgotten: what is committed is acknowledged all the same.
        if self._histories is not None:
            with suppress(DatabaseError):
                await self._histories.refresh(user_ids)

    async def put(self, user_id: str, user: UserIn) -> tuple[User, bool]:
        """Create or replace a user and commit; return whether it is new.

        Raises
        ------
        InvalidFieldsError
            An attribute does not fit the declared schema.
        """
        require(refusals(self._schema.current.users, user.attributes))
        created = await self._users.put(user_id, user.attributes)
        await self._changed([user_id])
        return User.model_construct(user_id=user_id, attributes=user.attributes), created

    async def patch(self, user_id: str, patch: UserPatch) -> User:
        """Commit a change of a user.

        Raises
        ------
        NotFoundError
            There is no user with this id.
        TooLargeError
            The changed attributes are too large.
        InvalidFieldsError
            A changed attribute does not fit the declared schema.
        """
        require(refusals(self._schema.current.users, patch.attributes or {}))

        def changed(attributes: dict[str, Any]) -> dict[str, Any]:
            return merged(attributes, patch.attributes) if patch.model_fields_set else attributes

        attributes = await self._users.change(user_id, changed)
        if attributes is None:
            raise NotFoundError(f"there is no user {user_id!r}")
        await self._changed([user_id])
        return User.model_construct(user_id=user_id, attributes=attributes)

    async def put_batch(self, given: Sequence[object], *, atomic: bool) -> RowsStored:
        """Create or replace the users of a batch in one transaction; invalid rows are refused.

        Raises
        ------
        BatchRefusedError
            A row is refused, and `atomic` is true.
        """
        declared = self._schema.current.users
        return await put_batch(
            given,
            _ROWS,
            User.model_fields,
            self._put_all,
            atomic=atomic,
            check=lambda user: refusals(declared, user.attributes),
        )

    async def _put_all(self, given: list[User]) -> None:
        rows = {user.user_id: {USER: user.user_id, "attributes": user.attributes} for user in given}
        await self._users.put_many(list(rows.values()))
        await self._changed(list(rows))

    async def get(self, user_id: str) -> User:
        """Return a user.

        Raises
        ------
        NotFoundError
            There is no user with this id.
        """
        attributes = await self._users.get(user_id)
        if attributes is None:
            raise NotFoundError(f"there is no user {user_id!r}")
        return User.model_construct(user_id=user_id, attributes=attributes)

    async def find(self, user_id: str) -> dict[str, Any] | None:
        """Return a user's attributes; None where there is no such user."""
        return await self._users.get(user_id)

    async def page(self, query: UsersQuery) -> UsersPage:
        """List users in the order of their ids.

        Raises
        ------
        CursorError
            The cursor is malformed, or belongs to another list.
        """
        last = decode(query.cursor, "users", (str,))
        rows = await self._users.page(query.prefix, None if last is None else last[0], query.limit + 1)
        shown = [User.model_construct(**row) for row in rows[: query.limit]]
        more = encode("users", shown[-1].user_id) if len(rows) > query.limit else None
        return UsersPage.model_construct(items=shown, next_cursor=more)
