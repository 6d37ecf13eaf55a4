"""Writes the pages of docs/reference from the code: `make reference`."""

import ast
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest import mock

from reference_commands import cell, commands

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Written by `make reference`: change the code, not this page. -->"
_BY_HAND = {
    "body_too_large": "The body has more bytes, or its JSON more values, than is taken.",
    "headers_too_large": "The address and the headers of the request are too long.",
    "internal_error": "A bug in Braid; its log has the details.",
    "interrupted": "The connection ended before the body was complete.",
    "malformed_form": "The body is not a valid form.",
    "malformed_request": "The request is not one of HTTP/1.1, or can be read in two ways.",
    "malformed_url": "The path or the query string cannot be decoded.",
    "method_not_allowed": "The path exists, but not with this method.",
    "queue_full": "Too many training jobs, imports or uploads wait.",
    "request_timeout": "The headers or the body did not come in time.",
    "stopping": "The server was stopped before the request was complete.",
    "test_clock": "A server with the clock of tests answers this machine alone.",
}
"""What the codes mean that no class of errors has."""


class UndescribedError(Exception):
    """Something of the reference has no description."""


def pages() -> dict[str, str]:
    """Return the pages by their names.

    Raises
    ------
    UndescribedError
        A command, an option, a metric, an error or an event type has no description; the text names all of them.
    """
    faults: list[str] = []
    made = {
        "commands.md": "\n".join(commands(faults, NOTE)),
        "event-types.md": "\n".join(_event_types(faults)),
        "errors.md": "\n".join(_errors(faults)),
        "metrics.md": "\n".join(_metrics(faults)),
    }
    if faults:
        raise UndescribedError("\n".join(faults))
    return {name: text.rstrip() + "\n" for name, text in made.items()}


def _event_types(faults: list[str]) -> Iterator[str]:
    from models.data.events import EVENT_MEANINGS, EVENT_TYPE_RULE, EVENT_WEIGHTS  # noqa: PLC0415

    yield from ("# Event types", "", NOTE, "")
    yield "The event types that there are without settings. `BRAID_EVENT_TYPES` changes weights and adds types"
    yield "([how-to](../how-to/event-types-and-goals.md)); a name has " + EVENT_TYPE_RULE + "."
    yield from ("", "| Event type | Weight | Feedback | Meaning |", "| --- | --- | --- | --- |")
    for name, weight in EVENT_WEIGHTS.items():
        if not EVENT_MEANINGS.get(name):
            faults.append(f"event type {name}: EVENT_MEANINGS does not say what it means")
        feedback = "positive" if weight > 0 else "negative" if weight < 0 else "none"
        yield f"| `{name}` | {weight} | {feedback} | {cell(EVENT_MEANINGS.get(name, ''))} |"


def _errors(faults: list[str]) -> Iterator[str]:
    found: dict[str, tuple[int | None, str]] = {}
    for one in _error_classes():
        meaning = (one.__doc__ or "").strip().partition("\n")[0]
        if not meaning:
            faults.append(f"{one.__name__}: has no docstring")
        found.setdefault(one.code, (None if _is_of_commands(one) else int(one.status), meaning))
    for code, status in sorted(_codes_by_hand()):
        if code not in found and code not in _BY_HAND:
            faults.append(f"{code}: scripts/write_reference.py does not say what it means")
        found.setdefault(code, (status, _BY_HAND.get(code, "")))
    found.pop("error")
    yield from ("# Errors", "", NOTE, "")
    yield "Over HTTP an error is a problem document (RFC 9457) with this `code`; [the HTTP interface](../api.md#codes)"
    yield "says more of each, and lists the codes of single fields. Commands print one line, and exit with code 1 or 2."
    yield from ("", "| Code | Status | Meaning |", "| --- | --- | --- |")
    for code, (status, meaning) in sorted(found.items()):
        yield f"| `{code}` | {status or 'commands only'} | {cell(meaning)} |"


def _error_classes() -> list[Any]:
    from app.errors import BraidError  # noqa: PLC0415

    _import_everything()
    classes: list[Any] = [BraidError]
    for one in classes:
        classes += one.__subclasses__()
    return sorted(classes, key=lambda one: (one.__mro__.__len__(), one.__module__, one.__name__))


def _is_of_commands(one: Any) -> bool:
    return bool(one.__module__ == "app.command_errors" or one.code == "import_busy")


def _codes_by_hand() -> Iterator[tuple[str, int]]:
    """Find the codes that are given with a status and not by a class."""
    yield from (("method_not_allowed", 405), ("body_too_large", 413))
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in {"problem_response", "Refusal"}:
                status, code = node.args[:2]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    known = status.value if isinstance(status, ast.Constant) else HTTPStatus[_attribute(status)]
                    yield code.value, int(str(int(known)))  # type: ignore[call-overload]


def _attribute(node: ast.expr) -> str:
    assert isinstance(node, ast.Attribute)  # noqa: S101 - a status is a number or a member of HTTPStatus
    return node.attr


def _metrics(faults: list[str]) -> Iterator[str]:
    from prometheus_client import REGISTRY  # noqa: PLC0415

    from app.services.monitoring.exposition import stored_metrics  # noqa: PLC0415

    _import_everything()
    rows: dict[str, tuple[str, list[str], str]] = {}
    # The registry gives labels only of what was counted already.
    collectors: dict[Any, list[str]] = REGISTRY._collector_to_names  # noqa: SLF001
    for collector in collectors:
        if getattr(collector, "_name", "").startswith("braid_"):
            kind = collector._type  # noqa: SLF001
            name = collector._name + ("_total" if kind == "counter" else "")  # noqa: SLF001
            rows[name] = (kind, list(collector._labelnames), collector._documentation)  # noqa: SLF001
    for family in stored_metrics({}, [], []):
        rows[family.name] = (family.type, list(family._labelnames), family.documentation)  # type: ignore[attr-defined]  # noqa: SLF001
    yield from ("# Metrics", "", NOTE, "")
    yield "`GET /metrics` has these, and what the Python client of Prometheus has of the process. A histogram has"
    yield "`_bucket`, `_sum` and `_count`. [Monitoring](../how-to/monitoring.md) says what to watch."
    yield from ("", "| Metric | Type | Labels | Meaning |", "| --- | --- | --- | --- |")
    for name, (kind, labels, meaning) in sorted(rows.items()):
        if not meaning:
            faults.append(f"{name}: has no description")
        yield f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {cell(meaning)} |"


def _import_everything() -> None:
    """Import all modules of the service: errors and metrics are known once their modules are."""
    import app  # noqa: PLC0415

    for module in pkgutil.walk_packages(app.__path__, "app."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def main() -> None:
    """Write the pages that are not current."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("BRAID_")}
    with mock.patch.dict(os.environ, others, clear=True):
        made = pages()
    FOLDER.mkdir(exist_ok=True)
    for name, text in made.items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except UndescribedError as error:
        sys.exit(str(error))
