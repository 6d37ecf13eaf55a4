"""The description of the interface, and the page that shows it."""

import re
from typing import Any

import httpx
import pytest


def test_every_error_is_described_as_a_problem(openapi: dict[str, Any]) -> None:
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], f"{method} {path}"
            errors = {s: r["content"] for s, r in operation["responses"].items() if int(s) >= 400}
            assert "500" in errors
            for status, content in errors.items():
                ready = (path, status) == ("/health/ready", "503")
                assert list(content) == ["application/json" if ready else "application/problem+json"]
            if operation.get("parameters") or operation.get("requestBody"):
                assert {"422", "503"} <= set(errors)


def test_every_wire_model_has_an_example(openapi: dict[str, Any]) -> None:
    # The last one is a form of files.
    parts = {"Check", "FieldError", "Live", "RecommendedItem", "Body_post_import_imports_post"}
    without = {name for name, schema in openapi["components"]["schemas"].items() if not schema.get("examples")}
    assert without <= parts


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_documentation_loads_nothing_from_elsewhere(client: httpx.AsyncClient, page: str) -> None:
    text = (await client.get(page)).text
    sources = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert sources
    for source in sources:
        assert source.startswith("/")
        assert (await client.get(source)).status_code == 200
