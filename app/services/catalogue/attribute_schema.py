"""The schema of attributes: declares it, and lists the attributes that items and users have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from app.errors import SchemaFixedError
from app.schemas.attribute_schema import AttributeReport, SchemaReport
from app.services.kit.attributes import joined
from app.services.kit.database_timeout import with_timeout
from app.services.state.declared_schema import DeclaredSchema
from app.services.state.live_items import LiveItems
from app.storage.item_filter import ItemFilter
from app.storage.items import ItemStore
from app.storage.users import UserStore
from models.data.attribute_values import why_unfit
from models.data.catalogue import ATTRIBUTES, is_vector
from models.data.schema import Attributes, AttributeType, Schema

SAMPLE = 1000
_DEEPEST = 8


class AttributeSchema:
    """Declares the schema, and reports what attributes there are."""

    def __init__(self, schema: DeclaredSchema, items: ItemStore, users: UserStore, live: LiveItems) -> None:
        self._schema = schema
        self._items = items
        self._users = users
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
        """List the attributes, declared ones first.

        Raises
        ------
        DatabaseError
            The database does not answer.
        """
        schema = self._schema.current
        items = [joined(row)[ATTRIBUTES] for row in await with_timeout(self._items.page(ItemFilter(), None, SAMPLE))]
        users = [row[ATTRIBUTES] for row in await with_timeout(self._users.page(None, None, SAMPLE))]
        source: Literal["file", "api", "none"] = "api" if schema.items or schema.users else "none"
        return SchemaReport(
            source="file" if self._schema.file is not None else source,
            declared=schema,
            items=_reports(schema.items, items),
            users=_reports(schema.users, users),
            looked_at={"items": len(items), "users": len(users)},
        )


def _reports(declared: Attributes, rows: Sequence[Mapping[str, Any]]) -> list[AttributeReport]:
    found = []
    for name, attribute in declared.items():
        values = [row[name] for row in rows if row.get(name) is not None]
        unfit = sum(why_unfit(attribute, value) is not None for value in values)
        found.append(
            AttributeReport(
                name=name, type=attribute.type, length=attribute.length, declared=True, values=len(values), unfit=unfit
            )
        )
    seen: dict[str, dict[tuple[AttributeType, int | None], int]] = {}
    for row in rows:
        for name, kind in dict(_kinds({name: v for name, v in row.items() if name not in declared}, "", 1)).items():
            counts = seen.setdefault(name, {})
            counts[kind] = counts.get(kind, 0) + 1
    for name, counts in sorted(seen.items()):
        kinds, lengths = {kind for kind, _ in counts}, {length for _, length in counts}
        found.append(
            AttributeReport(
                name=name,
                type=next(iter(kinds)) if len(kinds) == 1 else "mixed",
                length=next(iter(lengths)) if len(lengths) == 1 else None,
                declared=False,
                values=sum(counts.values()),
            )
        )
    return found


def _kinds(
    values: Mapping[str, Any], prefix: str, depth: int
) -> Iterator[tuple[str, tuple[AttributeType, int | None]]]:
    """Yield the name and the inferred type of each undeclared attribute, with the length of a vector."""
    for name, value in values.items():
        if is_vector(value):
            yield f"{prefix}{name}", ("vector", len(value))
        elif isinstance(value, Mapping):
            if depth < _DEEPEST:
                yield from _kinds(value, f"{prefix}{name}.", depth + 1)
        elif (first := value[0] if isinstance(value, list) and value else value) is not None:
            number = isinstance(first, int | float) and not isinstance(first, bool)
            yield f"{prefix}{name}", ("number" if number else "category", None)
