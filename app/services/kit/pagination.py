"""Cursors of lists that are ordered by a key: they hold the key of the last row of a page."""

import base64
import binascii
from typing import Any

import orjson

from app.errors import CursorError


def encode(kind: str, *last: Any) -> str:
    """Encode the cursor that continues a list after a row with these values."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *last])).decode().rstrip("=")


def decode(cursor: str | None, kind: str, types: tuple[type | tuple[type, ...], ...]) -> tuple[Any, ...] | None:
    """Decode the values of a cursor; None at the beginning of a list.

    Parameters
    ----------
    kind
        The list that the cursor must belong to.
    types
        The types of the values.

    Raises
    ------
    CursorError
        The cursor is malformed, or belongs to another list.
    """
    if cursor is None:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        found = None
    if not isinstance(found, list) or found[:1] != [kind] or len(found) != len(types) + 1:
        raise CursorError("the cursor does not belong to this list")
    if not all(_is(value, expected) for value, expected in zip(found[1:], types, strict=True)):
        raise CursorError("the cursor does not belong to this list")
    return tuple(found[1:])


def _is(value: object, expected: type | tuple[type, ...]) -> bool:
    """Return whether a value is of a type, and one that a row can have: no database holds others."""
    if isinstance(value, bool) or not isinstance(value, expected):
        return False
    if isinstance(value, str):
        return "\0" not in value
    return not isinstance(value, int) or -(2**63) <= value < 2**63
