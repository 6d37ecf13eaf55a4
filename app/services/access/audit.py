"""The audit log: administrative acts, by whom and when."""

from typing import NamedTuple

import structlog

from app.errors import DatabaseError
from app.schemas.keys import Act, AuditPage, AuditQuery
from app.storage.audit_log import AuditStore
from app.times import from_microseconds

_LONGEST = 1000
_log = structlog.get_logger(__name__)


class Actor(NamedTuple):
    """Who does something: the id of a key, and where the request came from."""

    name: str
    address: str | None = None


COMMAND = Actor("command")
"""The command line."""


class AuditLog:
    """Records and lists administrative acts."""

    def __init__(self, store: AuditStore) -> None:
        self._store = store

    async def record(self, by: Actor, action: str, subject: str) -> None:
        """Record an act that was done; where the database does not answer, in the log of the process."""
        try:
            await self._store.add(by.name, action, subject[:_LONGEST], by.address)
        except DatabaseError as error:
            _log.error("act not recorded", actor=by.name, action=action, subject=subject, reason=str(error))

    async def page(self, query: AuditQuery) -> AuditPage:
        """List acts, newest first."""
        rows = await self._store.page(query.before, query.limit)
        return AuditPage(items=[Act(**row | {"at": from_microseconds(row["at"])}) for row in rows])
