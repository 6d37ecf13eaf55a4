"""Filters that shops write, before the first bundle and with one."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.asking import ask_for, item_ids

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
TRAIL, ROAD, MAP = "i01", "i02", "i03"
OURS = {"field": "item_id", "in": [TRAIL, ROAD, MAP]}


@pytest.fixture
async def shop(client: httpx.AsyncClient) -> httpx.AsyncClient:
    await client.put("/schema", json={"items": {"shop": "place", "released": "time"}})
    shoe = {"categories": ["shoes"], "price": 80}
    berlin = {"size": "M", "shop": {"lat": 52.52, "lon": 13.4}, "released": "2020-01-01T00:00:00Z"}
    items = {
        TRAIL: {**shoe, "title": "Trail shoe", "image_url": "/trail.jpg", "attributes": berlin},
        ROAD: {**shoe, "title": "Road shoe", "price": 100, "attributes": {"size": "L"}},
        MAP: {"title": "Trail map", "price": 10, "attributes": {"brand": "Fell", "released": "2999-01-01T00:00:00Z"}},
    }
    for item_id, fields in items.items():
        assert (await client.put(f"/items/{item_id}", json=fields)).status_code in {200, 201}
        await client.post("/interactions", json={"user_id": "someone", "item_id": item_id, "event_type": "view"})
    return client


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({"field": "title", "contains": "shoe"}, {TRAIL, ROAD}),
    ({"field": "title", "prefix": "Trail"}, {TRAIL, MAP}),
    ({"field": "image_url", "exists": True}, {TRAIL}),
    ({"and": [OURS, {"field": "attributes.brand", "ne": "Fell"}]}, {TRAIL, ROAD}),
    ({"and": [OURS, {"field": "price", "gt": 80}]}, {ROAD}),
    ({"and": [OURS, {"field": "price", "lt": 80}]}, {MAP}),
    ({"field": "attributes.released", "lte": "now-7d"}, {TRAIL}),
    ({"field": "attributes.released", "gt": "now"}, {MAP}),
    ({"field": "attributes.shop", "within": {"lat": 52.5, "lon": 13.4, "km": 5}}, {TRAIL}),
    ({"field": "attributes.size", "in": {"user": "sizes"}}, {ROAD}),
]


@pytest.mark.parametrize(("tree", "expected"), CASES)
async def test_a_filter_leaves_what_meets_it(shop: httpx.AsyncClient, tree: dict[str, Any], expected: set[str]) -> None:
    await shop.put("/users/u", json={"attributes": {"sizes": ["L", "XL"]}})
    assert set(item_ids(await ask_for(shop, user_id="u", filter=tree))) == expected


async def test_with_a_bundle_as_well(bundles: BundleStore, shop: httpx.AsyncClient) -> None:
    await shop.put("/users/u", json={"attributes": {"sizes": ["L", "XL"]}})
    for tree, expected in CASES:
        answer = await ask_for(shop, user_id="u", filter=tree)
        assert answer["bundle_version"] is not None
        assert set(item_ids(answer)) == expected, tree


async def test_what_is_not_known_of_a_user_filters_nothing(shop: httpx.AsyncClient) -> None:
    tree = {"field": "attributes.size", "in": {"user": "sizes"}}
    assert set(item_ids(await ask_for(shop, filter=tree))) == {TRAIL, ROAD, MAP}
    assert set(item_ids(await ask_for(shop, filter=tree, attributes={"sizes": "M"}))) == {TRAIL}


async def test_a_reference_to_an_item_needs_one(
    shop: httpx.AsyncClient, refused: Callable[..., dict[str, Any]]
) -> None:
    for name, value in (
        ("filter", {"field": "price", "lte": {"item": "price"}}),
        ("boosts", [{"filter": {"field": "price", "lte": {"item": "price"}}}]),
    ):
        problem = refused(await shop.post("/recommend", json={name: value}), 422, "invalid_request", name)
        assert "this list is for none" in problem["detail"]


async def test_fields_with_a_name_like_an_unknown_one_are_named(shop: httpx.AsyncClient) -> None:
    answer = await ask_for(shop, filter={"field": "attributes.brnd", "eq": "Fell"})
    assert answer["items"] == []
    assert answer["reason"].startswith("no item has the field attributes.brnd (there is attributes.brand")
