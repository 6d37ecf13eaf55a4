"""The declared schema in SQL."""

from typing import Any

from sqlalchemy import Connection, select

from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.tables import declared_schemas
from app.times import now

_ONLY = 1


class SchemaStore:
    """Reads and writes the schema that was declared over HTTP."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    async def get(self) -> dict[str, Any] | None:
        """Return the schema as JSON; None where none was declared."""
        async with self._database.begin() as connection:
            found = await connection.scalar(select(declared_schemas.c.declared))
            return None if found is None else dict(found)

    async def put(self, declared: dict[str, Any]) -> None:
        """Declare a schema in place of the one before, and commit."""
        row = {"id": _ONLY, "declared": declared, "changed_at": now()}
        statement = self._database.insert(declared_schemas).values(row)
        others = {name: statement.excluded[name] for name in ("declared", "changed_at")}

        def work(connection: Connection) -> None:
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=others))
            self._changes.record_now(connection, "schema", ["schema"])

        await self._changes.write(work)
