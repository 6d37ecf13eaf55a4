"""Writes the types of the Python client from the schemas of docs/openapi.json."""

import keyword
import textwrap
from typing import Any

Schema = dict[str, Any]
HEADER = '"""{}\n\nWritten by `make clients` from docs/openapi.json: change that, not this."""\n\n'
_NAMES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_SUFFIXES = ("-Input", "-Output")
_FORMS = "Body_"
"""Forms have parameters of their own, and no type."""


def class_name(name: str) -> str:
    """Return the name of the type of a schema: what goes in and what comes out may differ."""
    base, dash, direction = name.partition("-")
    if not dash or direction == "Input":
        return base
    return base.removesuffix("In") + "Out"


def type_of(schema: Schema, *, quoted: bool = False) -> str:
    """Return the annotation of a schema; `quoted` where it is evaluated before all types are there."""
    found = _type_of(schema)
    return f'"{found}"' if quoted else found


def _type_of(schema: Schema) -> str:
    if "$ref" in schema:
        return class_name(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type_of(one) for one in schema["anyOf"]))
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values:
        return f"Literal[{', '.join(map(repr, values))}]"
    if schema.get("type") == "array":
        inner = [schema["items"]] if "items" in schema else schema.get("prefixItems", [{}])
        return f"list[{' | '.join(dict.fromkeys(_type_of(one) for one in inner))}]"
    if schema.get("type") == "object":
        return f"dict[str, {_values_of(schema)}]"
    return _NAMES.get(schema.get("type", ""), "Any")


def _values_of(schema: Schema) -> str:
    named = schema.get("additionalProperties")
    patterns = list(schema.get("patternProperties", {}).values())
    inner = named if isinstance(named, dict) else patterns[0] if patterns else {}
    return _type_of(inner)


def documented(text: str, indent: int) -> str:
    """Return a docstring."""
    pad = " " * indent
    paragraphs = text.replace("\\", "\\\\").replace('"', "'").split("\n\n")
    wrapped = [textwrap.fill(" ".join(one.split()), 110 - indent, break_on_hyphens=False) for one in paragraphs]
    body = textwrap.indent("\n\n".join(wrapped), pad).lstrip()
    # A quotation mark at the end would be one too many.
    return f'{pad}"""{body}"""\n' if len(wrapped) == 1 and "\n" not in body else f'{pad}"""{body}\n{pad}"""\n'


def models(schemas: dict[str, Schema]) -> str:
    """Return the module of all types."""
    wanted = {name: schema for name, schema in schemas.items() if not name.startswith(_FORMS)}
    lines = [
        HEADER.format("What goes over the wire: one type for each schema."),
        "from __future__ import annotations\n\nfrom typing import Any, Literal, NotRequired, TypedDict\n\n",
        f"__all__ = {sorted(class_name(name) for name in wanted)!r}\n\n\n",
    ]
    return "".join(lines + [_model(class_name(name), schema) for name, schema in wanted.items()])


def _model(name: str, schema: Schema) -> str:
    required = set(schema.get("required", []))
    fields = schema.get("properties", {})
    title = schema.get("description") or name
    if any(keyword.iskeyword(field) for field in fields):
        return _functional(name, title, fields, required)
    lines = [f"class {name}(TypedDict):\n", documented(title, 4), "\n"]
    for field, described in fields.items():
        found = type_of(described)
        lines.append(f"    {field}: {found if field in required else f'NotRequired[{found}]'}\n")
        if "description" in described:
            lines.append(documented(described["description"], 4))
    return "".join(lines) + "\n"


def _functional(name: str, title: str, fields: dict[str, Schema], required: set[str]) -> str:
    """Return a type some of whose fields have names that no class may have, such as `in`."""
    lines = []
    for field, described in fields.items():
        found = type_of(described, quoted=True)
        lines += [f"    # {line}\n" for line in textwrap.wrap(described.get("description", ""), 110)]
        lines.append(f'    "{field}": {found if field in required else f"NotRequired[{found}]"},\n')
    return f'{name} = TypedDict("{name}", {{\n{"".join(lines)}}})\n{documented(title, 0)}\n'
