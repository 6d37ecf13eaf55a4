"""The examples of the OpenAPI document: what they ask is answered, and answers look like them."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

Document = dict[str, Any]
SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
FILMS = [
    {"item_id": "50", "title": "Star Wars", "categories": ["Action", "Adventure", "Sci-Fi"], "tags": ["1977"]},
    {"item_id": "172", "title": "Empire Strikes Back, The", "categories": ["Action", "Sci-Fi"], "tags": ["1980"]},
    {"item_id": "181", "title": "Return of the Jedi", "categories": ["Action", "Sci-Fi"], "tags": ["1983"]},
    {"item_id": "242", "title": "Kolya", "categories": ["Comedy"], "tags": ["1996"]},
]
"""Some of the films of the demo, as MovieLens describes them."""
RATINGS = [
    {"user_id": user, "item_id": item, "event_type": "rating", "value": 5}
    for user, item in (("196", "242"), ("196", "181"), ("186", "50"))
]
FIRST = ("put_item", "put_user", "put_scenario", "post_interaction", "post_training_job", "post_import")
LAST = ("delete_interaction", "delete_item", "delete_scenario", "erase_user")


def operations_of(openapi: Document) -> Iterator[tuple[str, str, Document]]:
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def media_of(part: Document) -> Iterator[tuple[str, Document]]:
    yield from part.get("content", {}).items()


def test_examples_of_bodies_fit_their_schemas(openapi: Document) -> None:
    checked = 0
    for method, path, operation in operations_of(openapi):
        answers = [answer for status, answer in operation["responses"].items() if int(status) < 300]
        for part in (operation.get("requestBody", {}), *answers):
            for kind, media in media_of(part):
                assert "example" in media, f"{method} {path}: {kind} has no example"
                schema = media["schema"] | {"components": openapi["components"]}
                problems = [problem.message for problem in Draft202012Validator(schema).iter_errors(media["example"])]
                assert problems == [], f"{method} {path}: {kind}"
                checked += 1
    assert checked > 80


def test_examples_of_wire_models_fit_their_schemas(openapi: Document) -> None:
    for name, schema in openapi["components"]["schemas"].items():
        for example in schema.get("examples", []):
            validator = Draft202012Validator(schema | {"components": openapi["components"]})
            assert [problem.message for problem in validator.iter_errors(example)] == [], name


def filled(path: str, operation: Document, made: Document) -> tuple[str, Document]:
    """Return the path and the required parameters of the query, as their examples have them."""
    parameters = operation.get("parameters", [])
    values = {one["name"]: one["example"] for one in parameters if one["in"] == "path"} | made
    query = {
        one["name"]: one["schema"]["examples"][0]
        for one in parameters
        if one["in"] == "query" and one.get("required", False)
    }
    return re.sub(r"{(\w+)}", lambda name: str(values[name[1]]), path), query


async def ask(client: httpx.AsyncClient, method: str, path: str, query: Document, kind: str, body: Any) -> Any:
    headers = {"content-type": kind}
    if kind == "multipart/form-data":
        texts = {name: text for name, text in body.items() if name == "timestamps"}
        files = {name: (f"{name}.csv", text.encode()) for name, text in body.items() if name not in texts}
        answer = await client.post(path, data=texts, files=files)
    elif kind == "application/json":
        answer = await client.request(method, path, params=query, json=body, headers=headers)
    else:
        answer = await client.request(method, path, params=query, content=body, headers=headers)
    assert 200 <= answer.status_code < 300, f"{method} {path} {kind}: {answer.text}"
    return answer.json()


@SQLITE_ONLY
async def test_every_example_works_on_the_sample_data(client: httpx.AsyncClient, openapi: Document) -> None:
    assert (await client.post("/items/batch", json=FILMS)).json()["stored"] == len(FILMS)
    assert (await client.post("/interactions/batch", json=RATINGS)).json()["stored"] == len(RATINGS)
    made = {"job_id": (await client.post("/training-jobs")).json()["job_id"]}
    asked = 0
    for method, path, operation in sorted(operations_of(openapi), key=in_turn):
        name = operation["operationId"]
        if name == "activate_bundle":
            continue  # there is none
        if name in {"post_key", "post_rotated_key", "delete_key"}:
            continue  # the first key closes the server: `test_keys.py`
        place, query = filled(path, operation, made)
        for kind, media in media_of(operation.get("requestBody", {})):
            answered = await ask(client, method, place, query, kind, media["example"])
            if name == "post_import":
                made["import_id"] = answered["import_id"]
            asked += 1
        if "requestBody" not in operation:
            if name == "delete_items":
                query = {"item_id": "242"}
            answer = await client.request(method, place, params=query)
            assert 200 <= answer.status_code < 300, f"{method} {place}: {answer.text}"
            asked += 1
    assert asked > 55


def in_turn(operation: tuple[str, str, Document]) -> int:
    """Make what others read first, and remove it last."""
    name = operation[2]["operationId"]
    return -1 if name in FIRST else 1 + LAST.index(name) if name in LAST else 0
