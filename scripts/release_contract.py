"""The contract between one release and the next: names and answers that stay the same.

It does not import Braid's code, so that both the recording and the tested release can use it.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

RELATIVE = 1e-4
"""Tolerance of scores: other processors and libraries add float32 numbers in another order. Training itself allows
a difference of 1e-5 between the two forms of the network."""
VOLATILE = {"request_id", "next_cursor", "reason", "detail"}
"""Only whether there is a value is compared: ids and cursors are new each time, and texts may be worded better."""
_FIRST_ERROR = 400


def differences(recorded: Any, found: Any, place: str = "") -> Iterator[str]:
    """Return what is missing or different in a new answer, compared with a recorded one; new fields are allowed."""
    if isinstance(recorded, Mapping) and isinstance(found, Mapping):
        for name, value in recorded.items():
            if name not in found:
                yield f"{place}.{name} is missing"
            elif name not in VOLATILE:
                yield from differences(value, found[name], f"{place}.{name}")
            elif (value is None) != (found[name] is None):
                yield f"{place}.{name} was {value!r}, is {found[name]!r}"
    elif isinstance(recorded, list) and isinstance(found, list):
        if len(recorded) != len(found):
            yield f"{place} had {len(recorded)} entries, has {len(found)}"
        for number, pair in enumerate(zip(recorded, found, strict=False)):
            yield from differences(*pair, f"{place}[{number}]")
    elif isinstance(recorded, float) and isinstance(found, float):
        if not math.isclose(recorded, found, rel_tol=RELATIVE, abs_tol=1e-6):
            yield f"{place} was {recorded}, is {found}"
    elif recorded != found:
        yield f"{place} was {recorded!r}, is {found!r}"


def keys(document: Any, place: str = "") -> Iterator[str]:
    """Return every key of a JSON document with its path."""
    if isinstance(document, Mapping):
        for name, value in document.items():
            yield f"{place}{name}"
            yield from keys(value, f"{place}{name}.")


def metric_names(text: str) -> set[str]:
    """Return Braid's metrics in an exposition, each with its labels."""
    names = set(re.findall(r"^# TYPE (braid_\w+) ", text, re.MULTILINE))
    for name, labels in re.findall(r"^(braid_\w+)\{(.*)\} ", text, re.MULTILINE):
        named = ",".join(sorted(re.findall(r'(\w+)="', labels)))
        names.add(f"{name}{{{named}}}")
    return names


def api_names(openapi: Mapping[str, Any]) -> set[str]:
    """Return calls, parameters, fields and allowed values, independent of the names of the schemas."""
    return {name for name, _ in _described(openapi)}


def required_names(openapi: Mapping[str, Any]) -> set[str]:
    """Return what a request must have."""
    return {name for name, required in _described(openapi) if required}


def _described(openapi: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    schemas = openapi["components"]["schemas"]
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            call = f"{method.upper()} {path}"
            yield call, False
            for parameter in operation.get("parameters", []):
                name = f"{call} {parameter['in']} {parameter['name']}"
                yield name, parameter.get("required", False)
                yield from _values(parameter["schema"], schemas, name)
            for kind, body in operation.get("requestBody", {}).get("content", {}).items():
                yield from _fields(body.get("schema", {}), schemas, f"{call} body {kind} ", (), request=True)
            for status, response in operation["responses"].items():
                yield f"{call} {status}", False
                # Problem documents are alike everywhere.
                for content in response.get("content", {}).values() if int(status) < _FIRST_ERROR else ():
                    yield from _fields(content.get("schema", {}), schemas, f"{call} {status} ", (), request=False)
    yield from _fields(schemas["Problem"], schemas, "problem ", (), request=False)


def _values(schema: Mapping[str, Any], schemas: Mapping[str, Any], place: str) -> Iterator[tuple[str, bool]]:
    for name, _ in _fields(schema, schemas, place, (), request=False):
        yield name, False


def _fields(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], place: str, above: tuple[str, ...], *, request: bool
) -> Iterator[tuple[str, bool]]:
    reference = schema.get("$ref", "")
    if reference:
        if reference not in above:
            target = schemas[reference.rpartition("/")[2]]
            yield from _fields(target, schemas, place, (*above, reference), request=request)
        return
    for word in ("anyOf", "oneOf", "allOf"):
        for choice in schema.get(word, []):
            yield from _fields(choice, schemas, place, above, request=request)
    for value in [*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])]:
        yield f"{place}={value}", False
    for name, field in schema.get("properties", {}).items():
        yield f"{place}.{name}", request and name in schema.get("required", [])
        yield from _fields(field, schemas, f"{place}.{name}", above, request=request)
    if isinstance(schema.get("items"), Mapping):
        yield from _fields(schema["items"], schemas, f"{place}[]", above, request=request)
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from _fields(schema["additionalProperties"], schemas, f"{place}{{}}", above, request=request)
