import json
from typing import Any

import httpx
import pytest

from tests.app.conftest import Documented, Refused

JSON = {"content-type": "application/json"}
FULL = {
    "title": "Trail shoe \N{OWL}",
    "description": "Light.",
    "url": "/shoes/sku-7",
    "image_url": "https://shop.example/sku-7.jpg?w=200",
    "categories": ["shoes"],
    "tags": ["outdoor", "2026"],
    "price": 89.9,
    "attributes": {"brand": "Fell", "sizes": [41, 42.5], "deep": {"none": None, "yes": True}},
    "hidden": True,
    "available_from": "2026-03-01T12:00:00.000001Z",
    "available_until": "9999-12-31T23:59:59.999999Z",
}


async def test_an_item_comes_back_as_it_was_put(client: httpx.AsyncClient, documented: Documented) -> None:
    put = await client.put("/items/sku-7", json=FULL)
    got = await client.get("/items/sku-7")
    assert (put.status_code, got.status_code) == (201, 200)
    assert put.json() == got.json() == {"item_id": "sku-7", **FULL}
    documented("Item", got.json())


async def test_an_empty_item_has_every_field(client: httpx.AsyncClient, documented: Documented) -> None:
    assert (await client.put("/items/i", json={})).status_code == 201
    got = (await client.get("/items/i")).json()
    documented("Item", got)
    empty = {"categories": [], "tags": [], "attributes": {}, "hidden": False}
    assert got == {"item_id": "i", **dict.fromkeys(FULL), **empty}


async def test_a_second_put_answers_200_and_leaves_nothing_of_the_first(client: httpx.AsyncClient) -> None:
    await client.put("/items/i", json=FULL)
    again = await client.put("/items/i", json={"title": "new"})
    assert again.status_code == 200
    assert (await client.get("/items/i")).json() == again.json()
    assert again.json()["tags"] == []


async def test_times_are_answered_in_utc(client: httpx.AsyncClient) -> None:
    put = await client.put("/items/i", json={"available_from": "2026-03-01T12:00:00+02:00"})
    got = await client.get("/items/i")
    assert put.json()["available_from"] == got.json()["available_from"] == "2026-03-01T10:00:00Z"


async def test_an_unknown_item_is_404(client: httpx.AsyncClient, refused: Refused) -> None:
    problem = refused(await client.get("/items/nothing"), 404, "not_found")
    assert "nothing" in problem["detail"]


@pytest.mark.parametrize("item", ["x" * 129, "a%20b", "%0A", "i%0A", "%00", "%C3%A4"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_bad_id_is_refused(client: httpx.AsyncClient, refused: Refused, method: str, item: str) -> None:
    answer = await client.request(method, f"/items/{item}", json={} if method == "PUT" else None)
    refused(answer, 422, "invalid_request", "item_id")


async def test_a_path_that_is_not_utf8_is_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    refused(await client.get("/items/%FF"), 422, "malformed_url", "url")


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("title", "x" * 1001, "title"),
        ("title", "\0", "title"),
        ("title", 1, "title"),
        ("description", "x" * 20_001, "description"),
        ("categories", "shoes", "categories"),
        ("categories", ["ok", ""], "categories.1"),
        ("categories", None, "categories"),
        ("tags", ["x" * 257], "tags.0"),
        ("tags", ["a\0"], "tags.0"),
        ("tags", ["t"] * 1001, "tags"),
        ("image_url", "/" + "x" * 100_000, "image_url"),
        ("image_url", "https://shop.example/a b.jpg", "image_url"),
        ("url", "javascript:alert(1)", "url"),
        ("url", "\u0001javascript:alert(1)", "url"),
        ("url", "data:text/html,x", "url"),
        ("url", "", "url"),
        ("price", -0.01, "price"),
        ("price", "1", "price"),
        ("price", float("nan"), "price"),
        ("price", float("inf"), "price"),
        ("attributes", [], "attributes"),
        ("attributes", {"a": float("nan")}, "attributes.a"),
        ("attributes", {"a": [float("inf")]}, "attributes.a"),
        ("attributes", {"a": "\0"}, "attributes"),
        ("attributes", {"a": "x" * 65_536}, "attributes"),
        ("hidden", 1, "hidden"),
        ("hidden", "true", "hidden"),
        ("available_from", "2026-03-01T12:00:00", "available_from"),
        ("available_from", 0, "available_from"),
        ("available_until", "0001-01-01T00:00:00Z", "available_until"),
        ("available_until", "9999-12-31T23:59:59-23:59", "available_until"),
        ("item_id", "i", "item_id"),
        ("colour", "red", "colour"),
    ],
    ids=lambda value: repr(value)[:25],
)
async def test_a_bad_field_is_named_and_nothing_stored(
    client: httpx.AsyncClient, refused: Refused, field: str, value: Any, named: str
) -> None:
    answer = await client.put("/items/i", content=json.dumps({field: value}), headers=JSON)
    refused(answer, 422, "invalid_request", named)
    refused(await client.get("/items/i"), 404, "not_found")


async def test_a_refused_put_leaves_the_item_that_was_there(client: httpx.AsyncClient, refused: Refused) -> None:
    await client.put("/items/i", json={"title": "old"})
    refused(await client.put("/items/i", json={"title": "new", "price": -1}), 422, "invalid_request", "price")
    assert (await client.get("/items/i")).json()["title"] == "old"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code", "fields"),
    [
        (b"{", "application/json", 422, "malformed_json", ["body"]),
        (b"", "application/json", 422, "invalid_request", ["body"]),
        (b"[]", "application/json", 422, "invalid_request", ["body"]),
        (b"{}", "text/plain", 415, "unsupported_media_type", []),
        (b'{"title": "\\ud800"}', "application/json", 422, "invalid_request", ["title"]),
    ],
)
async def test_a_bad_body_is_refused(
    client: httpx.AsyncClient, refused: Refused, content: bytes, kind: str, status: int, code: str, fields: list[str]
) -> None:
    answer = await client.put("/items/i", content=content, headers={"content-type": kind})
    refused(answer, status, code, *fields)


async def test_text_with_a_backslash_is_no_nul(client: httpx.AsyncClient) -> None:
    attributes = {"path": "c:\\u0000"}
    assert (await client.put("/items/i", json={"attributes": attributes})).status_code == 201
    assert (await client.get("/items/i")).json()["attributes"] == attributes
