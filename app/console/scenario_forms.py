"""The form of a scenario: from its fields to a definition and back, and what is wrong with each field."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, get_args

from pydantic import ValidationError

from app.console.filter_rows import Row, rows_of, tree_of
from app.schemas.problems import field_error
from app.schemas.scenario_definitions import Override, ScenarioIn

_TEXTS = ("description", "kind", "method", "window", "goal", "language", "salt")
_WHOLE, _NUMBERS = ("limit", "deadline_ms"), ("diversity", "rotation", "new_item_share", "min_score")
_JSON = ("boosts", "buries", "variants")
_SEEN = {"": None, "true": True, "false": False}
KINDS: Mapping[str, str] = {
    "user": "Recommendations for the user",
    "item": "Similar to the item of the page",
    "cart": "What completes the cart",
    "popular": "Popular items",
    "trending": "Trending items",
    "again": "What the user had before",
    "continue": "What the user left unfinished",
    "newest": "Newest items",
    "categories": "The best of each category",
    "search": "Search results",
}
FALLBACKS = 4
"""Fields for fallbacks; a definition may have more."""
Wrong = dict[str, str]
"""What is wrong, by the field of the form."""


class Form(Protocol):
    """What a browser has sent."""

    def get(self, name: str, default: str) -> Any:
        """Return the last value of a field."""

    def getlist(self, name: str) -> list[Any]:
        """Return all values of a field."""


def values_of(definition: ScenarioIn) -> dict[str, Any]:
    """Return the fields of the form for a definition."""
    given = definition.model_dump(mode="json", exclude_defaults=True, by_alias=True)
    rows = rows_of(given.get("filter"))
    seen = definition.exclude_seen
    return {
        **{name: str(given.get(name, "")) for name in (*_TEXTS, *_NUMBERS, *_WHOLE)},
        "kind": definition.kind,
        "limit": str(definition.limit),
        "diversity": f"{definition.diversity:g}",
        **{name: _pretty(given[name]) if given.get(name) else "" for name in _JSON},
        "filter": "" if rows is not None else _pretty(given["filter"]),
        "filter_rows": rows or [],
        "fallback": list(definition.fallback),
        "pins": "\n".join(f"{pin.position} {pin.item_id}" for pin in definition.pins),
        "exclude": "\n".join(definition.exclude),
        "exclude_seen": ",".join(seen) if isinstance(seen, list) else "" if seen is None else str(seen).lower(),
        "include": list(definition.include),
        "explain": definition.explain,
        "overrides": list(definition.overrides),
    }


def read_form(form: Form) -> tuple[ScenarioIn | None, dict[str, Any], Wrong]:
    """Read a form: the definition, None where something is wrong; the fields as they were sent; and what is wrong."""
    sent = _sent(form)
    wrong: Wrong = {}
    given: dict[str, Any] = {name: sent[name] for name in _TEXTS if sent[name]}
    for names, read in ((_WHOLE, int), (_NUMBERS, float)):
        for name in names:
            if sent[name]:
                try:
                    given[name] = read(sent[name])
                except ValueError:
                    wrong[name] = f"{sent[name]!r} is not a {'whole ' if read is int else ''}number"
    documents = {name: _json(name, sent[name], wrong) for name in (*_JSON, "filter") if sent[name]}
    given |= {name: document for name, document in documents.items() if name != "filter"}
    if (tree := tree_of(sent["filter_rows"], documents.get("filter"))) is not None:
        given["filter"] = tree
    given["pins"] = _pins(sent["pins"], wrong)
    given["exclude"] = _lines(sent["exclude"])
    seen = sent["exclude_seen"]
    given["exclude_seen"] = _SEEN[seen] if seen in _SEEN else seen.split(",")
    given |= {name: sent[name] for name in ("fallback", "include", "explain", "overrides")}
    try:
        definition = ScenarioIn.model_validate(given)
    except ValidationError as error:
        return None, sent, _told(error) | wrong
    return (None if wrong else definition), sent, wrong


def _sent(form: Form) -> dict[str, Any]:
    one = {
        name: str(form.get(name, "")).strip()
        for name in (*_TEXTS, *_WHOLE, *_NUMBERS, *_JSON, "filter", "pins", "exclude", "exclude_seen")
    }
    columns = (form.getlist(f"filter_{part}") for part in ("field", "operator", "value"))
    rows = [Row(*map(str, cells)) for cells in zip(*columns, strict=False)]
    return one | {
        "filter_rows": [row for row in rows if row.field.strip()],
        "fallback": [str(kind) for kind in form.getlist("fallback") if kind],
        "include": [str(name) for name in form.getlist("include")],
        "explain": bool(form.get("explain", "")),
        "overrides": [str(name) for name in form.getlist("overrides")],
    }


def _json(name: str, text: str, wrong: Wrong) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        place = f" in line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        wrong[name] = f"is not JSON{place}: {getattr(error, 'msg', error)}"
        return None
    except RecursionError:
        wrong[name] = "is nested too deep"
        return None


def _pins(text: str, wrong: Wrong) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate(_lines(text), start=1):
        position, _, item_id = line.partition(" ")
        if not position.isdecimal() or not item_id.strip():
            wrong["pins"] = f"line {number}: write a position and an item id, such as: 1 sku-1"
            continue
        found.append({"position": int(position), "item_id": item_id.strip()})
    return found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _told(error: ValidationError) -> Wrong:
    """Say of each field what is wrong and where within it."""
    wrong: Wrong = {}
    for one in error.errors():
        place: Sequence[int | str] = one["loc"]
        told = field_error(one, place, "definition", tuple(ScenarioIn.model_fields))
        if place:
            inner = ", ".join(map(_counted, _named(place[1:])))
            field, detail = str(place[0]), f"{inner}: {told.detail}" if inner else told.detail
        else:
            # What contradicts something else names the field first.
            field, _, detail = told.detail.partition(": ")
            if field not in ScenarioIn.model_fields:
                field, detail = "definition", told.detail
        wrong.setdefault(field, detail)
    return wrong


def _named(place: Iterable[int | str]) -> list[int | str]:
    # Names of types in unions say nothing to people.
    return [part for part in place if isinstance(part, int) or not part.startswith(("list[", "bool", "function-"))]


def _counted(part: int | str) -> str:
    return f"no. {part + 1}" if isinstance(part, int) else part


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


OVERRIDES: tuple[str, ...] = get_args(Override)
