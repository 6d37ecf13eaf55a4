"""JSON merge patches (RFC 7396)."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.errors import TooLargeError
from app.schemas.types import JsonObject

_object: TypeAdapter[dict[str, Any]] = TypeAdapter(JsonObject)


def merged(document: Mapping[str, Any], patch: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a document with what a patch changes: null removes a name, objects are merged, anything else replaces.

    Raises
    ------
    TooLargeError
        The result is too large to be stored.
    """
    try:
        return _object.validate_python({} if patch is None else _merged(document, patch))
    except ValidationError as error:
        raise TooLargeError(f"attributes: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error


def _merged(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(document)
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, dict):
            before = found.get(name)
            found[name] = _merged(before if isinstance(before, dict) else {}, value)
        else:
            found[name] = value
    return found


def patch_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the patch that makes one document of another; names whose value is null are those that it removes."""
    patch: dict[str, Any] = dict.fromkeys(before.keys() - after.keys())
    for name, value in after.items():
        old = before.get(name)
        if isinstance(value, dict) and isinstance(old, dict):
            inner = patch_between(old, value)
            if inner:
                patch[name] = inner
        elif name not in before or value != old or type(value) is not type(old):
            patch[name] = value
    return patch
