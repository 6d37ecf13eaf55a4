"""`DELETE /items`: several items at once, by their ids or by conditions."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.storage import items as item_store
from tests.app.api.asking import ask_path, item_ids

Refused = Callable[..., dict[str, Any]]
ITEMS: list[dict[str, Any]] = [
    {"item_id": "a", "title": "Trail shoe", "categories": ["shoes", "sale"], "price": 10},
    {"item_id": "b", "title": "SHOE tree", "categories": ["shoes"], "hidden": True},
    {"item_id": "c", "title": "Wool", "tags": ["new"], "price": 20},
    {"item_id": "d", "price": 30},
]


async def left(client: httpx.AsyncClient) -> list[str]:
    return item_ids(await ask_path(client, "/items"))


@pytest.fixture(autouse=True)
async def _filled(client: httpx.AsyncClient) -> None:
    assert (await client.post("/items/batch", json=ITEMS)).json()["stored"] == len(ITEMS)


@pytest.mark.parametrize(
    ("query", "gone"),
    [
        ({"item_id": ["a", "c", "a", "nowhere"]}, "ac"),
        ({"item_id": "nowhere"}, ""),
        ({"category": "shoes"}, "ab"),
        ({"category": "shoes", "item_id": ["b", "c"]}, "b"),
        ({"title": "sho"}, "ab"),
        ({"title": "?!"}, ""),
        ({"tag": "new"}, "c"),
        ({"hidden": "false"}, "acd"),
        ({"price_gte": 15, "price_lte": 25}, "c"),
        ({"price_gte": 0}, "acd"),
    ],
)
async def test_items_that_meet_all_parameters_are_deleted(
    client: httpx.AsyncClient, query: dict[str, Any], gone: str
) -> None:
    answer = await client.delete("/items", params=query)
    assert (answer.status_code, answer.json()) == (200, {"deleted": len(gone)})
    assert await left(client) == [item for item in "abcd" if item not in gone]
    assert (await client.delete("/items", params=query)).json() == {"deleted": 0}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "item_id"),
        ("?item_id=a%20b", "item_id.0"),
        ("?" + "&".join(f"item_id=i{number}" for number in range(1001)), "item_id"),
        ("?categroy=shoes", "categroy"),
        ("?category=", "category"),
        ("?limit=2&hidden=false", "limit"),
    ],
)
async def test_a_request_without_a_valid_condition_deletes_nothing(
    client: httpx.AsyncClient, refused: Refused, query: str, field: str
) -> None:
    refused(await client.delete(f"/items{query}"), 422, "invalid_request", field)
    assert await left(client) == ["a", "b", "c", "d"]


async def test_many_items_are_deleted_page_by_page(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_store, "_ROWS_A_STATEMENT", 3)
    await client.post("/items/batch", json=[{"item_id": f"i{n:02d}", "tags": ["x"], "title": "oak"} for n in range(20)])
    assert (await client.delete("/items?tag=x")).json() == {"deleted": 20}
    assert await left(client) == ["a", "b", "c", "d"]
    assert item_ids(await ask_path(client, "/search", q="oak")) == []


async def test_what_was_deleted_is_listed_nowhere(client: httpx.AsyncClient) -> None:
    assert set(item_ids(await ask_path(client, "/popular"))) == {"a", "c", "d"}
    await client.delete("/items?item_id=a&item_id=c")
    assert item_ids(await ask_path(client, "/popular")) == ["d"]
    assert (await client.get("/items/a")).status_code == 404
    assert (await client.put("/items/a", json={"title": "Trail shoe"})).status_code == 201
    assert item_ids(await ask_path(client, "/search", q="trail")) == ["a"]
