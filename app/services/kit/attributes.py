"""Attributes as they are put: checked by the declared schema, the vectors of items kept apart."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from app.errors import InvalidFieldsError
from app.schemas.problems import FieldError
from app.schemas.types import MAX_JSON_BYTES
from app.storage.vectors import as_lists, pack, unpack
from models.data.attribute_values import unfit_values
from models.data.catalogue import ATTRIBUTES, VECTORS
from models.data.schema import Attributes, Schema


def refusals(declared: Attributes, attributes: Mapping[str, Any]) -> list[FieldError]:
    """Return why attributes do not fit the schema, one error for each of them."""
    return [
        FieldError(field=f"{ATTRIBUTES}.{name}", code="attribute_type", detail=reason)
        for name, reason in unfit_values(declared, attributes).items()
    ]


def item_refusals(schema: Schema, attributes: Mapping[str, Any]) -> list[FieldError]:
    """Return why the attributes of an item cannot be stored: they do not fit the schema, or are too long."""
    found = refusals(schema.items, attributes)
    others = {name: value for name, value in attributes.items() if name not in schema.vectors}
    if len(orjson.dumps(others)) > MAX_JSON_BYTES:
        detail = f"is longer than {MAX_JSON_BYTES:,} bytes as JSON without the vectors that the schema declares"
        found.append(FieldError(field=ATTRIBUTES, code="value_error", detail=detail))
    return found


def require(found: list[FieldError]) -> None:
    """Refuse a request with these errors.

    Raises
    ------
    InvalidFieldsError
        There is one.
    """
    if found:
        count = "1 field is" if len(found) == 1 else f"{len(found)} fields are"
        raise InvalidFieldsError(f"{count} not valid: {', '.join(one.field for one in found)}", found)


def split(row: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Move the declared vectors from the attributes of a row to its bytes."""
    attributes = row[ATTRIBUTES]
    lengths = schema.vectors
    vectors = {name: attributes[name] for name in lengths if attributes.get(name) is not None}
    row[VECTORS] = pack({name: np.asarray(numbers, dtype=np.float32) for name, numbers in vectors.items()})
    if vectors:
        row[ATTRIBUTES] = {name: value for name, value in attributes.items() if name not in vectors}
    return row


def joined(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its vectors among the attributes again."""
    found = {name: value for name, value in row.items() if name != VECTORS}
    vectors = as_lists(row.get(VECTORS))
    if vectors:
        found[ATTRIBUTES] = {**found[ATTRIBUTES], **vectors}
    return found


def patched(row: dict[str, Any], patch: Mapping[str, Any] | None, schema: Schema) -> Mapping[str, Any] | None:
    """Apply what a patch of the attributes says of vectors to a row; return the rest of the patch."""
    if patch is None:
        row[VECTORS] = None
        return None
    named = [name for name in patch if name in schema.vectors]
    if not named:
        return patch
    vectors = unpack(row.get(VECTORS))
    for name in named:
        vectors.pop(name, None)
        if patch[name] is not None:
            vectors[name] = np.asarray(patch[name], dtype=np.float32)
    row[VECTORS] = pack(vectors)
    # A value from before the declaration may stand among the other attributes.
    return {**patch, **dict.fromkeys(named)}
