"""Reasons over HTTP: shares add up, and own items are the user's."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.asking import ask, ask_for, item_ids, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
HISTORY = ["i03", "i01", "i02"]


async def test_shares_add_up_and_name_the_users_own_items(
    bundles: BundleStore, client: httpx.AsyncClient, documented: Callable[[str, object], None]
) -> None:
    for item in HISTORY:
        await post(client, "u", item)
    answer = await ask(client, "u", explain="true", limit=20)
    documented("Recommendation", answer)
    assert item_ids(answer) == item_ids(await ask(client, "u", limit=20))
    named = set()
    for item in answer["items"]:
        assert sum(reason["share"] for reason in item["reasons"]) == pytest.approx(1, abs=1e-6)
        named |= {own["item_id"] for reason in item["reasons"] for own in reason["because"]}
    assert named == set(HISTORY)
    assert "reasons" not in (await ask(client, "u"))["items"][0]


async def test_boosts_pins_preferences_and_pages_are_explained_too(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    await post(client, "u", "i01")
    body = {
        "user_id": "u",
        "limit": 8,
        "explain": True,
        "boosts": [{"filter": {"field": "categories", "eq": "group-2"}, "weight": 0.3}],
        "preferences": [{"field": "categories", "value": "group-1"}],
        "pins": [{"item_id": "i59", "position": 2}],
    }
    first = await ask_for(client, **body)
    second = await ask_for(client, **body, cursor=first["next_cursor"])
    strands = set()
    for item in (*first["items"], *second["items"]):
        assert sum(reason["share"] for reason in item["reasons"]) == pytest.approx(1, abs=1e-6)
        strands |= {reason["strand"] for reason in item["reasons"]}
    assert {"boosts", "preferences"} < strands


async def test_popular_items_are_explained_with_and_without_a_bundle(client: httpx.AsyncClient) -> None:
    await post(client, "u", "x")
    answer = await ask(client, "nobody", explain="true")
    popular = {"strand": "popularity", "share": 1.0, "because": [], "words": "Popular"}
    assert answer["items"][0]["reasons"] == [popular]
    assert answer["items"][0]["explanation"] == "Popular"


async def test_popular_items_of_a_bundle_are_explained(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    answer = await ask(client, "nobody", explain="true")
    assert {reason["strand"] for item in answer["items"] for reason in item["reasons"]} == {"popularity"}


def said(answer: dict[str, Any]) -> set[str]:
    """Return the words of all reasons."""
    return {reason["words"] for item in answer["items"] for reason in item["reasons"] if "words" in reason}


async def test_own_items_are_named_by_what_was_done_with_them_and_by_title(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    await client.put("/items/i03", json={"title": "Alien", "categories": ["group-0"]})
    await post(client, "u", "i03", event_type="view")
    answer = await ask(client, "u", explain="true")
    assert {"Because you viewed Alien", "Often comes after Alien"} <= said(answer)
    for item in answer["items"]:
        assert item["explanation"] == next(reason["words"] for reason in item["reasons"] if "words" in reason)
    german = await ask(client, "u", explain="true", language="de-AT")
    assert {"Weil du „Alien“ angesehen hast", "Folgt oft auf „Alien“"} <= said(german)
    # What was done last does not count more than what says more; without a title there is the id.
    await client.put("/items/i03", json={})
    await post(client, "u", "i03", event_type="purchase")
    await post(client, "u", "i03", event_type="click")
    assert "Because you bought i03" in said(await ask(client, "u", explain="true"))


async def test_selected_items_say_how_they_were_selected(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await client.put("/items/i03", json={"title": "Alien", "categories": ["group-0"]})
    similar = (await client.get("/items/i03/similar", params={"explain": True, "limit": 3})).json()
    assert {item["explanation"] for item in similar["items"]} == {"Similar to Alien"}
    own = {"strand": "similar", "share": 1.0, "because": [{"item_id": "i03", "share": 1.0}]}
    assert similar["items"][0]["reasons"] == [own | {"words": "Similar to Alien"}]
    params = {"explain": True, "limit": 3, "cursor": similar["next_cursor"]}
    later = (await client.get("/items/i03/similar", params=params)).json()
    assert {item["explanation"] for item in later["items"]} == {"Similar to Alien"}
    popular = (await client.get("/popular", params={"explain": True})).json()
    assert {item["explanation"] for item in popular["items"]} == {"Popular"}
    found = (await client.get("/search", params={"q": "alien", "explain": True, "language": "de"})).json()
    assert [item["explanation"] for item in found["items"]] == ["Passt zu deiner Suche"]


async def test_of_several_items_the_nearest_is_named(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    alone = {
        item["item_id"]: cart
        for cart in ("i03", "i23")
        for item in (await client.get(f"/items/{cart}/similar", params={"limit": 100})).json()["items"]
    }
    body = {"item_ids": ["i03", "i23"], "explain": True, "limit": 100}
    answer = (await client.post("/items/similar", json=body)).json()
    shared = {item["explanation"] for item in answer["items"]}
    assert shared == {"Similar to Item 3 of group 0", "Similar to Item 23 of group 1"}
    for item in answer["items"]:
        assert item["reasons"][0]["because"][0]["item_id"] in {alone[item["item_id"]], "i03", "i23"}


async def test_a_fallback_is_not_explained_as_the_kind_before_it(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    similar = (await client.get("/items/i03/similar")).json()["items"]
    definition = {"kind": "item", "fallback": ["popular"], "min_score": similar[4]["score"], "explain": True}
    body = {"definition": definition, "item_id": "i03"}
    answer = (await client.post("/scenarios/home/preview", json=body)).json()
    strands = [item["reasons"][0]["strand"] for item in answer["items"]]
    assert strands == ["similar"] * 5 + ["popular"] * 5


async def test_before_the_first_bundle_new_items_are_not_called_popular(client: httpx.AsyncClient) -> None:
    for item_id in ("a", "b"):
        await client.put(f"/items/{item_id}", json={"title": item_id.upper()})
    await post(client, "u", "a")
    answer = await ask(client, "nobody", explain="true")
    assert [(item["item_id"], item["explanation"]) for item in answer["items"]] == [("a", "Popular"), ("b", "New")]


@pytest.mark.parametrize("tag", ["", "de_AT", "deutschland", "de-" + "a" * 40])
async def test_a_language_is_a_tag(client: httpx.AsyncClient, refused: Callable[..., None], tag: str) -> None:
    refused(await client.get("/popular", params={"language": tag}), 422, "invalid_request", "language")
