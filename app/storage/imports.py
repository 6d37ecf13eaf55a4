"""Imports in SQL: their progress is recorded in the transactions that store their chunks."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, func, null, select, update

from app.errors import ImportBusyError
from app.storage.database import Database
from app.storage.tables import imports, interactions
from app.times import now

_LOG_END = select(func.coalesce(func.max(interactions.c.id), 0))
RUNNING, DONE, FAILED = "running", "done", "failed"


@dataclass(frozen=True)
class ImportState:
    """One import: `parts` is the number of committed chunks of its files, `log_before` the end of the log before it."""

    import_id: str
    status: str
    parts: int
    log_before: int
    counts: dict[str, Any]
    error: str | None
    created_at: int
    changed_at: int


class ImportStore:
    """Keeps the state of imports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, fingerprint: str, folder: str) -> ImportState:
        """Find or create the import of these files; one that has failed resumes after the chunks that it stored."""
        async with self._database.writing() as connection:
            row: dict[str, Any] = {
                "import_id": secrets.token_hex(8),
                "fingerprint": fingerprint,
                "folder": folder,
                "status": RUNNING,
                "log_before": await connection.scalar(_LOG_END),
                "counts": {},
                "created_at": now(),
                "changed_at": now(),
            }
            await connection.execute(self._database.insert(imports).values(row).on_conflict_do_nothing())
            statement = select(imports).where(imports.c.fingerprint == fingerprint)
            state = _state((await connection.execute(statement)).mappings().one())
            if state.status != FAILED:
                return state
            again: dict[str, Any] = {"status": RUNNING, "error": None, "changed_at": now()}
            if not state.counts.get("interactions", {}).get("new"):
                # Nothing was stored: all rows are read again, as dropped ones may be accepted now.
                again |= {"parts": 0, "log_before": row["log_before"], "counts": {}}
            await connection.execute(update(imports).where(imports.c.import_id == state.import_id).values(again))
            return replace(state, **again)

    async def log_end(self) -> int:
        """Return the largest id of the log; 0 where it is empty."""
        async with self._database.begin() as connection:
            return int(await connection.scalar(_LOG_END) or 0)

    async def find(self, fingerprint: str) -> ImportState | None:
        """Find the import of these files; None where there is none."""
        async with self._database.begin() as connection:
            statement = select(imports).where(imports.c.fingerprint == fingerprint)
            row = (await connection.execute(statement)).mappings().first()
            return None if row is None else _state(row)

    async def forget(self, fingerprint: str) -> None:
        """Delete an import, so that the same files can be imported once more."""
        async with self._database.writing() as connection:
            await connection.execute(delete(imports).where(imports.c.fingerprint == fingerprint))

    def advance(self, connection: Connection, import_id: str, parts: int, more: int, counts: Mapping[str, Any]) -> None:
        """Record that more chunks are stored, in the transaction that stores them.

        Parameters
        ----------
        parts
            Chunks that were stored before.
        more
            Chunks that are stored now.

        Raises
        ------
        ImportBusyError
            Another process has stored it.
        """
        here = (imports.c.import_id == import_id) & (imports.c.parts == parts)
        values = {"parts": parts + more, "counts": dict(counts), "changed_at": now()}
        if connection.execute(update(imports).where(here).values(values)).rowcount != 1:
            raise ImportBusyError("another process imports these files")

    async def end(self, import_id: str, status: str, error: str | None = None) -> None:
        """Record how an import ended."""
        values = {"status": status, "error": error, "changed_at": now(), "erased": null()}
        async with self._database.writing() as connection:
            await connection.execute(update(imports).where(imports.c.import_id == import_id).values(values))

    async def latest(self, limit: int) -> list[ImportState]:
        """List the imports that began last, newest first."""
        newest = select(imports).order_by(imports.c.created_at.desc(), imports.c.import_id.desc()).limit(limit)
        async with self._database.begin() as connection:
            return [_state(row) for row in (await connection.execute(newest)).mappings()]

    async def get(self, import_id: str) -> ImportState | None:
        """Return an import; None where there is none."""
        async with self._database.begin() as connection:
            row = (await connection.execute(select(imports).where(imports.c.import_id == import_id))).mappings().first()
            return None if row is None else _state(row)


def _state(row: Mapping[Any, Any]) -> ImportState:
    names = ("import_id", "status", "parts", "log_before", "counts", "error", "created_at", "changed_at")
    return ImportState(**{name: row[name] for name in names})
