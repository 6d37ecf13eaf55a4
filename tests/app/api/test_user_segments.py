"""`/users/{user_id}/segments`: the categories, tags and brands that fit a user."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import ask, ask_path, item_ids, post

Documented = Callable[[str, object], None]
Refused = Callable[..., dict[str, Any]]
on_one_database = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def values(answer: dict[str, Any]) -> list[str]:
    return [one["value"] for one in answer["items"]]


async def segments(client: httpx.AsyncClient, user: str, **query: Any) -> dict[str, Any]:
    return await ask_path(client, f"/users/{user}/segments", **query)


def groups(synthetic: DataSet) -> dict[str, str]:
    assert synthetic.items is not None
    return {row["item_id"]: row["categories"][0] for row in synthetic.items.to_pylist()}


@on_one_database
async def test_categories_of_the_user_come_first(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet, documented: Documented
) -> None:
    group = groups(synthetic)
    for item in [item for item, name in group.items() if name == "group-1"][:5]:
        await post(client, "u", item)
    answer = await segments(client, "u")
    documented("Segments", answer)
    assert (answer["user_id"], answer["field"], answer["strategy"]) == ("u", "categories", "personalized")
    assert (answer["bundle_version"], answer["reason"]) == (bundles.active_version(), None)
    assert answer["request_id"].startswith(f"{answer['bundle_version']}~personalized~")
    assert values(answer)[0] == "group-1"
    assert set(values(answer)) == set(group.values())
    assert [one["rank"] for one in answer["items"]] == list(range(1, len(answer["items"]) + 1))
    scores = [one["score"] for one in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    ranked = item_ids(await ask(client, "u", limit=100))
    for one in answer["items"]:
        assert one["item_ids"] == [item for item in ranked if group[item] == one["value"]][:3]
    assert values(await segments(client, "u", limit=2)) == values(answer)[:2]


@on_one_database
async def test_rows_of_a_page_and_segments_agree(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01")
    await client.put("/scenarios/plain", json={"kind": "user"})
    body = {"user_id": "u", "rows": [{"scenario": "plain", "each": "category", "rows": 3}]}
    page = (await client.post("/pages/recommend", json=body)).json()
    assert [row["value"] for row in page["rows"]] == values(await segments(client, "u", limit=3))


@on_one_database
async def test_attributes_and_tags(bundles: BundleStore, client: httpx.AsyncClient, refused: Refused) -> None:
    await post(client, "u", "i01")
    for item in ("i05", "i06"):
        attributes = {"brand": "Fell", "sold": True, "size": {"name": "wide", "eu": 42}}
        await client.put(f"/items/{item}", json={"tags": ["sale", "new"], "attributes": attributes})
    (brand,) = (await segments(client, "u", field="attributes.brand"))["items"]
    assert (brand["value"], set(brand["item_ids"])) == ("Fell", {"i05", "i06"})
    assert values(await segments(client, "u", field="tags")) == ["new", "sale"]
    assert values(await segments(client, "u", field="attributes.size.name")) == ["wide"]
    for field in ("attributes.sold", "attributes.size.eu", "attributes.size"):
        none = await segments(client, "u", field=field)
        assert (none["items"], none["strategy"]) == ([], "none")
        assert none["reason"] == f"no recommended item has text in the field {field}"
    problem = refused(await client.get("/users/u/segments?field=attributes.brnd"), 422, "invalid_request", "field")
    assert problem["errors"][0]["detail"] == "no item has the field attributes.brnd (there is attributes.brand)"


@on_one_database
async def test_seen_items_stand_for_nothing_unless_asked_for(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet
) -> None:
    group = groups(synthetic)
    own = [item for item, name in group.items() if name == "group-1"]
    for item in own:
        await post(client, "u", item, "purchase")
    left = await segments(client, "u", exclude_seen="true")
    assert "group-1" not in values(left)
    everything = await segments(client, "u", exclude_seen="false")
    assert set(next(one for one in everything["items"] if one["value"] == "group-1")["item_ids"]) <= set(own)
    assert values(await segments(client, "u", exclude_seen="cart"))[0] == values(everything)[0]


@on_one_database
async def test_without_a_history_they_are_those_of_popular_items(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet
) -> None:
    answer = await segments(client, "nobody")
    popular = item_ids(await ask(client, "nobody", limit=100))
    assert answer["strategy"] == "popular"
    assert answer["items"][0]["item_ids"][0] in popular[:20]
    assert set(values(answer)) == {groups(synthetic)[item] for item in popular}


async def test_before_the_first_bundle(client: httpx.AsyncClient, documented: Documented, refused: Refused) -> None:
    empty = await segments(client, "u", field="attributes.brand")
    documented("Segments", empty)
    assert (empty["items"], empty["reason"], empty["strategy"]) == ([], "there are no items yet", "none")
    for item, category in (("a", "x"), ("b", "y"), ("c", "y")):
        await client.put(f"/items/{item}", json={"categories": [category], "attributes": {"brand": category.upper()}})
    await post(client, "v", "a")
    await post(client, "w", "a")
    answer = await segments(client, "u")
    assert (values(answer), answer["strategy"], answer["bundle_version"]) == (["y", "x"], "popular", None)
    assert answer["items"][1]["item_ids"] == ["a"]
    assert answer["request_id"].startswith("none~popular~")
    assert values(await segments(client, "u", field="attributes.brand")) == ["Y", "X"]
    assert (await segments(client, "u", field="tags"))["reason"] == "no recommended item has text in the field tags"
    refused(await client.get("/users/u/segments?field=attributes.colour"), 422, "invalid_request", "field")
    whole, head = await client.get("/users/u/segments"), await client.head("/users/u/segments")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("field=price", "field"),
        ("field=category", "field"),
        ("field=attributes.", "field"),
        ("field=", "field"),
        ("field=attributes." + "x" * 300, "field"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("exclude_seen=true&exclude_seen=view", "exclude_seen"),
        ("colour=red", "colour"),
    ],
)
@on_one_database
async def test_what_is_no_request_is_refused(
    client: httpx.AsyncClient, refused: Refused, query: str, field: str
) -> None:
    await client.put("/items/a", json={})
    refused(await client.get(f"/users/u/segments?{query}"), 422, "invalid_request", field)


@on_one_database
async def test_unknown_event_types_and_goals_are_refused(
    bundles: BundleStore, client: httpx.AsyncClient, refused: Refused
) -> None:
    refused(await client.get("/users/u/segments?exclude_seen=stared"), 422, "invalid_request", "exclude_seen")
    refused(await client.get("/users/u/segments?goal=stared"), 422, "unknown_goal", "goal")
