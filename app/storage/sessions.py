"""Sessions of the console in SQL, by the digest of their cookie."""

from contextlib import suppress

from sqlalchemy import Connection, delete, insert, select, update

from app.errors import WriteRefusedError
from app.storage.access_tables import console_sessions
from app.storage.database import Database
from app.times import now

_RENEWED_AFTER = 60_000_000
"""Microseconds: a session is not written anew at each request."""


class SessionStore:
    """Reads and writes sessions; moments are microseconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, digest: str, key_id: str, oldest: int) -> None:
        """Store a session and delete those not seen since `oldest`, and commit."""

        def work(connection: Connection) -> None:
            connection.execute(delete(console_sessions).where(console_sessions.c.seen_at < oldest))
            row = {"digest": digest, "key_id": key_id, "seen_at": now()}
            connection.execute(insert(console_sessions).values(row))

        await self._database.write(work)

    async def seen(self, digest: str, oldest: int, *, renew: bool) -> str | None:
        """Return the id of a session's key; None where it was not seen since `oldest`. `renew` notes that it is now."""
        this = console_sessions.c.digest == digest
        async with self._database.begin() as connection:
            found = (await connection.execute(select(console_sessions).where(this))).mappings().first()
        if found is None or found["seen_at"] < oldest:
            return None
        moment = now()
        if renew and found["seen_at"] < moment - _RENEWED_AFTER:
            # The console shows why writes are refused: it must not fail for that itself.
            with suppress(WriteRefusedError):
                async with self._database.writing() as connection:
                    await connection.execute(update(console_sessions).where(this).values(seen_at=moment))
        return str(found["key_id"])

    async def end(self, digest: str) -> None:
        """Delete a session and commit."""
        async with self._database.writing() as connection:
            await connection.execute(delete(console_sessions).where(console_sessions.c.digest == digest))
