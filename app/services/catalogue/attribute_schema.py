"""The schema of attributes: declares it, and lists the attributes that items and users have."""

from typing import Literal

from app.errors import SchemaFixedError
from app.schemas.attribute_schema import SchemaReport
from app.services.catalogue.attribute_values import AttributeValues
from app.services.kit.database_timeout import with_timeout
from app.services.state.declared_schema import DeclaredSchema
from app.services.state.live_items import LiveItems
from app.storage.database import pages
from app.storage.samples import Sampled, SampleStore
from models.data.schema import Attributes, Schema

SAMPLE = 5000
"""Items, and users, that are looked at, at most."""
_AT_ONCE = 100
"""Rows to read before the event loop serves other requests: each may hold half a megabyte of vectors."""
_SECONDS = 10.0
"""How long the choice of a sample may take: it passes over all ids."""


class AttributeSchema:
    """Declares the schema, and reports what attributes there are."""

    def __init__(self, schema: DeclaredSchema, samples: SampleStore, live: LiveItems) -> None:
        self._schema = schema
        self._samples = samples
        self._live = live

    async def put(self, schema: Schema) -> Schema:
        """Declare a schema in place of the one before, and commit; the items in memory are read by it at once.

        Raises
        ------
        SchemaFixedError
            The schema is in a file.
        DatabaseError
            The database does not answer.
        """
        if self._schema.file is not None:
            raise SchemaFixedError(
                f"BRAID_SCHEMA declares the schema in {self._schema.file.name}: change that file and start again,"
                " or unset the variable"
            )
        await self._schema.put(schema)
        await self._live.read_again()
        return schema

    async def report(self) -> SchemaReport:
        """List the attributes of a sample, declared ones first.

        Raises
        ------
        DatabaseError
            The database does not answer.
        """
        schema = self._schema.current
        items, items_stored = await self._values("items", schema.items)
        users, users_stored = await self._values("users", schema.users)
        source: Literal["file", "api", "none"] = "api" if schema.items or schema.users else "none"
        return SchemaReport(
            source="file" if self._schema.file is not None else source,
            declared=schema,
            items=items.report(),
            users=users.report(),
            looked_at={"items": items.rows, "users": users.rows},
            stored={"items": items_stored, "users": users_stored},
        )

    async def _values(self, name: Sampled, declared: Attributes) -> tuple[AttributeValues, int]:
        """Count what the attributes of a sample hold; return also how many rows there are."""
        values = AttributeValues(declared)
        spread = await with_timeout(self._samples.spread(name, SAMPLE), _SECONDS)
        for page in pages(spread.ids, _AT_ONCE):
            values.add(await with_timeout(self._samples.attributes(name, page)))
        return values, spread.stored
