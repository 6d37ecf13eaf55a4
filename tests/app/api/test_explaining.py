"""Reasons over HTTP: shares add up, and own items are the user's."""

from collections.abc import Callable

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
    assert answer["items"][0]["reasons"] == [{"strand": "popularity", "share": 1.0, "because": []}]


async def test_popular_items_of_a_bundle_are_explained(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    answer = await ask(client, "nobody", explain="true")
    assert {reason["strand"] for item in answer["items"] for reason in item["reasons"]} == {"popularity"}
