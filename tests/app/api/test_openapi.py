"""The description of the interface, and the page that shows it."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

VERBS = {
    "activate", "cancel", "check", "delete", "erase", "export", "get", "list", "merge", "patch", "post", "preview",
    "put", "recommend", "search", "show", "undo",
}  # fmt: skip
Document = dict[str, Any]


def operations_of(openapi: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def test_operation_ids_are_names_of_methods(openapi: Document) -> None:
    ids = [operation["operationId"] for _, _, operation in operations_of(openapi)]
    assert len(ids) == len(set(ids)) > 50
    assert {name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)} == set()
    assert {name for name in ids if name.partition("_")[0] not in VERBS} == set()
    assert {"recommend", "recommend_for_user", "recommend_batch", "list_similar_items", "put_item"} <= set(ids)


def test_operations_have_summaries_of_their_own(openapi: Document) -> None:
    summaries = [operation["summary"] for _, _, operation in operations_of(openapi)]
    assert len(summaries) == len(set(summaries))
    assert [text for text in summaries if not 5 < len(text) < 90 or text.endswith((".", ",", ";"))] == []


def test_head_is_not_described_again(openapi: Document) -> None:
    assert {method for method, _, _ in operations_of(openapi)} == {"get", "post", "put", "patch", "delete"}


def test_every_tag_is_described_and_used(openapi: Document) -> None:
    assert all(tag["description"] for tag in openapi["tags"])
    used = [operation["tags"] for _, _, operation in operations_of(openapi)]
    assert all(len(tags) == 1 for tags in used)
    assert {tags[0] for tags in used} == {tag["name"] for tag in openapi["tags"]}


def test_the_document_says_what_a_version_promises(openapi: Document) -> None:
    assert openapi["info"]["summary"]
    assert "only additions" in openapi["info"]["description"]
    assert list(openapi["components"]["securitySchemes"]) == ["key"]
    assert "security" not in openapi


def test_every_operation_names_its_scope(openapi: Document) -> None:
    for _, path, operation in operations_of(openapi):
        scopes = [scope for one in operation["security"] for scope in one.get("key", [])]
        assert len(scopes) == (not path.startswith("/health/"))
        if scopes:
            assert f"Scope of the API key: `{scopes[0]}`" in operation["description"]
            assert {"401", "403"} <= operation["responses"].keys()


def test_every_error_is_described_as_a_problem(openapi: Document) -> None:
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


def described(place: str, schema: Document) -> Iterator[tuple[str, bool]]:
    """Give every property within a schema, and whether it has a description."""
    for name, field in schema.get("properties", {}).items():
        yield f"{place}.{name}", bool(field.get("description"))
        yield from described(f"{place}.{name}", field)
    for word in ("anyOf", "oneOf", "allOf"):
        for choice in schema.get(word, []):
            yield from described(place, choice)
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from described(f"{place}[]", schema[word])


def test_every_property_and_parameter_has_a_description(openapi: Document) -> None:
    found: dict[str, bool] = {}
    for name, schema in openapi["components"]["schemas"].items():
        # Forms are made of the parameters of a function.
        found[name] = bool(schema.get("description")) or name.startswith("Body_")
        found |= described(name, schema)
    for method, path, operation in operations_of(openapi):
        for parameter in operation.get("parameters", []):
            found[f"{method} {path} {parameter['name']}"] = bool(parameter.get("description"))
        for status, response in operation["responses"].items():
            for name, header in response.get("headers", {}).items():
                found[f"{method} {path} {status} {name}"] = bool(header.get("description"))
    assert len(found) > 500
    assert [place for place, has_one in found.items() if not has_one] == []


def test_a_property_without_a_description_is_found() -> None:
    inner = {"properties": {"there": {"description": "here"}, "missing": {}}}
    nested = {"anyOf": [{"items": {"additionalProperties": inner}}]}
    assert dict(described("One", nested)) == {"One[][].there": True, "One[][].missing": False}


def test_every_wire_model_has_an_example(openapi: Document) -> None:
    # The last one is a form of files.
    parts = {"Check", "FieldError", "Live", "RecommendedItem", "Body_post_import"}
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
