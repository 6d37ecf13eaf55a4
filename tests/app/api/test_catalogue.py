"""Items and users: changes, batches and lists."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.process import serving_factory
from app.process.serving_state import serving_state
from app.schemas.items import ItemPatch
from app.schemas.options import Options
from app.schemas.users import UserPatch
from app.services.users.profiles import Profiles

Refused = Callable[..., dict[str, Any]]
FULL = {
    "title": "Trail shoe",
    "categories": ["shoes"],
    "tags": ["outdoor"],
    "price": 80.5,
    "attributes": {"brand": "Fell", "size": {"eu": 42, "uk": 8}},
    "available_until": "2030-01-01T00:00:00Z",
}


async def test_a_patch_changes_what_it_names(client: httpx.AsyncClient) -> None:
    before = (await client.put("/items/i", json=FULL)).json()
    patch = {"price": None, "tags": ["sale"], "attributes": {"brand": None, "size": {"uk": None, "us": 9}, "new": 1}}
    answer = await client.patch("/items/i", json=patch)
    after = before | {"price": None, "tags": ["sale"], "attributes": {"size": {"eu": 42, "us": 9}, "new": 1}}
    assert (answer.status_code, answer.json()) == (200, after)
    assert (await client.get("/items/i")).json() == after
    emptied = dict.fromkeys(("tags", "attributes", "hidden", "available_until"))
    answer = await client.patch("/items/i", json=emptied, headers={"content-type": "application/merge-patch+json"})
    assert answer.json() == after | {"tags": [], "attributes": {}, "hidden": False, "available_until": None}


async def test_a_patch_that_cannot_be_applied_changes_nothing(client: httpx.AsyncClient, refused: Refused) -> None:
    refused(await client.patch("/items/i", json={"price": 1}), 404, "not_found")
    before = (await client.put("/items/i", json=FULL)).json()
    refused(await client.patch("/items/i", json={"price": -1}), 422, "invalid_request", "price")
    refused(await client.patch("/items/i", json={"item_id": "j"}), 422, "invalid_request", "item_id")
    for _ in range(2):
        answer = await client.patch("/items/i", json={"attributes": {f"{_}": "x" * 60_000}})
    refused(answer, 422, "invalid_request", "attributes")
    assert (await client.patch("/items/i", json={"attributes": {"0": None}})).json() == before


async def test_patches_at_the_same_time_lose_nothing(settings: Settings, client: httpx.AsyncClient) -> None:
    await client.put("/items/i", json={})
    await client.put("/users/u", json={})
    async with serving_state(settings) as other:
        here = [
            client.patch(path, json={"attributes": {f"a{n}": n}}) for n in range(8) for path in ("/items/i", "/users/u")
        ]
        there: list[Any] = [
            serving_factory.catalogue(other).patch("i", ItemPatch(attributes={f"b{n}": n})) for n in range(8)
        ]
        there += [
            Profiles(other.resources.users, other.resources.schema).patch("u", UserPatch(attributes={f"b{n}": n}))
            for n in range(8)
        ]
        await asyncio.gather(*here, *there)
    expected = {f"{letter}{n}": n for letter in "ab" for n in range(8)}
    assert (await client.get("/items/i")).json()["attributes"] == expected
    assert (await client.get("/users/u")).json()["attributes"] == expected


async def test_a_batch_of_items_stores_the_good_ones(
    client: httpx.AsyncClient, documented: Any, refused: Refused
) -> None:
    await client.put("/items/i", json=FULL)
    rows = [
        {"item_id": "i", "title": "new"},
        {"item_id": "j", "price": -1},
        {"item_id": "k"},
        {"item_id": "k", "title": "K"},
    ]
    refused(await client.post("/items/batch?atomic=true", json=rows), 422, "batch_refused", "price")
    assert (await client.get("/items/i")).json()["title"] == FULL["title"]
    answer = (await client.post("/items/batch", json=rows)).json()
    documented("RowsStored", answer)
    assert (answer["stored"], [(error["index"], error["field"]) for error in answer["errors"]]) == (3, [(1, "price")])
    assert (await client.get("/items/i")).json()["tags"] == []
    assert (await client.get("/items/k")).json()["title"] == "K"


async def test_a_batch_counts_at_once_here_and_within_a_second_elsewhere(
    settings: Settings, client: httpx.AsyncClient
) -> None:
    for user, item in (("a", "x"), ("b", "x"), ("b", "y")):
        await client.post("/interactions", json={"user_id": user, "item_id": item, "event_type": "view"})

    async with serving_state(settings) as other:
        await other.start()

        async def shown() -> tuple[list[str], list[str]]:
            here = (await client.get("/recommend/new")).json()["items"]
            there = orjson.loads((await other.recommendation.recommend("new", Options())).body())["items"]
            return [item["item_id"] for item in here], [item["item_id"] for item in there]

        async def within_a_second(expected: Callable[[tuple[list[str], list[str]]], bool]) -> None:
            until = time.monotonic() + 1
            while not expected(await shown()):
                assert time.monotonic() < until
                await asyncio.sleep(0.05)

        assert await shown() == (["x", "y"], ["x", "y"])
        await client.post("/items/batch", json=[{"item_id": "x", "hidden": True}])
        assert (await shown())[0] == ["y"]
        await within_a_second(lambda found: found[1] == ["y"])
        await client.delete("/items/y")
        assert (await shown())[0] == []
        await within_a_second(lambda found: found[1] == [])


async def pages(client: httpx.AsyncClient, path: str, **query: Any) -> list[list[str]]:
    key = "item_id" if path == "/items" else "user_id"
    found, cursor = [], None
    while True:
        answer = await client.get(path, params=query | ({} if cursor is None else {"cursor": cursor}))
        assert answer.status_code == 200, answer.text
        found.append([row[key] for row in answer.json()["items"]])
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


async def test_items_are_listed_in_pages(client: httpx.AsyncClient) -> None:
    await client.post("/items/batch", json=[{"item_id": f"i{n}"} for n in range(5)])
    await client.delete("/items/i3")
    await client.post("/interactions", json={"user_id": "u", "item_id": "seen", "event_type": "view"})
    assert await pages(client, "/items", limit=2) == [["i0", "i1"], ["i2", "i4"], ["seen"]]
    assert await pages(client, "/items", limit=5) == [["i0", "i1", "i2", "i4", "seen"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"title": "SHOE"}, ["a", "b"]),
        ({"title": "tree sho"}, ["b"]),
        ({"title": "hoe"}, []),
        ({"title": "shoes"}, []),
        ({"title": "100%"}, ["c"]),
        ({"title": "_"}, []),
        ({"category": "shoes"}, ["a", "b"]),
        ({"category": "shoe"}, []),
        ({"tag": 'with "quotes"'}, ["c"]),
        ({"hidden": "true"}, ["b"]),
        ({"hidden": "false", "category": "shoes"}, ["a"]),
        ({"price_gte": 10, "price_lte": 20}, ["a", "c"]),
        ({"price_gte": 10.01}, ["c"]),
    ],
)
async def test_items_are_found(client: httpx.AsyncClient, query: dict[str, Any], expected: list[str]) -> None:
    items = [
        {"item_id": "a", "title": "Trail shoe", "categories": ["shoes", "sale"], "price": 10},
        {"item_id": "b", "title": "SHOE tree", "categories": ["shoes"], "hidden": True},
        {"item_id": "c", "title": "100% wool", "tags": ['with "quotes"'], "price": 20},
        {"item_id": "d"},
    ]
    await client.post("/items/batch", json=items)
    assert await pages(client, "/items", **query) == [expected]


async def test_users_are_kept_and_listed(client: httpx.AsyncClient, refused: Refused, application: FastAPI) -> None:
    refused(await client.get("/users/u1"), 404, "not_found")
    refused(await client.patch("/users/u1", json={}), 404, "not_found")
    assert (await client.put("/users/u1", json={"attributes": {"a": 1}})).status_code == 201
    assert (await client.put("/users/u1", json={"attributes": {"a": 2}})).status_code == 200
    await client.post("/interactions", json={"user_id": "u2", "item_id": "i", "event_type": "view"})
    assert (await client.get("/users/u2")).json() == {"user_id": "u2", "attributes": {}}
    answer = await client.post("/users/batch", json=[{"user_id": "v"}, {"user_id": "no id"}, {"user_id": "u3"}])
    assert (answer.json()["stored"], answer.json()["refused"]) == (2, 1)
    assert await pages(client, "/users", limit=3) == [["u1", "u2", "u3"], ["v"]]
    assert await pages(client, "/users", prefix="u", limit=2) == [["u1", "u2"], ["u3"]]
    assert (await client.patch("/users/u1", json={"attributes": None})).json()["attributes"] == {}


@pytest.mark.parametrize("path", ["/items", "/users"])
@pytest.mark.parametrize("cursor", ["x", "WyJvdGhlciIsImEiXQ", "WyJpdGVtcyIsNV0", "WyJpdGVtcyJd", "bnVsbA"])
async def test_a_cursor_of_nothing_is_refused(
    client: httpx.AsyncClient, refused: Refused, path: str, cursor: str
) -> None:
    refused(await client.get(path, params={"cursor": cursor}), 422, "invalid_cursor", "cursor")


SQL = "'; DROP TABLE items; --"


async def test_sql_is_only_text(client: httpx.AsyncClient, refused: Refused) -> None:
    item = {"title": SQL, "description": SQL, "categories": [SQL], "tags": [SQL], "attributes": {SQL: SQL}}
    stored = (await client.put("/items/i", json=item)).json()
    assert stored == stored | item
    for query in ({"title": SQL}, {"category": SQL}, {"tag": SQL}):
        assert await pages(client, "/items", **query) == [["i"]]
    assert (await client.put("/users/u", json={"attributes": {SQL: SQL}})).json()["attributes"] == {SQL: SQL}
    for path in (f"/items/{SQL}", f"/users/{SQL}", f"/users/{SQL}/interactions", f"/imports/{SQL}"):
        assert (await client.get(path)).status_code in (404, 422)
    refused(await client.get("/users", params={"prefix": SQL}), 422, "invalid_request", "prefix")
    refused(await client.post("/users/u/merge", json={"into": SQL}), 422, "invalid_request", "into")
    assert await pages(client, "/items") == [["i"]]
