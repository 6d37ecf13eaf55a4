"""Fields of the catalogue that come with each item of a list, and lists without cursors or low scores."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.asking import ask, ask_for, item_ids, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
FIELDS = {"title", "description", "url", "image_url", "categories", "tags", "price", "attributes", "hidden"}
MOMENTS = {"available_from", "available_until"}


async def test_named_fields_come_with_each_item(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01")
    plain = await ask(client, "u")
    first = plain["items"][0]
    await client.put(f"/items/{first['item_id']}", json={"title": "A title", "price": 3.5, "image_url": "/a.jpg"})
    plain = await ask(client, "u")
    for include in ("title,price", ["price", "title"]):
        # The second time from the framework's back door, the third from the cache.
        for _ in range(3):
            found = await ask(client, "u", include=include)
            assert [item | {"title": None, "price": None} for item in plain["items"]] == [
                item | {"title": None, "price": None} for item in found["items"]
            ]
            own = next(item for item in found["items"] if item["item_id"] == first["item_id"])
            assert (own["title"], own["price"]) == ("A title", 3.5)
            assert set(own) == {"item_id", "score", "rank", "title", "price"}
    found = await ask_for(client, user_id="u", include=["*"], explain=True)
    assert set(found["items"][0]) == {"item_id", "score", "rank", "explanation", "reasons"} | FIELDS | MOMENTS
    (batched,) = (await client.post("/recommend/batch", json={"user_ids": ["u"], "include": ["url"]})).json()["items"]
    assert set(batched["items"][0]) == {"item_id", "score", "rank", "url"}


async def test_a_change_of_an_item_is_in_the_next_answer(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01")
    for title in ("one", "two", "three"):
        await client.put("/items/i02", json={"title": title})
        found = await ask(client, "u", include="title", limit=100)
        assert {item["item_id"]: item["title"] for item in found["items"]}["i02"] == title
        assert await ask(client, "u", include="title", limit=100) | {"request_id": ""} == found | {"request_id": ""}


async def test_an_unknown_field_is_named(client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]]) -> None:
    problem = refused(await client.get("/recommend/u?include=title,colour"), 422, "invalid_request", "include")
    assert "'colour'" in str(problem)
    refused(await client.post("/recommend", json={"include": ["colour"]}), 422, "invalid_request", "include")


async def test_a_list_of_one_page_has_no_cursor(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01")
    with_cursor, without = await ask(client, "u"), await ask(client, "u", cursor="none")
    assert with_cursor["next_cursor"] is not None
    assert without["next_cursor"] is None
    assert without["items"] == with_cursor["items"]
    assert (await ask_for(client, user_id="u", cursor="none"))["next_cursor"] is None
    batch = (await client.post("/recommend/batch", json={"user_ids": ["u"], "cursor": "none"})).json()
    assert batch["items"][0]["next_cursor"] is None


async def test_items_below_a_score_are_left_out(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01")
    items = (await ask(client, "u"))["items"]
    assert items[3]["score"] > items[4]["score"]
    found = await ask(client, "u", min_score=items[3]["score"])
    assert item_ids(found) == [item["item_id"] for item in items[:4]]
    nothing = await ask_for(client, user_id="u", min_score=1e9, pins=[{"item_id": "i07", "position": 1}])
    assert item_ids(nothing) == ["i07"]
    empty = await ask(client, "u", min_score=1e9)
    assert (empty["items"], empty["strategy"]) == ([], "none")
    assert empty["reason"] == "no item has a score of 1e+09 or more"
