"""Filters as rows of a form: field, operator, value. What rows cannot say is JSON."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

OPERATORS = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "gte": "at least",
    "lte": "at most",
    "gt": "more than",
    "lt": "less than",
    "contains": "contains",
    "prefix": "begins with",
    "exists": "is there",
}
_MOST = 20


class Row(NamedTuple):
    """One condition, as it is written in a form."""

    field: str
    operator: str
    value: str


def rows_of(tree: Mapping[str, Any] | None) -> list[Row] | None:
    """Return the rows that say the same as a filter; None where none do."""
    if tree is None:
        return []
    parts = tree["and"] if list(tree) == ["and"] else [tree]
    found = [_row(part) for part in parts]
    return None if len(found) > _MOST else [row for row in found if row] if all(found) else None


def tree_of(rows: Sequence[Row], more: Any = None) -> Any:
    """Return the filter that rows and a further filter make; None where there is neither."""
    parts = [_part(row) for row in rows if row.field.strip()]
    if more is not None:
        parts.append(more)
    return None if not parts else parts[0] if len(parts) == 1 else {"and": parts}


def _row(part: Mapping[str, Any]) -> Row | None:
    given = [name for name in part if name != "field"]
    if "field" not in part or len(given) != 1 or given[0] not in OPERATORS:
        return None
    value = part[given[0]]
    texts = [_written(one) for one in (value if isinstance(value, list) else [value])]
    if None in texts or (given[0] == "in" and any("," in str(text) for text in texts)):
        return None
    return Row(str(part["field"]), given[0], ", ".join(map(str, texts)))


def _written(value: Any) -> str | None:
    if isinstance(value, Mapping | list) or value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # A text that reads as a number is quoted, so that it stays one.
    return value if isinstance(value, str) and _read(value) == value else json.dumps(value, ensure_ascii=False)


def _part(row: Row) -> dict[str, Any]:
    value: Any = [_read(one.strip()) for one in row.value.split(",")] if row.operator == "in" else _read(row.value)
    if row.operator == "exists":
        value = row.value.strip().lower() not in {"no", "false", "0"}
    return {"field": row.field.strip(), row.operator: value}


def _read(text: str) -> Any:
    """Read numbers, true, false and quoted texts as what they are; anything else is the text itself."""
    with suppress(ValueError):
        value = json.loads(text)
        if not isinstance(value, dict | list) and value is not None:
            return value
    return text.strip()
