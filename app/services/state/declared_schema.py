"""The declared schema of this process: from a file, or as it was put over HTTP."""

from pathlib import Path

from app.storage.schemas import SchemaStore
from models.data.schema import EMPTY, Schema, parse_schema, read_schema

_STORED = "the schema in the database"


class DeclaredSchema:
    """Holds the schema that is in force.

    Parameters
    ----------
    file
        The schema file of the settings; where there is one, the database is not read.
    store
        The schema in SQL.
    """

    def __init__(self, file: Path | None, store: SchemaStore) -> None:
        self.file = file
        self._store = store
        self._current: Schema | None = None

    @property
    def current(self) -> Schema:
        """The schema as it was last loaded; empty before."""
        return EMPTY if self._current is None else self._current

    async def load(self) -> Schema:
        """Read the schema, if it was not read yet.

        Raises
        ------
        SchemaDeclarationError
            It cannot be used.
        DatabaseError
            It cannot be read.
        """
        if self._current is None:
            await self.refresh()
        return self.current

    async def refresh(self) -> None:
        """Read the schema again; raises as `load`."""
        if self.file is not None:
            self._current = read_schema(self.file)
            return
        stored = await self._store.get()
        self._current = EMPTY if stored is None else parse_schema(stored, _STORED)

    async def put(self, schema: Schema) -> None:
        """Store a schema and commit.

        Raises
        ------
        DatabaseError
            The database does not answer.
        """
        await self._store.put(schema.model_dump(mode="json", exclude_none=True))
        self._current = schema
