"""Users whom bundles of an earlier training hide: their data was erased, or moved to another user."""

import secrets
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, select, true

from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.tables import masked_users
from app.times import now
from models.data.columns import USER


class Mask(NamedTuple):
    """A user whom bundles must hide, except those that name the token: their training knew of it.

    `erased` tells whether the bundles are also rewritten without the user.
    """

    user_id: str
    token: str
    erased: bool


def hide(database: Database, changes: ChangeStore, connection: Connection, user_id: str, *, erased: bool) -> None:
    """Hide a user in all bundles made until now, as part of a transaction."""
    row = {USER: user_id, "masked_at": now(), "token": secrets.token_hex(8), "erased": erased}
    statement = database.insert(masked_users).values(row)
    newer: dict[str, ColumnElement[Any]] = {name: statement.excluded[name] for name in ("masked_at", "token")}
    newer["erased"] = masked_users.c.erased | statement.excluded.erased
    connection.execute(statement.on_conflict_do_update(index_elements=[USER], set_=newer))
    changes.record_now(connection, "masks", [user_id])


class MaskStore:
    """Reads the masks, and forgets those that no bundle needs."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def all(self, *, erased_only: bool = False) -> list[Mask]:
        """Return all masks; on request only those of erased users."""
        columns = (masked_users.c[USER], masked_users.c.token, masked_users.c.erased)
        wanted = masked_users.c.erased if erased_only else true()
        async with self._database.begin() as connection:
            return [Mask(*row) for row in await connection.execute(select(*columns).where(wanted))]

    async def hidden(self, known: Collection[str]) -> list[str]:
        """Return the users whom a bundle must hide that names some tokens."""
        return [mask.user_id for mask in await self.all() if mask.token not in known]

    async def forget(self, masks: Collection[Mask]) -> None:
        """Delete masks, unless they were renewed, and commit."""

        def work(connection: Connection) -> None:
            for mask in masks:
                same = (masked_users.c[USER] == mask.user_id) & (masked_users.c.token == mask.token)
                connection.execute(delete(masked_users).where(same))

        if masks:
            await self._changes.write(work)
            await self._database.truncate_log()
