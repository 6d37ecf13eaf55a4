"""What the lists of scenarios hold: filters, pins and variants over all kinds of a list."""

from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.asking import ask, ask_in, ask_path, item_ids, post, put_scenario

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def test_what_is_read_can_be_put_again(client: httpx.AsyncClient) -> None:
    price = {"field": "price", "lte": {"item": "price", "times": 2}}
    own = {"field": "attributes.size", "in": {"user": "sizes"}}
    stored = await put_scenario(
        client, "x", kind="item", filter={"and": [price, {"not": own}]}, boosts=[{"filter": own, "weight": 2}]
    )
    again = (await client.put("/scenarios/x", json=await ask_path(client, "/scenarios/x"))).json()
    assert again["version"] == stored["version"] + 1
    assert again["filter"] == stored["filter"] == {"and": [price, {"not": own}]}


async def test_filters_hold_for_every_kind_of_a_list(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    for item, category in (("i05", "x"), ("i06", "x"), ("i07", "x"), ("i08", "y")):
        await client.put(f"/items/{item}", json={"categories": [category]})
    same = {"field": "categories", "in": {"item": "categories"}}
    await put_scenario(client, "page", kind="item", fallback=["user", "popular", "again"], filter=same)
    # The item itself is in no list, from a fallback neither.
    assert set(item_ids(await ask_in(client, "page", item_id="i05"))) == {"i06", "i07"}
    await put_scenario(client, "basket", kind="cart", fallback=["popular"], filter=same, limit=4)
    assert len(item_ids(await ask_in(client, "basket"))) == 4
    assert set(item_ids(await ask_in(client, "basket", session_items=["i05"]))) <= {"i05", "i06", "i07"}


async def test_pins_stand_once_where_they_should(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01", "purchase")
    pins = [{"item_id": "i09", "position": 2}]
    await put_scenario(client, "x", kind="again", fallback=["popular"], limit=5, exclude_seen=False, pins=pins)
    found = item_ids(await ask_in(client, "x", user_id="u"))
    assert (found[0], found[1], len(set(found))) == ("i01", "i09", 5)
    rows = [{"scenario": "x"}, {"scenario": "x"}]
    page = (await client.post("/pages/recommend", json={"user_id": "u", "rows": rows})).json()
    everything = [item for row in page["rows"] for item in item_ids(row)]
    assert len(everything) == len(set(everything))


async def test_items_that_are_nowhere_get_into_no_list(client: httpx.AsyncClient) -> None:
    await client.put("/items/real", json={"title": "Real"})
    await client.put("/items/gone", json={"title": "Gone"})
    await post(client, "v", "gone")
    await client.delete("/items/gone")
    for made_up in ("junk", "gone"):
        await ask_in(client, "cart", session_items=[made_up], user_id="u")
    assert item_ids(await ask(client, "nobody")) == ["real"]


async def test_a_session_keeps_the_variant_of_its_list(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    halves = [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "changes": {"kind": "trending"}}]
    await put_scenario(client, "test", kind="popular", variants=halves)
    seen = set()
    for _ in range(12):
        first = await ask_in(client, "test", limit=4)
        second = await ask_in(client, "test", limit=4, cursor=first["next_cursor"])
        assert second["variant"] == first["variant"]
        assert not set(item_ids(first)) & set(item_ids(second))
        seen.add(first["variant"])
    assert seen == {"a", "b"}


async def test_rows_are_made_whatever_a_request_may_override(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await put_scenario(client, "home", kind="user", overrides=[], exclude=["i01"])
    page = (await client.post("/pages/recommend", json={"rows": [{"each": "category", "rows": 2}]})).json()
    assert len(page["rows"]) == 2
    assert "i01" not in [item for row in page["rows"] for item in item_ids(row)]


async def test_pages_go_on_with_pins_references_and_fallbacks(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await client.put("/users/u", json={"attributes": {"no": "i03"}})
    for number in range(1, 5):
        await post(client, "u", f"i{number:02d}", "purchase")
    other = {"field": "item_id", "ne": {"user": "no"}}
    pins = [{"item_id": "i09", "position": 1}]
    await put_scenario(
        client, "x", kind="again", fallback=["popular"], filter=other, pins=pins, exclude_seen=False, min_score=-1e9
    )
    whole = item_ids(await ask_in(client, "x", user_id="u", limit=12))
    first = await ask_in(client, "x", user_id="u", limit=5)
    second = await ask_in(client, "x", user_id="u", limit=5, cursor=first["next_cursor"])
    assert item_ids(first)[0] == "i09"
    assert "i03" not in whole
    assert len({*item_ids(first), *item_ids(second)}) == 10
    assert item_ids(first) == whole[:5]


async def test_an_empty_list_of_seen_events_is_an_override_too(client: httpx.AsyncClient, refused: Any) -> None:
    await put_scenario(client, "x", kind="popular", overrides=[])
    answer = await client.post("/scenarios/x/recommend", json={"exclude_seen": []})
    refused(answer, 422, "invalid_request", "exclude_seen")
