"""Scenarios of the kind `search`: what a query finds, by the rules of a definition."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.asking import ask_in, ask_path, item_ids, post, put_scenario

Documented = Callable[[str, object], None]
Refused = Callable[..., dict[str, Any]]
SHOES: list[dict[str, Any]] = [
    {"item_id": "trail", "title": "Trail running shoe", "categories": ["shoes"], "price": 90},
    {"item_id": "road", "title": "Road shoe", "categories": ["shoes"], "price": 60},
    {"item_id": "lace", "title": "Laces", "description": "for every shoe", "price": 5},
    {"item_id": "lamp", "title": "Lamp", "price": 30},
]
on_one_database = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
async def shop(client: httpx.AsyncClient) -> httpx.AsyncClient:
    assert (await client.post("/items/batch", json=SHOES)).json()["stored"] == len(SHOES)
    return client


async def test_the_built_in_scenario_finds_what_search_finds(shop: httpx.AsyncClient, documented: Documented) -> None:
    direct = await ask_path(shop, "/search", q="sho")
    answer = await ask_path(shop, "/scenarios/search/recommend", q="sho")
    documented("ScenarioAnswer", answer)
    assert answer["items"] == direct["items"]
    assert len(answer["items"]) == 3
    assert (answer["scenario"], answer["query"], answer["strategy"]) == ("search", "sho", "search")
    assert answer["reason"] is None
    assert item_ids(await ask_in(shop, "search", q="sho")) == item_ids(direct)
    assert (await ask_in(shop, "popular"))["query"] is None


async def test_a_search_needs_words_and_other_kinds_refuse_them(shop: httpx.AsyncClient, refused: Refused) -> None:
    path = "/scenarios/search/recommend"
    problem = refused(await shop.get(path), 422, "invalid_request", "q")
    assert problem["errors"][0]["detail"] == "is missing: this scenario is a search"
    refused(await shop.post(path, json={}), 422, "invalid_request", "q")
    for query in ("x" * 257, "\u0436 " * 5000):
        refused(await shop.get(path, params={"q": query}), 422, "invalid_request", "q")
        refused(await shop.post(path, json={"q": query}), 422, "invalid_request", "q")
    for name in ("home", "popular"):
        problem = refused(await shop.get(f"/scenarios/{name}/recommend?q=shoe"), 422, "invalid_request", "q")
        assert "belongs to scenarios of the kind search" in problem["detail"]
    rows = [{"scenario": "home"}, {"scenario": "search"}]
    refused(await shop.post("/pages/recommend", json={"rows": rows}), 422, "invalid_request", "rows.1.q")
    assert (await ask_path(shop, path, q=""))["reason"] == "'' has no word to search for"


async def test_the_definition_filters_boosts_pins_and_includes(shop: httpx.AsyncClient) -> None:
    await put_scenario(
        shop,
        "box",
        kind="search",
        limit=2,
        filter={"field": "price", "gte": 10},
        boosts=[{"filter": {"field": "price", "gte": 80}, "weight": 10}],
        include=["title"],
    )
    found = await ask_in(shop, "box", q="shoe")
    assert item_ids(found) == ["trail", "road"]
    assert found["items"][0]["title"] == "Trail running shoe"
    cheap = {"field": "price", "lte": 70}
    assert item_ids(await ask_in(shop, "box", q="shoe", filter=cheap)) == ["road"]
    await put_scenario(shop, "box", kind="search", pins=[{"item_id": "lamp", "position": 1}])
    assert item_ids(await ask_in(shop, "box", q="road"))[:2] == ["lamp", "road"]
    tried = await shop.post("/scenarios/new/preview", json={"definition": {"kind": "search"}, "q": "lamp"})
    assert item_ids(tried.json()) == ["lamp"]


async def test_where_nothing_matches_the_fallback_says_so(shop: httpx.AsyncClient) -> None:
    await post(shop, "v", "lamp")
    empty = await ask_in(shop, "search", q="xyz")
    assert (empty["items"], empty["strategy"], empty["reason"]) == ([], "none", "no item matches 'xyz'")
    await put_scenario(shop, "box", kind="search", fallback=["popular"], limit=3)
    instead = await ask_in(shop, "box", q="xyz")
    assert (item_ids(instead)[0], len(instead["items"]), instead["strategy"]) == ("lamp", 3, "popular")
    assert instead["reason"] == "no item matches 'xyz': these items are of the kind popular"
    filled = await ask_in(shop, "box", q="laces")
    assert (item_ids(filled)[:2], filled["strategy"], filled["reason"]) == (["lace", "lamp"], "search", None)


async def test_pages_go_on_and_a_cursor_belongs_to_its_words(shop: httpx.AsyncClient, refused: Refused) -> None:
    whole = item_ids(await ask_in(shop, "search", q="shoe"))
    first = await ask_in(shop, "search", q="shoe", limit=2)
    second = await ask_in(shop, "search", q="shoe", limit=2, cursor=first["next_cursor"])
    assert item_ids(first) + item_ids(second) == whole
    assert (second["strategy"], second["next_cursor"], second["reason"]) == ("search", None, None)
    other = await shop.post("/scenarios/search/recommend", json={"q": "road", "cursor": first["next_cursor"]})
    refused(other, 422, "invalid_cursor", "cursor")


@on_one_database
async def test_what_was_bought_is_found_unless_the_definition_says_otherwise(
    bundles: BundleStore, shop: httpx.AsyncClient
) -> None:
    await post(shop, "u", "road", "purchase")
    await post(shop, "u", "lace", "dislike")
    assert set(item_ids(await ask_in(shop, "search", q="shoe", user_id="u"))) == {"trail", "road"}
    first = await ask_in(shop, "search", q="shoe", user_id="u", limit=1)
    second = await ask_in(shop, "search", q="shoe", user_id="u", limit=1, cursor=first["next_cursor"])
    assert {*item_ids(first), *item_ids(second)} == {"trail", "road"}
    await put_scenario(shop, "box", kind="search", fallback=["popular"], limit=20, exclude_seen=True)
    assert "road" not in item_ids(await ask_in(shop, "box", q="shoe", user_id="u"))
    # The items that fill the list leave out what other lists do.
    await put_scenario(shop, "box", kind="search", fallback=["popular"], limit=100)
    found = item_ids(await ask_in(shop, "box", q="lamp", user_id="u"))
    assert found[0] == "lamp"
    assert len(found) > 10
    assert "lace" not in found


async def test_clicks_on_found_items_are_counted_by_scenario(shop: httpx.AsyncClient) -> None:
    answer = await ask_in(shop, "search", q="shoe", user_id="u")
    assert answer["request_id"].split("~")[1:3] == ["search", "search"]
    for kind in ("shown", "click"):
        event = {"user_id": "u", "item_id": answer["items"][0]["item_id"], "event_type": kind, "position": 1}
        sent = await shop.post("/interactions", json=event | {"request_id": answer["request_id"]})
        assert sent.status_code == 201
    measures = await ask_path(shop, "/metrics/online")
    (counted,) = measures["by_scenario"]
    assert (counted["scenario"], counted["impressions"], counted["clicks"]) == ("search", 1, 1)
