"""A new shop, before its first bundle: descriptions and shared users make lists personal."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from tests.app.api.asking import ask, ask_for, item_ids, post
from tests.app.conftest import Serve

SHOES = [f"shoe-{number}" for number in range(1, 7)]
OTHERS = ["lamp", "tent", "mug", "rope", "map"]


async def catalogue(client: httpx.AsyncClient) -> None:
    for item_id in OTHERS:
        await client.put(f"/items/{item_id}", json={"title": item_id.title(), "categories": [f"{item_id}s"]})
    for item_id in SHOES:
        await client.put(f"/items/{item_id}", json={"title": "Trail running shoe", "categories": ["shoes"]})


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_one_view_of_five_items_leaves_four(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await client.put(f"/items/item-{number}", json={})
    await post(client, "u", "item-2", event_type="view")
    answer = await ask(client, "u")
    assert sorted(item_ids(answer)) == ["item-0", "item-1", "item-3", "item-4"]
    assert answer["reason"] is None


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_what_is_described_like_the_users_items_comes_first(client: httpx.AsyncClient) -> None:
    await catalogue(client)
    assert (await ask(client, "u"))["strategy"] == "popular"
    await post(client, "u", "shoe-1", event_type="view")
    answer = await ask(client, "u", limit=20, explain="true")
    assert answer["strategy"] == "personalized"
    assert answer["bundle_version"] is None
    assert set(item_ids(answer)[:5]) == set(SHOES) - {"shoe-1"}
    assert set(item_ids(answer)[5:]) == set(OTHERS)
    told = [item["explanation"] for item in answer["items"]]
    assert told == ["Similar to Trail running shoe"] * 5 + ["New"] * 5
    assert answer["items"][0]["reasons"][0]["because"] == [{"item_id": "shoe-1", "share": 1.0}]
    # Pages, filters, sessions and boosts as ever.
    first = await ask(client, "u", limit=4)
    second = await ask(client, "u", limit=20, cursor=first["next_cursor"])
    assert second["strategy"] == "personalized"
    assert item_ids(first) + item_ids(second) == item_ids(answer)
    session = await ask_for(client, session_items=["shoe-1"])
    assert session["strategy"] == "session"
    assert set(item_ids(session)[:5]) == set(SHOES) - {"shoe-1"}
    boosted = await ask_for(client, user_id="u", boosts=[{"filter": {"field": "item_id", "eq": "mug"}, "weight": 9}])
    assert item_ids(boosted)[0] == "mug"
    similar = (await client.get("/items/shoe-1/similar")).json()
    assert set(item_ids(similar)[:5]) == set(SHOES) - {"shoe-1"}


async def test_what_other_users_have_as_well_comes_first(client: httpx.AsyncClient) -> None:
    for item_id in ("a", "b", "c", "d"):
        await client.put(f"/items/{item_id}", json={"title": item_id.upper()})
    for number in range(3):
        for item_id in ("a", "c"):
            await post(client, f"both-{number}", item_id, event_type="view")
        await post(client, f"b-{number}", "b", event_type="view")
        await post(client, f"b2-{number}", "b", event_type="view")
    await post(client, "u", "a", event_type="view")
    answer = await ask(client, "u", explain="true")
    assert item_ids(answer) == ["c", "b", "d"]
    assert [item["explanation"] for item in answer["items"]] == ["Because you viewed A", "Popular", "New"]
    for method in ("blend", "item_knn"):
        assert item_ids((await client.get("/items/a/similar", params={"method": method})).json())[0] == "c"
    # What nobody shares and nothing describes is filled up with what is popular.
    alone = (await client.get("/items/d/similar")).json()
    assert alone["strategy"] == "popular"
    # What others do later counts within some seconds.
    await post(client, "both-9", "d", event_type="view")
    await post(client, "both-9", "a", event_type="view")
    for _ in range(200):
        found = item_ids(await ask(client, "u"))[:2]
        if found == ["c", "d"]:
            break
        await asyncio.sleep(0.1)
    assert found == ["c", "d"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_disliked_items_speak_for_nothing(client: httpx.AsyncClient) -> None:
    await catalogue(client)
    await post(client, "u", "shoe-1", event_type="view")
    await post(client, "u", "shoe-1", event_type="dislike")
    answer = await ask(client, "u", limit=20)
    assert answer["strategy"] == "popular"
    assert "shoe-1" not in item_ids(answer)
    assert len(answer["items"]) == 10


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_interactions_whose_strength_has_decayed_to_nothing_still_give_scores(
    serve: Serve, settings: Settings, application: FastAPI
) -> None:
    forgetting = {"event_types": {"view": {"weight": 0.4, "half_life_days": 1}}}
    application.state.settings = Settings(**settings.model_dump() | forgetting)
    async with serve() as client:
        await catalogue(client)
        # Above 0 as a double, and 0 with the precision of strengths.
        long_ago = (datetime.now(UTC) - timedelta(days=200)).isoformat()
        body = {"user_id": "u", "item_id": "shoe-1", "event_type": "view", "timestamp": long_ago}
        assert (await client.post("/interactions", json=body)).status_code == 201
        answer = await ask(client, "u", limit=20)
    assert set(item_ids(answer)[:5]) == set(SHOES) - {"shoe-1"}
    assert all(item["score"] > 0 for item in answer["items"][:5])
