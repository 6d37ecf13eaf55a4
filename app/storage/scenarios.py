"""Scenarios in SQL: every version of each, the newest in force."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.tables import scenarios
from app.times import now


@dataclass(frozen=True)
class StoredScenario:
    """A version of a scenario; `definition` is None where it was deleted, `changed_at` in microseconds since 1970."""

    name: str
    version: int
    definition: dict[str, Any] | None
    changed_at: int


class ScenarioStore:
    """Reads and writes scenarios."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def put(self, name: str, definition: dict[str, Any] | None) -> StoredScenario:
        """Store a new version, or the deletion, of a scenario and commit."""

        def work(connection: Connection) -> StoredScenario:
            if not self._database.is_sqlite:
                # Two writers must not choose one version; on SQLite there is one writer.
                connection.execute(text("LOCK TABLE scenarios IN SHARE ROW EXCLUSIVE MODE"))
            newest = select(func.max(scenarios.c.version)).where(scenarios.c.name == name)
            version = int(connection.execute(newest).scalar() or 0) + 1
            stored = StoredScenario(name, version, definition, now())
            connection.execute(
                insert(scenarios).values(
                    name=name, version=version, definition=definition, changed_at=stored.changed_at
                )
            )
            self._changes.record_now(connection, "scenarios", [name])
            return stored

        return await self._changes.write(work)

    async def newest(self) -> dict[str, StoredScenario]:
        """Return the newest version of each scenario by name, deleted ones too."""
        newest = select(scenarios.c.name, func.max(scenarios.c.version).label("version")).group_by(scenarios.c.name)
        last = newest.subquery()
        statement = select(scenarios).join(
            last, (last.c.name == scenarios.c.name) & (last.c.version == scenarios.c.version)
        )
        async with self._database.begin() as connection:
            rows = (await connection.execute(statement)).all()
        return {row.name: StoredScenario(row.name, row.version, row.definition, row.changed_at) for row in rows}

    async def all(self) -> list[StoredScenario]:
        """Return all versions of all scenarios."""
        async with self._database.begin() as connection:
            rows = (await connection.execute(select(scenarios))).all()
        return [StoredScenario(row.name, row.version, row.definition, row.changed_at) for row in rows]

    async def versions(self, name: str) -> list[StoredScenario]:
        """Return all versions of a scenario, newest first."""
        wanted = select(scenarios).where(scenarios.c.name == name).order_by(scenarios.c.version.desc())
        async with self._database.begin() as connection:
            rows = (await connection.execute(wanted)).all()
        return [StoredScenario(row.name, row.version, row.definition, row.changed_at) for row in rows]
