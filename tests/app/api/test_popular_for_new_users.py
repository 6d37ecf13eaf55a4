"""Users without a history get what is popular by now, from the bundle and the log since then."""

import asyncio
from typing import Any

import httpx

from models.bundle.store import BundleStore
from tests.app.api.asking import ask_path, item_ids

ONLY = {"field": "categories", "eq": "only"}


async def soon(client: httpx.AsyncClient, path: str, first: str, **params: Any) -> dict[str, Any]:
    """Ask until an item comes first: what is new is counted beside the answers."""
    for _ in range(100):
        found = await ask_path(client, path, **params)
        if item_ids(found)[0] == first:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found)


async def view_by_many(client: httpx.AsyncClient, item: str, times: int) -> None:
    rows = [{"user_id": f"n{number}", "item_id": item, "event_type": "view"} for number in range(times)]
    assert (await client.post("/interactions/batch", json=rows)).json()["stored"] == times


async def test_whoever_has_no_history_gets_what_is_popular_by_now(
    followed: BundleStore, client: httpx.AsyncClient
) -> None:
    path = "/recommend/stranger"
    before = await ask_path(client, path, limit=100)
    assert before["strategy"] == "popular"
    least = before["items"][-1]["item_id"]
    await view_by_many(client, least, 300)
    await view_by_many(client, "brand-new", 500)
    after = await soon(client, path, "brand-new", limit=100)
    assert (after["strategy"], item_ids(after)[1]) == ("popular", least)
    assert [item["score"] for item in after["items"][:2]] == [500, before["items"][-1]["score"] + 300]
    assert set(item_ids(after)) == {*item_ids(before), "brand-new"}
    assert item_ids(await ask_path(client, path, limit=3, exclude="brand-new"))[0] == least
    explained = await ask_path(client, path, limit=3, explain="true")
    assert [reason["strand"] for item in explained["items"] for reason in item["reasons"]] == ["popularity"] * 3
    first = await ask_path(client, path, limit=2)
    await view_by_many(client, "i000", 900)
    second = await ask_path(client, path, limit=2, cursor=first["next_cursor"])
    assert item_ids(first) + item_ids(second) == item_ids(after)[:4]
    assert item_ids(await soon(client, path, "i000", limit=2)) == ["i000", "brand-new"]
    await view_by_many(client, "brand-new", 900)
    assert item_ids(await soon(client, path, "brand-new", limit=2)) == ["brand-new", "i000"]


async def test_a_user_with_nothing_but_dislikes_gets_what_is_popular_by_now(
    followed: BundleStore, client: httpx.AsyncClient
) -> None:
    await client.post("/interactions", json={"user_id": "fussy", "item_id": "i00", "event_type": "dislike"})
    await ask_path(client, "/recommend/fussy", limit=3)
    for item, times in ("brand-new", 500), ("newer", 900):
        await view_by_many(client, item, times)
        assert (await soon(client, "/recommend/fussy", item, limit=3))["strategy"] == "popular"


async def test_the_filters_of_a_new_user_hold_for_what_is_popular_by_now(
    followed: BundleStore, client: httpx.AsyncClient
) -> None:
    before = item_ids(await ask_path(client, "/recommend/stranger", limit=100))
    await view_by_many(client, before[-1], 900)
    await view_by_many(client, "brand-new", 500)
    await soon(client, "/recommend/stranger", before[-1])
    body = {"user_id": "stranger", "candidates": [before[0], "brand-new", before[1], "nothing"], "explain": True}
    answer = (await client.post("/recommend", json=body)).json()
    assert item_ids(answer) == ["brand-new", before[0], before[1]]
    left = await client.post("/recommend", json={"user_id": "stranger", "exclude": [before[-1]], "limit": 2})
    assert item_ids(left.json()) == ["brand-new", before[0]]
    await client.put("/items/brand-new", json={"categories": ["only"]})
    fitting = await client.post("/recommend", json={"user_id": "stranger", "filter": ONLY})
    assert item_ids(fitting.json()) == ["brand-new"]
