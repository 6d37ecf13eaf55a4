"""Activations in SQL: which bundle became the active one, when, and by whom."""

from dataclasses import dataclass

from sqlalchemy import insert, select

from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.tables import activations
from app.times import now


@dataclass(frozen=True)
class Activation:
    """One activation; `forced` tells whether the gate had refused the bundle."""

    bundle_version: str
    activated_at: int
    activated_by: str
    forced: bool


class ActivationStore:
    """Records activations, and announces them to all processes."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def add(self, version: str, activated_by: str, *, forced: bool) -> None:
        """Record that a version is the active one now."""
        row = {"bundle_version": version, "activated_at": now(), "activated_by": activated_by, "forced": forced}
        async with self._changes.writing() as connection:
            await connection.execute(insert(activations).values(row))
            await self._changes.record(connection, "bundles", [version])

    async def latest(self) -> dict[str, Activation]:
        """Return the latest activation of each version that had one."""
        columns = (
            activations.c.bundle_version,
            activations.c.activated_at,
            activations.c.activated_by,
            activations.c.forced,
        )
        async with self._database.begin() as connection:
            rows = await connection.execute(select(*columns).order_by(activations.c.id))
            return {row.bundle_version: Activation(*row) for row in rows}
