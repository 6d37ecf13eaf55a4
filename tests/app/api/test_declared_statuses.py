"""Every status that occurs is declared, with the form that its body has."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, closing
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url

from app.api.bodies import MAX_BYTES
from app.api.imports import MAX_BYTES as MAX_BYTES_OF_IMPORTS

Document = dict[str, Any]
Serve = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]
SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def operations_of(openapi: Document) -> Iterator[tuple[str, str, Document]]:
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def filled(path: str, operation: Document) -> str:
    examples = {one["name"]: one.get("example") for one in operation.get("parameters", [])}
    return re.sub(r"{(\w+)}", lambda name: str(examples[name[1]]), path)


def check(answer: httpx.Response, operation: Document, place: str) -> int:
    """Expect that the status is declared, and an error is the problem document that is declared."""
    declared = operation["responses"].get(str(answer.status_code))
    assert declared is not None, f"{place}: {answer.status_code} is not declared: {answer.text}"
    if answer.status_code >= 400 and place != "get /health/ready":
        assert declared["content"] == PROBLEM, place
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code


@SQLITE_ONLY
async def test_what_is_wrong_with_bodies_is_declared(client: httpx.AsyncClient, openapi: Document) -> None:
    json = {"content-type": "application/json"}
    for method, path, operation in operations_of(openapi):
        if "requestBody" not in operation:
            continue
        place, url = f"{method} {path}", filled(path, operation)
        length = str(1 + (MAX_BYTES_OF_IMPORTS if path == "/imports" else MAX_BYTES))
        kind = {"content-type": f"{next(iter(operation['requestBody']['content']))}; boundary=b"}
        for expected, headers, content in (
            (415, {"content-encoding": "br", **kind}, b"{}"),
            (413, {"content-length": length, **kind}, b"{}"),
            (422, json, b'{"what_is_this": 1}'),
        ):
            answer = await client.request(method, url, headers=headers, content=content)
            assert check(answer, operation, place) == expected, f"{place}: {answer.text}"


@SQLITE_ONLY
async def test_whatever_an_empty_shop_answers_is_declared(client: httpx.AsyncClient, openapi: Document) -> None:
    found = set()
    for method, path, operation in operations_of(openapi):
        place = f"{method} {path}"
        for query in ("", "?limit=0&what_is_this=1"):
            answer = await client.request(method, filled(path, operation) + query)
            found.add(check(answer, operation, place))
        if "{" in path:
            answer = await client.request(method, re.sub(r"{\w+}", "%20", path), json={})
            found.add(check(answer, operation, place))
    assert {200, 404, 422} <= found


@SQLITE_ONLY
async def test_a_conflict_is_declared(client: httpx.AsyncClient, openapi: Document) -> None:
    post = {"user_id": "196", "item_id": "50", "event_type": "view", "event_id": "e"}
    for path, place, body, expected in (
        ("/interactions", "/interactions", post, 201),
        ("/interactions", "/interactions", post, 200),
        ("/interactions", "/interactions", post | {"item_id": "181"}, 409),
        ("/users/a/merge", "/users/{user_id}/merge", {"into": "b"}, 200),
        ("/users/a/merge", "/users/{user_id}/merge", {"into": "c"}, 409),
    ):
        answer = await client.post(path, json=body)
        assert check(answer, openapi["paths"][place]["post"], place) == expected, answer.text


@SQLITE_ONLY
async def test_a_database_that_is_away_is_declared(
    application: FastAPI, database_url: str, serve: Serve, openapi: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.storage.sqlite_files._BUSY_MILLISECONDS", 50)
    found = []
    async with serve() as client:
        with closing(sqlite3.connect(str(make_url(database_url).database), isolation_level=None)) as holder:
            # Nobody else can write.
            holder.execute("BEGIN IMMEDIATE")
            for method, path, operation in operations_of(openapi):
                bodies = operation.get("requestBody", {}).get("content", {})
                example = bodies.get("application/json", {}).get("example")
                answer = await client.request(method, filled(path, operation), json=example)
                found.append(check(answer, operation, f"{method} {path}"))
    assert found.count(503) > 8
