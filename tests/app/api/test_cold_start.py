"""New users and new items: nothing has to be trained for them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from app.config import Settings
from app.main import create_app
from models.bundle.manifest import MANIFEST_FILE
from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import ask, ask_for, item_ids, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def of_group(synthetic: DataSet, group: str) -> list[dict[str, Any]]:
    assert synthetic.items is not None
    return [row for row in synthetic.items.to_pylist() if row["categories"] == [group]]


async def test_a_new_user_gets_what_is_popular_in_the_context(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet
) -> None:
    answer = await ask(client, "new", category="group-1", limit=8)
    assert answer["strategy"] == "popular"
    own = {row["item_id"] for row in of_group(synthetic, "group-1")}
    assert set(item_ids(answer)) <= own
    everything = item_ids(await ask(client, "new", limit=100))
    assert item_ids(answer) == [item for item in everything if item in own][:8]


@pytest.fixture
def weekly(bundles: BundleStore) -> BundleStore:
    """A bundle whose window of popularity for users without a history is 7 days."""
    manifest = bundles.root / str(bundles.active_version()) / MANIFEST_FILE
    document = orjson.loads(manifest.read_bytes())
    document["settings"]["popularity"]["newcomer_window"] = 1
    manifest.write_bytes(orjson.dumps(document))
    return bundles


async def test_the_window_that_the_bundle_has_for_new_users_orders_their_lists(
    weekly: BundleStore, client: httpx.AsyncClient, synthetic: DataSet
) -> None:
    recent, always = [
        (await client.get("/popular", params={"window": window, "limit": "30"})).json()["items"]
        for window in ("7d", "all")
    ]
    answer = await ask(client, "new", limit=30)
    assert answer["strategy"] == "popular"
    assert [(one["item_id"], one["score"]) for one in answer["items"]] == [
        (one["item_id"], one["score"]) for one in recent
    ]
    assert item_ids(answer) != [one["item_id"] for one in always]
    own = {row["item_id"] for row in of_group(synthetic, "group-1")}
    narrowed = await ask(client, "new", category="group-1", limit=5)
    everything = item_ids(await ask(client, "new", limit=100))
    assert item_ids(narrowed) == [item for item in everything if item in own][:5]
    given = ["i20", "i03", "i41", "i07"]
    ranked = await ask_for(client, user_id="new", candidates=given)
    assert item_ids(ranked) == [item for item in everything if item in given]


async def test_an_item_created_a_second_ago_is_recommended_to_whom_it_suits(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet
) -> None:
    rows = of_group(synthetic, "group-1")
    for row in rows[:3]:
        await post(client, "likes-1", row["item_id"])
    for row in of_group(synthetic, "group-2")[:3]:
        await post(client, "likes-2", row["item_id"])
    model = rows[5]
    fields = {name: model[name] for name in ("title", "categories", "tags") if model.get(name)}
    assert (await client.put("/items/brand-new", json=fields)).status_code == 201
    suits = item_ids(await ask(client, "likes-1", limit=60))
    suits_not = item_ids(await ask(client, "likes-2", limit=60))
    assert "brand-new" in suits
    assert suits.index("brand-new") < (suits_not.index("brand-new") if "brand-new" in suits_not else 60)
    # And whoever likes it is recommended what resembles it.
    await post(client, "likes-it", "brand-new")
    answer = await ask(client, "likes-it", limit=5)
    assert answer["strategy"] == "personalized"
    assert sum(item in {row["item_id"] for row in rows} for item in item_ids(answer)) >= 3


async def test_a_new_item_can_be_filtered_and_ranked_at_once(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await client.put("/items/brand-new", json={"tags": ["unheard-of"], "price": 7.0})
    for user in ("nobody", "u001"):
        answer = await ask_for(client, user_id=user, filter={"field": "tags", "eq": "unheard-of"})
        assert item_ids(answer) == ["brand-new"]


@pytest.fixture
async def exposing(settings: Settings, bundles: BundleStore) -> AsyncIterator[httpx.AsyncClient]:
    """A service that keeps a fifth of each list for new items."""
    application = create_app(settings.model_copy(update={"new_item_share": 0.2}))
    transport = httpx.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


async def test_new_items_have_their_share_where_it_is_asked_for(exposing: httpx.AsyncClient, tmp_path: Path) -> None:
    await post(exposing, "u", "i01")
    for number in range(5):
        await exposing.put(f"/items/new-{number}", json={"tags": ["unheard-of"], "price": 1.0})
    found = item_ids(await ask(exposing, "u"))
    new = [item for item in found if item.startswith("new-")]
    assert len(new) == 2
    whole = item_ids(await ask(exposing, "u", limit=100))
    others = [item for item in whole if not item.startswith("new-")]
    assert [item for item in found if item not in new] == others[:8]


async def test_new_items_have_their_share_of_what_is_popular_by_now(
    followed: BundleStore, exposing: httpx.AsyncClient
) -> None:
    for number in range(5):
        await exposing.put(f"/items/new-{number}", json={"tags": ["unheard-of"]})
    favourite = item_ids(await ask(exposing, "stranger", limit=60))[-1]
    for number in range(300):
        await post(exposing, f"n{number}", favourite)
    for _ in range(100):
        found = item_ids(await ask(exposing, "stranger"))
        if found[0] == favourite:
            break
        await asyncio.sleep(0.02)
    assert found[0] == favourite
    assert len([item for item in found if item.startswith("new-")]) == 2


async def test_a_new_shop_fills_its_lists_from_the_first_minute(client: httpx.AsyncClient) -> None:
    for number in range(11):
        await client.put(f"/items/item-{number:02}", json={"title": f"Item {number}"})
    newest_first = [f"item-{number:02}" for number in reversed(range(11))]
    assert item_ids(await ask(client, "nobody", limit=20)) == newest_first
    await post(client, "u", "item-03")
    after = await ask(client, "nobody", limit=20)
    assert item_ids(after) == ["item-03", *(item for item in newest_first if item != "item-03")]
    assert after["reason"] is None
    seen = await ask(client, "u", limit=20, exclude_seen="true")
    assert item_ids(seen) == [item for item in newest_first if item != "item-03"]


async def test_a_new_item_that_nobody_has_is_not_called_popular(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    for number in range(3):
        await client.put(f"/items/new-{number}", json={"title": f"New {number}", "categories": ["fresh"]})
    answer = await ask(client, "nobody", category="fresh", explain="true")
    assert sorted(item_ids(answer)) == ["new-0", "new-1", "new-2"]
    assert {item["explanation"] for item in answer["items"]} == {"New"}


async def test_items_that_are_newer_than_the_bundle_fill_its_lists(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet
) -> None:
    # A shop that has replaced its catalogue, with descriptions that resemble nothing of before.
    for number in range(60):
        await client.put(f"/items/i{number:02}", json={"hidden": True})
    new = [f"new-{number}" for number in range(6)]
    for number, item_id in enumerate(new):
        tags = ["unheard-of", "odd" if number % 2 else "even"]
        await client.put(f"/items/{item_id}", json={"tags": tags, "title": f"Qwrtz {number}"})
    for user in ("nobody", "u001"):
        answer = await ask(client, user, explain="true")
        assert item_ids(answer) == new[::-1]
        assert answer["reason"] is None
        assert {item["explanation"] for item in answer["items"]} == {"New"}
        odd = await ask_for(client, user_id=user, filter={"field": "tags", "eq": "odd"})
        assert sorted(item_ids(odd)) == ["new-1", "new-3", "new-5"]
        first = await ask(client, user, limit=4, explain="true")
        second = await ask(client, user, explain="true", cursor=first["next_cursor"])
        assert item_ids(first) + item_ids(second) == new[::-1]
        assert {item["explanation"] for item in second["items"]} == {"New"}
    await post(client, "u-42", "new-3", event_type="view")
    seen = await ask(client, "u-42", exclude_seen="true")
    assert sorted(item_ids(seen)) == [item_id for item_id in new if item_id != "new-3"]
    assert item_ids(await ask(client, "u-42", category="nowhere")) == []
