import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.app.conftest import Refused

VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}
JSON = {"content-type": "application/json"}
AHEAD = (datetime.now(UTC) + timedelta(days=1, hours=2)).isoformat()

# Nothing reaches a database.
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
async def _nothing_is_stored(client: httpx.AsyncClient, application: FastAPI) -> AsyncIterator[None]:
    yield
    assert await application.state.serving.resources.interactions.count() == 0


def body(**more: Any) -> bytes:
    return json.dumps(VIEW | more).encode()


def raw(field: str, value: str) -> bytes:
    """Give a field a value that no library would write."""
    return json.dumps(VIEW).encode().removesuffix(b"}") + f', "{field}": {value}}}'.encode()


BAD_IDS = ["", "x" * 129, "u\n", "a b", "ä", "a/b", "\0", "a\u2028", 7, None, ["u"], True]
BAD_FIELDS: list[tuple[str, object]] = [
    *[(field, value) for field in ("user_id", "item_id") for value in BAD_IDS],
    *[(field, value) for field in ("event_id", "request_id") for value in BAD_IDS if value is not None],
    *[("event_type", value) for value in ("", "View", "bought", None, 1, ["view"])],
    *[("value", value) for value in list[object](("4", True, [], {}))],
    *[("quantity", value) for value in list[object](("2", True, [], 0, 0.0, -0.0))],
    *[("revenue", value) for value in list[object](("9.5", False, {}, -0.01))],
    *[("position", value) for value in (-1, 2**31, 1.5, "1", True, 10**30)],
    *[
        ("context", value)
        for value in list[object](("{}", [], 1, {"a": "\0"}, {"\0": 1}, {"a": ["\0"]}, {"a": "x" * 65_536}))
    ],
    ("context", {"big": 2**70}),
    *[("timestamp", value) for value in ("", "yesterday", "2026-03-01", "2026-03-01T12:00:00", "2026-02-30T00:00:00Z")],
    *[("timestamp", value) for value in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "1969-12-31T23:59:59Z")],
    *[("timestamp", value) for value in ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", AHEAD)],
    *[
        ("timestamp", value)
        for value in list[object]((1_772_366_400, 1.5, True, {}, "1772366400", "2026-W09-7T00:00:00Z "))
    ],
    ("surprise", 1),
]


# Many bodies in one test: to start the application takes longer than to refuse a hundred of them.
async def test_a_bad_field_is_named(client: httpx.AsyncClient, refused: Refused) -> None:
    for field, value in BAD_FIELDS:
        answer = await client.post("/interactions", content=body(**{field: value}), headers=JSON)
        problem = refused(answer, 422, "invalid_request", field)
        assert problem["detail"] == f"1 field is not valid: {field}", (field, value)


async def test_a_missing_field_is_named(client: httpx.AsyncClient, refused: Refused) -> None:
    for field in ("user_id", "item_id", "event_type"):
        answer = await client.post("/interactions", json={name: value for name, value in VIEW.items() if name != field})
        problem = refused(answer, 422, "invalid_request", field)
        assert problem["errors"][0]["code"] == "missing", field


async def test_every_wrong_field_is_named(client: httpx.AsyncClient, refused: Refused) -> None:
    answer = await client.post("/interactions", json={"user_id": "", "event_type": 1, "position": -1, "new": None})
    refused(answer, 422, "invalid_request", "user_id", "item_id", "event_type", "position", "new")


@pytest.mark.parametrize("place", ["{}", '{{"a": {}}}', '{{"a": [{}]}}', '{{"a": {{"b": [1, {{"c": {}}}]}}}}'])
async def test_a_number_that_is_not_finite_is_refused_wherever_it_is(
    client: httpx.AsyncClient, refused: Refused, place: str
) -> None:
    numbers = ("NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400)
    for number, field in product(numbers, ("value", "quantity", "revenue") if place == "{}" else ("context",)):
        answer = await client.post("/interactions", content=raw(field, place.format(number)), headers=JSON)
        # An integer that is too long cannot be written at all; of others the name in the object is told.
        where = field if place == "{}" or number.isdigit() else f"{field}.a"
        refused(answer, 422, "invalid_request", where)


async def test_a_negative_revenue_needs_a_negative_quantity(client: httpx.AsyncClient, refused: Refused) -> None:
    answer = await client.post("/interactions", content=body(quantity=2, revenue=-1), headers=JSON)
    problem = refused(answer, 422, "invalid_request", "revenue")
    assert "must not be negative without a negative quantity" in problem["errors"][0]["detail"]
    answer = await client.post("/interactions", content=body(quantity=0, revenue=-1), headers=JSON)
    assert "must not be 0" in refused(answer, 422, "invalid_request", "quantity")["errors"][0]["detail"]


@pytest.mark.parametrize("field", ["user_id", "event_id", "event_type", "context"])
async def test_half_a_character_is_refused(client: httpx.AsyncClient, refused: Refused, field: str) -> None:
    value = '{"a": "\\ud800"}' if field == "context" else '"\\ud800"'
    refused(await client.post("/interactions", content=raw(field, value), headers=JSON), 422, "invalid_request", field)


async def test_a_field_named_by_half_a_character_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/interactions", content=raw("\\ud800", "1"), headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "content",
    [b"{", b"nonsense", b'{"user_id": "u",}', b"\xff\xfe\x00", b'{"user_id": "\xe4"}', b"[" * 15_000, b"\x00", b"{}}"],
    ids=["cut", "no JSON", "comma", "UTF-16", "Latin-1", "deep", "NUL", "more"],
)
async def test_malformed_json_is_refused(client: httpx.AsyncClient, refused: Refused, content: bytes) -> None:
    refused(await client.post("/interactions", content=content, headers=JSON), 422, "malformed_json", "body")


@pytest.mark.parametrize("depth", [300, 900, 9_000])
async def test_deep_nesting_is_refused(client: httpx.AsyncClient, depth: int) -> None:
    content = raw("context", '{"a":' * depth + "1" + "}" * depth)
    answer = await client.post("/interactions", content=content, headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in {"malformed_json", "invalid_request"}


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'"text"', b"1", b"true"])
async def test_a_body_that_is_no_object_is_refused(client: httpx.AsyncClient, refused: Refused, content: bytes) -> None:
    refused(await client.post("/interactions", content=content, headers=JSON), 422, "invalid_request", "body")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
async def test_another_content_type_is_refused(client: httpx.AsyncClient, refused: Refused, kind: str) -> None:
    answer = await client.post("/interactions", content=body(), headers={"content-type": kind} if kind else {})
    problem = refused(answer, 415, "unsupported_media_type")
    assert "application/json" in problem["detail"]
