"""What breaks a client and what does not, on documents of a few lines."""

import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from openapi_changes import breaking_changes

Document = dict[str, Any]
Change = Callable[[Document], Any]
BEFORE: Document = {
    "paths": {
        "/items/{item_id}": {
            "get": {
                "operationId": "get_item",
                "parameters": [
                    {"in": "path", "name": "item_id", "required": True, "schema": {"type": "string"}},
                    {"in": "query", "name": "method", "schema": {"enum": ["blend", "content"], "type": "string"}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}},
                    "404": {},
                },
            },
            "put": {
                "operationId": "put_item",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ItemIn"}}},
                },
                "responses": {"204": {}},
            },
        }
    },
    "components": {
        "schemas": {
            "Item": {
                "type": "object",
                "required": ["title", "state", "parts"],
                "properties": {
                    "title": {"type": "string"},
                    "state": {"enum": ["new", "old"], "type": "string"},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
                },
            },
            "ItemIn": {
                "type": "object",
                "required": ["title"],
                "properties": {"title": {"type": "string"}, "price": {"anyOf": [{"type": "number"}, {"type": "null"}]}},
            },
        }
    },
}


def found(change: Change) -> list[str]:
    after = copy.deepcopy(BEFORE)
    change(after)
    return breaking_changes(BEFORE, after)


def calls(document: Document) -> Document:
    return document["paths"]["/items/{item_id}"]  # type: ignore[no-any-return]


def get(document: Document) -> Document:
    return calls(document)["get"]  # type: ignore[no-any-return]


def fields(document: Document, name: str) -> Document:
    return document["components"]["schemas"][name]["properties"]  # type: ignore[no-any-return]


def renamed_path(document: Document) -> None:
    document["paths"]["/items/{id}"] = document["paths"].pop("/items/{item_id}")
    get(document | {"paths": {"/items/{item_id}": document["paths"]["/items/{id}"]}})["parameters"][0]["name"] = "id"


def renamed_schema(document: Document) -> None:
    schemas = document["components"]["schemas"]
    schemas["NewItem"] = schemas.pop("ItemIn")
    content = calls(document)["put"]["requestBody"]["content"]["application/json"]
    content["schema"] = {"$ref": "#/components/schemas/NewItem"}


ADDITIONS: dict[str, Change] = {
    "nothing": copy.copy,
    "a path": lambda document: document["paths"].update({"/new": {"get": {"responses": {}}}}),
    "an operation": lambda document: calls(document).update({"delete": {"responses": {"204": {}}}}),
    "an optional parameter": lambda document: get(document)["parameters"].append(
        {"in": "query", "name": "limit", "schema": {"type": "integer"}}
    ),
    "an optional field of a request": lambda document: fields(document, "ItemIn").update(url={"type": "string"}),
    "a required field within an optional one": lambda document: fields(document, "ItemIn").update(
        place={"type": "object", "required": ["lat"], "properties": {"lat": {"type": "number"}}}
    ),
    "a field of an answer": lambda document: fields(document, "Item").update(url={"type": "string"}),
    "a value of an answer": lambda document: fields(document, "Item")["state"]["enum"].append("lent"),
    "a value of a parameter": lambda document: get(document)["parameters"][1]["schema"]["enum"].append("ease"),
    "any value of a parameter": lambda document: get(document)["parameters"][1]["schema"].pop("enum"),
    "an error": lambda document: get(document)["responses"].pop("404"),
    "a name in braces": renamed_path,
    "a name of a schema": renamed_schema,
    "a required field that need not be there": lambda document: document["components"]["schemas"]["ItemIn"].pop(
        "required"
    ),
}
BREAKS: dict[str, Change] = {
    "GET /items/{} is gone": lambda document: calls(document).pop("get"),
    "GET /items/{}: the operationId 'get_item' is now 'read_item'": lambda document: get(document).update(
        operationId="read_item"
    ),
    "GET /items/{}: query method is gone": lambda document: get(document)["parameters"].pop(),
    "GET /items/{}: query method is now required": lambda document: get(document)["parameters"][1].update(
        required=True
    ),
    "GET /items/{}: query method no longer takes 'content'": lambda document: get(document)["parameters"][1]["schema"][
        "enum"
    ].remove("content"),
    "GET /items/{}: query user_id is new and required": lambda document: get(document)["parameters"].append(
        {"in": "query", "name": "user_id", "required": True, "schema": {"type": "string"}}
    ),
    "GET /items/{}: path 0 is no longer string": lambda document: get(document)["parameters"][0]["schema"].update(
        type="integer"
    ),
    "GET /items/{}: answer 200(application/json).title is gone": lambda document: fields(document, "Item").pop("title"),
    "GET /items/{}: answer 200(application/json).title is now null": lambda document: fields(document, "Item").update(
        title={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "GET /items/{}: answer 200(application/json).title may now be absent": lambda document: document["components"][
        "schemas"
    ]["Item"]["required"].remove("title"),
    "GET /items/{}: answer 200(application/json).state is no longer 'old'": lambda document: fields(document, "Item")[
        "state"
    ]["enum"].remove("old"),
    "PUT /items/{}: answer 204 is gone": lambda document: calls(document)["put"].update(responses={"200": {}}),
    "PUT /items/{}: body application/json.price is gone": lambda document: fields(document, "ItemIn").pop("price"),
    "PUT /items/{}: body application/json.price is no longer null": lambda document: fields(document, "ItemIn").update(
        price={"type": "number"}
    ),
    "PUT /items/{}: body application/json.price is no longer number": lambda document: fields(
        document, "ItemIn"
    ).update(price={"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    "PUT /items/{}: body application/json.price is now required": lambda document: document["components"]["schemas"][
        "ItemIn"
    ]["required"].append("price"),
    "PUT /items/{}: body application/json.title no longer takes any value": lambda document: fields(document, "ItemIn")[
        "title"
    ].update(enum=["a"]),
}


@pytest.mark.parametrize("addition", ADDITIONS)
def test_an_addition_breaks_nothing(addition: str) -> None:
    assert found(ADDITIONS[addition]) == []


@pytest.mark.parametrize("broken", BREAKS)
def test_what_breaks_a_client_is_named(broken: str) -> None:
    assert found(BREAKS[broken]) == [broken]


def test_a_path_that_is_gone_takes_all_its_operations() -> None:
    assert found(lambda document: document["paths"].clear()) == ["GET /items/{} is gone", "PUT /items/{} is gone"]


def test_a_new_required_field_of_a_request_is_named() -> None:
    def change(document: Document) -> None:
        fields(document, "ItemIn")["url"] = {"type": "string"}
        document["components"]["schemas"]["ItemIn"]["required"].append("url")

    assert found(change) == ["PUT /items/{}: body application/json.url is new and required"]
