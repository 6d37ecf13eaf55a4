"""The tables of docs/api.md have what the application has, and nothing else."""

import ast
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from pydantic_core.core_schema import ErrorType

from app.command_errors import NoBundleError, PortError, TrainingUnavailableError, WorkersError
from app.errors import BraidError, ImportBusyError
from models.data.events import EVENT_WEIGHTS
from models.data.schema import AttributeType
from tests.app.api.examples.page import PAGE, rows_of

TOLD_BY_COMMANDS = {
    "error",
    ImportBusyError.code,
    NoBundleError.code,
    PortError.code,
    TrainingUnavailableError.code,
    WorkersError.code,
    "test_clock",  # of a server with the clock of tests
}
Refused = Callable[..., dict[str, Any]]
OF_HTTP = {HTTPStatus.NOT_FOUND: "not_found", HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed"}
"""What the framework answers by itself."""


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def errors_of_the_application() -> Iterator[type[BraidError]]:
    classes = [BraidError]
    for one in classes:
        classes += one.__subclasses__()
        yield one


def codes_given(repository: Path, function: str, place: int | str) -> set[str]:
    """Find the codes in calls of a function: constants, in the argument of this place or name."""
    found = set[str]()
    for path in (*(repository / "app").rglob("*.py"), *(repository / "models").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
                named = {keyword.arg: keyword.value for keyword in node.keywords}
                value = node.args[place] if isinstance(place, int) else named.get(place)
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found.add(value.value)
    return found


def test_the_table_of_calls_is_that_of_the_description(page: str, openapi: dict[str, Any]) -> None:
    listed = [row[0].strip("`") for row in rows_of(page, "Call | Meaning")]
    there = [f"{method.upper()} {path}" for path, operations in openapi["paths"].items() for method in operations]
    assert sorted(listed) == sorted(there)


def test_the_table_of_codes_is_that_of_the_errors(page: str, repository: Path) -> None:
    rows = rows_of(page, "`code` | Status")
    listed = {code.strip("`"): int(status) for code, status, _ in rows}
    assert len(listed) == len(rows)
    there = {one.code: int(one.status) for one in errors_of_the_application()}
    there |= {code: int(status) for status, code in OF_HTTP.items()}
    by_hand = (
        codes_given(repository, "problem_response", 1) | codes_given(repository, "Refusal", 1) | {"body_too_large"}
    )
    assert len(by_hand) > 5
    assert {code: status for code, status in listed.items() if there.get(code, status) != status} == {}
    assert set(listed) == (set(there) | by_hand) - TOLD_BY_COMMANDS


def test_the_table_of_codes_of_fields_is_that_of_the_checks(page: str, repository: Path) -> None:
    listed = [code for row in rows_of(page, "Code of a field") for code in re.findall(r"`(\w+)`", row[0])]
    there = codes_given(repository, "FieldError", "code") | codes_given(repository, "PydanticCustomError", 0)
    assert len(there) > 30
    of_problems = {row[0].strip("`") for row in rows_of(page, "`code` | Status")}
    assert sorted(listed) == sorted(there - of_problems - TOLD_BY_COMMANDS)


def test_the_codes_of_pydantic_are_its_own(page: str) -> None:
    named = re.findall(r"`(\w+)`", page.rpartition("codes of [Pydantic]")[2])
    assert len(named) == 4
    assert set(named) <= set(get_args(ErrorType))


def named(page: str, heading: str) -> list[str]:
    """Give the names in the first column of a table."""
    return sorted(name for row in rows_of(page, heading) for name in re.findall(r"`(\w+)`", row[0]))


def test_the_table_of_a_body_has_every_field(page: str, openapi: dict[str, Any]) -> None:
    body = page.split("### The body of a request", 1)[1]
    assert named(body, "Field | Meaning") == sorted(openapi["components"]["schemas"]["RecommendIn"]["properties"])


def test_the_table_of_answers_has_every_field(page: str, openapi: dict[str, Any]) -> None:
    assert named(page, "Field | Meaning") == sorted(openapi["components"]["schemas"]["Recommendation"]["properties"])


def test_the_table_of_kinds_has_every_kind(page: str, openapi: dict[str, Any]) -> None:
    kinds = openapi["components"]["schemas"]["ScenarioIn"]["properties"]["kind"]["enum"]
    assert named(page, "`kind` | The list") == sorted(kinds)


def test_the_table_of_operators_has_every_operator(page: str, openapi: dict[str, Any]) -> None:
    fields = set(openapi["components"]["schemas"]["Filter-Input"]["properties"])
    assert named(page, "Operator | Holds where the item") == sorted(fields - {"and", "or", "not", "field"})


def test_the_table_of_types_has_every_type(page: str) -> None:
    assert named(page, "Type | Values") == sorted(get_args(AttributeType))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_table_of_methods_has_every_method(page: str, client: httpx.AsyncClient, refused: Refused) -> None:
    await client.put("/items/sku-1", json={})
    problem = refused(await client.get("/items/sku-1/similar?method=none"), 422, "unknown_method", "method")
    assert named(page, "`method` | Items that") == sorted(problem["detail"].partition("use one of ")[2].split(", "))


def test_the_table_of_event_types_has_every_type(page: str) -> None:
    assert named(page, "Event types | Meaning") == sorted(EVENT_WEIGHTS)
