"""The audit log: administrative acts, by whom and when."""

import structlog

from app.errors import DatabaseError
from app.schemas.keys import Act, AuditPage, AuditQuery
from app.storage.audit_log import AuditStore
from app.times import from_microseconds

COMMAND = "command"
_LONGEST = 1000
_log = structlog.get_logger(__name__)


class AuditLog:
    """Records and lists administrative acts."""

    def __init__(self, store: AuditStore) -> None:
        self._store = store

    async def record(self, actor: str, action: str, subject: str, address: str | None = None) -> None:
        """Record an act that was done; where the database does not answer, in the log of the process."""
        try:
            await self._store.add(actor, action, subject[:_LONGEST], address)
        except DatabaseError as error:
            _log.error("act not recorded", actor=actor, action=action, subject=subject, reason=str(error))

    async def page(self, query: AuditQuery) -> AuditPage:
        """List acts, newest first."""
        rows = await self._store.page(query.before, query.limit)
        return AuditPage(items=[Act(**row | {"at": from_microseconds(row["at"])}) for row in rows])
