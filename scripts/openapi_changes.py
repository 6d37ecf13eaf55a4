"""Finds what in a changed OpenAPI document breaks the clients of the document before.

A client breaks where something that it calls, sends or reads is gone or has another type: calls, their `operationId`,
parameters, fields, values; and where a request must have what it need not have before. What is added breaks none. Names
of schemas and the words in the braces of paths are no part of it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]
_FIRST_ERROR = 400
_NAMED = re.compile(r"{\w+}")
_ANY = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


@dataclass
class Place:
    """What is known of one place of a request or an answer, whichever of several forms it has."""

    types: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    open: bool = False
    """Whether a form of it takes any value of its type."""
    required: bool = True


Places = dict[str, Place]


def breaking_changes(before: Document, after: Document) -> list[str]:
    """Return what breaks clients, one sentence for each; empty where nothing does."""
    return sorted(set(_changes(before, after)))


def _changes(before: Document, after: Document) -> Iterator[str]:
    old, new = _operations(before), _operations(after)
    for call, operation in old.items():
        if call not in new:
            yield f"{call} is gone"
            continue
        name, now = operation.get("operationId"), new[call].get("operationId")
        if name != now:
            yield f"{call}: the operationId {name!r} is now {now!r}"
        yield from _of_requests(call, _request(operation, before), _request(new[call], after))
        yield from _of_answers(call, _answers(operation, before), _answers(new[call], after))


def _operations(document: Document) -> dict[str, Document]:
    return {
        f"{method.upper()} {_NAMED.sub('{}', path)}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def _of_requests(call: str, old: Places, new: Places) -> Iterator[str]:
    """Return what a request of the document before may no longer have, or now lacks."""
    for name, was in old.items():
        now = new.get(name)
        if now is None:
            yield f"{call}: {name} is gone"
            continue
        if was.types - now.types:
            yield f"{call}: {name} is no longer {_listed(was.types - now.types)}"
        if not now.open and (was.open or was.values - now.values):
            gone = _listed(was.values - now.values) if not was.open else "any value"
            yield f"{call}: {name} no longer takes {gone}"
        if now.required and not was.required:
            yield f"{call}: {name} is now required"
    for name, now in new.items():
        # What stands within something new, no request of before has.
        if now.required and name not in old and (_above(name) in old or _above(name) is None):
            yield f"{call}: {name} is new and required"


def _of_answers(call: str, old: Places, new: Places) -> Iterator[str]:
    """Return what an answer no longer has, or what a reader of before does not know how to read."""
    for name, was in old.items():
        now = new.get(name)
        if now is None:
            yield f"{call}: {name} is gone"
            continue
        if now.types - was.types:
            yield f"{call}: {name} is now {_listed(now.types - was.types)}"
        if was.values - now.values and not now.open:
            yield f"{call}: {name} is no longer {_listed(was.values - now.values)}"
        if was.required and not now.required:
            yield f"{call}: {name} may now be absent"


def _above(name: str) -> str | None:
    """Name the place that a field stands in; None for a parameter and a whole body."""
    return name.rpartition(".")[0] if "." in name.partition(" ")[2] else None


def _listed(words: set[str]) -> str:
    return ", ".join(sorted(words))


def _request(operation: Document, document: Document) -> Places:
    found: Places = {}
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            name = f"path {[one for one in operation['parameters'] if one['in'] == 'path'].index(parameter)}"
        else:
            name = f"{parameter['in']} {parameter['name'].replace('.', '_')}"
        _collect(found, name, parameter["schema"], document, required=parameter.get("required", False))
    body = operation.get("requestBody", {})
    for kind, media in body.get("content", {}).items():
        _collect(found, f"body {_kind(kind)}", media.get("schema", {}), document, required=body.get("required", False))
    return found


def _answers(operation: Document, document: Document) -> Places:
    found: Places = {}
    for status, answer in operation["responses"].items():
        # All errors have the same form; which there may be is no promise.
        if int(status) < _FIRST_ERROR:
            found[f"answer {status}"] = Place(open=True)
            for kind, media in answer.get("content", {}).items():
                _collect(found, f"answer {status}({_kind(kind)})", media.get("schema", {}), document, required=True)
    return found


def _kind(media_type: str) -> str:
    return media_type.replace(".", "_")


def _collect(
    found: Places, name: str, schema: Document, document: Document, *, required: bool, above: tuple[str, ...] = ()
) -> None:
    """Add a place and all places within it; forms of one place are taken together."""
    reference = schema.get("$ref")
    if reference is not None:
        if reference not in above:
            target = document["components"]["schemas"][reference.rpartition("/")[2]]
            _collect(found, name, target, document, required=required, above=(*above, reference))
        return
    place = found.setdefault(name, Place(required=required))
    choices = [choice for word in ("anyOf", "oneOf", "allOf") for choice in schema.get(word, [])]
    for choice in choices:
        _collect(found, name, choice, document, required=required, above=above)
    if not choices:
        place.types |= _types(schema)
        fixed = [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]
        place.values |= {repr(value) for value in fixed}
        place.open |= not fixed and schema.get("type") != "null"
    for key, part in schema.get("properties", {}).items():
        inner = f"{name}.{key.replace('.', '_')}"
        _collect(found, inner, part, document, required=key in schema.get("required", []), above=above)
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), Mapping):
            _collect(found, f"{name}.[]", schema[word], document, required=False, above=above)


def _types(schema: Document) -> set[str]:
    given = schema.get("type")
    types = {given} if isinstance(given, str) else set(given or _ANY)
    return types | ({"integer"} if "number" in types else set())
