"""The audit log in SQL: who did what, and when."""

from typing import Any

from sqlalchemy import insert, select

from app.storage.access_tables import audit_log
from app.storage.database import Database
from app.times import now


class AuditStore:
    """Writes and reads administrative acts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, actor: str, action: str, subject: str, address: str | None) -> None:
        """Record an act and commit."""
        row = {"at": now(), "actor": actor, "action": action, "subject": subject, "address": address}
        async with self._database.writing() as connection:
            await connection.execute(insert(audit_log).values(row))

    async def page(self, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Return acts, newest first, from before an id on."""
        statement = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(audit_log.c.id < before)
        async with self._database.begin() as connection:
            return [dict(row) for row in (await connection.execute(statement)).mappings()]
