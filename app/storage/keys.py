"""API keys in SQL. A key that was made once stays, revoked: an installation that has had one is never open again."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, or_, select, text, update

from app.storage.access_tables import api_keys
from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.times import now

_LOCK = 7_241_995
"""Advisory lock, the same in every process."""


class KeyStore:
    """Reads and writes API keys."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def all(self) -> list[dict[str, Any]]:
        """Return all keys, the oldest first, also those that were revoked or have expired."""
        statement = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
        async with self._database.begin() as connection:
            return [dict(row) for row in (await connection.execute(statement)).mappings()]

    async def add(self, row: Mapping[str, Any]) -> None:
        """Store a key and commit."""

        def work(connection: Connection) -> None:
            connection.execute(insert(api_keys).values(dict(row)))
            self._changes.record_now(connection, "keys", [str(row["key_id"])])

        await self._changes.write(work)

    async def add_first(self, row: Mapping[str, Any]) -> bool:
        """Store a key and commit, unless there has been one before; return whether it was stored."""

        def work(connection: Connection) -> bool:
            if not self._database.is_sqlite:
                # Two commands at once must not both find none.
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if connection.scalar(select(api_keys.c.key_id).limit(1)) is not None:
                return False
            connection.execute(insert(api_keys).values(dict(row)))
            self._changes.record_now(connection, "keys", [str(row["key_id"])])
            return True

        return await self._changes.write(work)

    async def end(self, key_id: str, at: int | None) -> bool:
        """Revoke a key now, or let it expire at a moment, and commit; return whether there is such a key in force."""
        moment = now()
        in_force = api_keys.c.revoked_at.is_(None) & or_(
            api_keys.c.expires_at.is_(None), api_keys.c.expires_at > moment
        )
        values = {"revoked_at": moment} if at is None else {"expires_at": at}

        def work(connection: Connection) -> bool:
            this = update(api_keys).where((api_keys.c.key_id == key_id) & in_force).values(values)
            found = connection.execute(this).rowcount > 0
            if found:
                self._changes.record_now(connection, "keys", [key_id])
            return found

        return await self._changes.write(work)
