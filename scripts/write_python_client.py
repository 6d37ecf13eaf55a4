"""Writes what the Python client has of docs/openapi.json, types and methods: `make clients`.

Both classes, `Braid` and `AsyncBraid`, get their methods from the same description of an operation.
"""

import json
import keyword
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_client_models import HEADER, Schema, class_name, documented, models, type_of

_ROOT = Path(__file__).resolve().parents[1]
_PACKAGE = _ROOT / "clients/python/src/braid_client"
_REPEATABLE_POSTS = {
    "post_interaction",  # with the event id that the client adds, a repeat is not stored
    "post_interactions",
    "put_items",  # rows replace rows of the same id
    "put_users",
    "merge_user",
    "preview_scenario",  # stores nothing
    "activate_bundle",
    "cancel_training_job",
}
"""Posts that change nothing when they are sent twice; those that need the scope `read` are none of them."""
_NOT_REPEATABLE = {"undo_merge"}
"""The second call finds nothing to undo, and is an error."""


@dataclass(frozen=True)
class _Described:
    """An operation of the document."""

    name: str
    method: str
    path: str
    document: Schema
    schemas: dict[str, Schema]

    @property
    def repeatable(self) -> bool:
        """Return whether a call whose answer was lost may be sent again."""
        if self.method == "POST":
            return self.name in _REPEATABLE_POSTS or {"key": ["read"]} in self.document.get("security", [])
        return self.name not in _NOT_REPEATABLE

    def parameters(self, place: str) -> list[Schema]:
        """Return the parameters in the path or in the query."""
        return [one for one in self.document.get("parameters", []) if one["in"] == place]

    @property
    def content(self) -> dict[str, Any]:
        """Return the bodies that it takes, by media type."""
        found: dict[str, Any] = self.document.get("requestBody", {}).get("content", {})
        return found

    @property
    def answer(self) -> tuple[str, str]:
        """Return how an answer is read, and its type."""
        found = {status: one for status, one in self.document["responses"].items() if status.startswith("2")}
        content = next(iter(found.values())).get("content", {})
        if "application/json" in content:
            return "json", type_of(content["application/json"]["schema"])
        return ("text", "str") if content else ("nothing", "None")


def described(document: dict[str, Any]) -> list[_Described]:
    """Return all operations, by name."""
    schemas = document["components"]["schemas"]
    found = [
        _Described(one["operationId"], method.upper(), path, one, schemas)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]
    return sorted(found, key=lambda one: one.name)


def operations(found: list[_Described]) -> str:
    """Return the module of the table of operations."""
    lines = [
        HEADER.format("The operations of the service, by name."),
        "from braid_client.operation import Operation\n\n",
    ]
    for one in found:
        arguments = f'"{one.name}", "{one.method}", "{one.path}", repeatable={one.repeatable}, answer="{one.answer[0]}"'
        lines.append(f"{one.name.upper()} = Operation({arguments})\n")
    names = ", ".join(one.name.upper() for one in found)
    lines.append(f"\nOPERATIONS = {{one.name: one for one in ({names})}}\n")
    return "".join(lines)


def calls(found: list[_Described], *, wait: bool) -> str:
    """Return the module of the methods; `wait` for those that are awaited."""
    name, word = ("AsyncCalls", "async ") if wait else ("Calls", "")
    lines = [HEADER.format(f"The methods of `{'AsyncBraid' if wait else 'Braid'}`, one for each operation.")]
    lines.append("from typing import Any, Literal, Unpack\n\n")
    lines.append("from braid_client.generated import operations\n")
    lines.append(f"from braid_client.models import {', '.join(_used(found))}\n")
    lines.append("from braid_client.operation import Given, Operation, Upload\n\n\n")
    lines.append(f'class {name}:\n    """One method for each operation of the service, by its operation id."""\n\n')
    lines.append(f"    {word}def _call(self, operation: Operation, given: Given) -> Any:\n")
    lines.append("        raise NotImplementedError\n\n")
    lines += [_method(one, word, "await " if wait else "") for one in found]
    return "".join(lines)


def _method(one: _Described, word: str, wait: str) -> str:
    places = [_argument(parameter["name"]) for parameter in one.parameters("path")]
    positional, keywords, body = _body(one)
    query = {_argument(parameter["name"]): parameter for parameter in one.parameters("query")}
    clash = (set(places) | query.keys()) & set(_fields(one))
    if clash:
        raise SystemExit(f"{one.name}: {', '.join(sorted(clash))} is both a parameter and a field of the body")
    named = [f"{name}: {_query_type(parameter)}" for name, parameter in query.items()]
    only = ["*"] if named or any(not part.startswith("**") for part in keywords) else []
    signature = ["self", *(f"{name}: str" for name in places), *positional, *only, *sorted(named, key=_last), *keywords]
    given = [f"path={{{', '.join(f'{name!r}: {name}' for name in places)}}}"] if places else []
    if query:
        pairs = ", ".join(f"{parameter['name']!r}: {name}" for name, parameter in query.items())
        given.append(f"query={{{pairs}}}")
    call = f"{wait}self._call(operations.{one.name.upper()}, Given({', '.join([*given, *body])}))"
    answer = one.answer[1]
    carried_out = (
        f"        {call}\n" if answer == "None" else f"        answer: {answer} = {call}\n        return answer\n"
    )
    text = documented(_text(one, query), 8)
    return f"    {word}def {one.name}({', '.join(signature)}) -> {answer}:\n{text}{carried_out}\n"


def _body(one: _Described) -> tuple[list[str], list[str], list[str]]:
    """Return what the method takes for the body, by place and by name, and what it passes on."""
    if "multipart/form-data" in one.content:
        fields = _form(one)
        named = [f"{name}: {_form_type(schema)} = None" for name, schema in fields.items()]
        files = [name for name, schema in fields.items() if _is_file(schema)]
        parts = {"files": files, "form": [name for name in fields if name not in files]}
        return [], named, [f"{part}={{{', '.join(f'{n!r}: {n}' for n in names)}}}" for part, names in parts.items()]
    if "application/json" not in one.content:
        return [], [], []
    schema = one.content["application/json"]["schema"]
    if schema.get("type") == "array":
        return [f"rows: {type_of(schema)}"], [], ["body=rows"]
    return [], [f"**body: Unpack[{_object(schema)}]"], ["body=body"]


def _object(schema: Schema) -> str:
    """Return the type of a body that is an object, also one that may be left out."""
    return next(name for name in type_of(schema).split(" | ") if name != "None")


def _fields(one: _Described) -> list[str]:
    if "application/json" not in one.content or one.content["application/json"]["schema"].get("type") == "array":
        return []
    name = _object(one.content["application/json"]["schema"])
    (schema,) = [found for found in (name, f"{name}-Input") if found in one.schemas]
    return list(one.schemas[schema].get("properties", {}))


def _form(one: _Described) -> dict[str, Schema]:
    name = one.content["multipart/form-data"]["schema"]["$ref"].rpartition("/")[2]
    found: dict[str, Schema] = one.schemas[name]["properties"]
    return found


def _is_file(schema: Schema) -> bool:
    return any("contentMediaType" in kind for kind in schema.get("anyOf", []))


def _form_type(schema: Schema) -> str:
    return "Upload | None" if _is_file(schema) else f"{type_of(schema)} | None"


def _query_type(parameter: Schema) -> str:
    found = type_of(parameter["schema"])
    if parameter["name"] == "exclude_seen" and "list[str]" in found:
        found = f"bool | {found}"
    if parameter.get("required"):
        return found
    return f"{found if found.endswith('None') else f'{found} | None'} = None"


def _last(argument: str) -> bool:
    """Put what must be given before what has a default."""
    return "=" in argument


def _argument(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _text(one: _Described, query: dict[str, Schema]) -> str:
    """Return what a docstring says: what the operation does, and what the parameters of the query mean."""
    summary = one.document["summary"].rstrip(".") + "."
    paragraphs = one.document.get("description", "").split("\n\n")
    first = [] if paragraphs[0].startswith(summary.rstrip(".")) else [summary]
    told = [f"`{name}`: {parameter['description']}." for name, parameter in query.items() if "description" in parameter]
    return "\n\n".join([*first, *filter(None, paragraphs), *told])


def _used(found: list[_Described]) -> list[str]:
    """Return the types that the signatures name."""
    texts = [" ".join([one.answer[1], *_body(one)[0], *_body(one)[1]]) for one in found]
    texts += [_query_type(parameter) for one in found for parameter in one.parameters("query")]
    words = set(" ".join(texts).replace("[", " ").replace("]", " ").replace(",", " ").split())
    return sorted(words & {class_name(name) for name in found[0].schemas})


def written(document: dict[str, Any]) -> dict[str, str]:
    """Return the modules, formatted, by their files."""
    found = described(document)
    texts = {
        "generated/__init__.py": HEADER.format("What follows from the description of the interface.").rstrip() + "\n",
        "models.py": models(document["components"]["schemas"]),
        "generated/operations.py": operations(found),
        "generated/calls.py": calls(found, wait=False),
        "generated/async_calls.py": calls(found, wait=True),
    }
    return {name: _formatted(text) for name, text in texts.items()}


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--config", str(_ROOT / "pyproject.toml"), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own


def main() -> None:
    """Write the modules."""
    document = json.loads((_ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    for name, text in written(document).items():
        (_PACKAGE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
