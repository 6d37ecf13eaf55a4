"""Similar, popular and trending items take what recommendations take: a user, filters, boosts, pages, fields."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import ask_path, item_ids, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
LISTS = ("/items/i05/similar", "/popular", "/trending")
Documented = Callable[[str, object], None]
Refused = Callable[..., dict[str, Any]]


async def ask_by_post(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("path", LISTS)
async def test_what_the_user_has_seen_stays_out_and_the_order_is_the_users(
    bundles: BundleStore, client: httpx.AsyncClient, documented: Documented, synthetic: DataSet, path: str
) -> None:
    assert synthetic.items is not None
    group = {row["item_id"]: row["categories"] for row in synthetic.items.to_pylist()}
    anybody = await ask_path(client, path, limit=100)
    other = next(item for item in item_ids(anybody)[20:] if group[item] != group[item_ids(anybody)[0]])
    liked = [item for item, own in group.items() if own == group[other] and item != "i05"][:6]
    for item in liked:
        await post(client, "u", item)
    mine = await ask_path(client, path, limit=100, user_id="u")
    documented("SimilarItems" if "similar" in path else "Chart", mine)
    assert not set(liked) & set(item_ids(mine))
    assert set(item_ids(mine)) <= set(item_ids(anybody)) - set(liked)
    of_group = [place for place, item in enumerate(item_ids(mine)) if group[item] == group[other]]
    before = [item for item in item_ids(anybody) if item in set(item_ids(mine))]
    assert sum(of_group) < sum(before.index(item_ids(mine)[place]) for place in of_group)
    with_seen = await ask_path(client, path, limit=100, user_id="u", exclude_seen="false")
    assert set(liked) & set(item_ids(with_seen))
    assert mine["user_id"] == "u"


@pytest.mark.parametrize("path", LISTS)
async def test_pages_are_one_list(bundles: BundleStore, client: httpx.AsyncClient, path: str) -> None:
    await post(client, "u", "i01")
    for query in ({}, {"user_id": "u"}):
        whole = await ask_path(client, path, limit=100, **query)
        found, cursor = list[str](), dict[str, str]()
        while True:
            page = await ask_path(client, path, limit=7, **query, **cursor)
            assert page["strategy"] == whole["strategy"]
            assert [item["rank"] for item in page["items"]] == list(
                range(len(found) + 1, len(found) + 1 + len(page["items"]))
            )
            found += item_ids(page)
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert found[:20] == item_ids(whole)[:20]
        assert len(found) == len(set(found)) >= len(whole["items"]) - 7


async def test_a_cursor_belongs_to_its_list(bundles: BundleStore, client: httpx.AsyncClient, refused: Refused) -> None:
    cursor = (await ask_path(client, "/popular", limit=5))["next_cursor"]
    for path in ("/trending", "/popular?window=7d", "/popular?user_id=u", "/items/i05/similar", "/recommend/u"):
        joint = "&" if "?" in path else "?"
        refused(await client.get(f"{path}{joint}cursor={cursor}"), 422, "invalid_cursor", "cursor")


@pytest.mark.parametrize("path", LISTS)
async def test_filters_boosts_pins_and_fields(bundles: BundleStore, client: httpx.AsyncClient, path: str) -> None:
    everything = item_ids(await ask_path(client, path))
    last, pinned = everything[-1], everything[-2]
    await client.put(f"/items/{last}", json={"title": "The last", "price": 10, "tags": ["sale"]})
    sale = {"field": "tags", "eq": "sale"}
    assert item_ids(await ask_by_post(client, path, filter=sale)) == [last]
    boosted = await ask_by_post(client, path, boosts=[{"filter": sale, "weight": 100}], include=["title"])
    assert boosted["items"][0] | {"score": 0} == {"item_id": last, "score": 0, "rank": 1, "title": "The last"}
    with_pin = await ask_by_post(client, path, pins=[{"item_id": pinned, "position": 2}], exclude=everything[:1])
    assert item_ids(with_pin)[:2] == [everything[1], pinned]


@pytest.mark.parametrize("path", LISTS)
async def test_every_list_can_be_attributed(bundles: BundleStore, client: httpx.AsyncClient, path: str) -> None:
    answers = [await ask_path(client, path) for _ in range(2)]
    assert answers[0]["request_id"] != answers[1]["request_id"]
    for answer in answers:
        version, strategy, *_ = answer["request_id"].split("~")
        assert (version, strategy) == (answer["bundle_version"], answer["strategy"])


async def test_a_filter_refers_to_the_item(bundles: BundleStore, client: httpx.AsyncClient, refused: Refused) -> None:
    for item, price in (("i05", 100), ("i06", 60), ("i07", 190), ("i08", 30), ("i09", 210)):
        await client.put(f"/items/{item}", json={"price": price, "categories": ["x" if price > 50 else "y"]})
    near = {"field": "price", "gte": {"item": "price", "times": 0.5}, "lte": {"item": "price", "times": 2}}
    assert set(item_ids(await ask_by_post(client, "/items/i05/similar", filter=near))) == {"i06", "i07"}
    same = {"field": "categories", "in": {"item": "categories"}}
    assert set(item_ids(await ask_by_post(client, "/items/i05/similar", filter=same))) == {"i06", "i07", "i09"}
    answer = await client.post("/items/i10/similar", json={"filter": near})
    problem = refused(answer, 422, "invalid_request", "filter")
    assert "the item has no field 'price'" in problem["detail"]


async def test_several_items_at_once(
    bundles: BundleStore, client: httpx.AsyncClient, documented: Documented, synthetic: DataSet, refused: Refused
) -> None:
    assert synthetic.items is not None
    group = {row["item_id"]: row["categories"] for row in synthetic.items.to_pylist()}
    one = "i05"
    other = next(item for item, own in group.items() if own != group[one])
    cart = [one, other]
    answer = await ask_by_post(client, "/items/similar", item_ids=cart, method="item_knn")
    documented("SimilarItems", answer)
    assert (answer["item_ids"], answer["strategy"]) == (cart, "similar")
    assert not {*cart} & {*item_ids(answer)}
    alone = [
        {
            item["item_id"]: item["score"]
            for item in (await ask_path(client, f"/items/{item}/similar", method="item_knn", limit=100))["items"]
        }
        for item in cart
    ]
    for item in answer["items"]:
        assert item["score"] == pytest.approx(sum(scores.get(item["item_id"], 0) for scores in alone), rel=1e-5)
    assert {group[item][0] for item in item_ids(answer)} >= {group[one][0], group[other][0]}
    refused(await client.post("/items/similar", json={"item_ids": []}), 422, "invalid_request", "item_ids")
    refused(await client.post("/items/similar", json={"item_ids": ["i05", "nowhere"]}), 404, "not_found")


async def test_before_the_first_bundle(client: httpx.AsyncClient) -> None:
    shoe = {"title": "Trail running shoe", "categories": ["shoes"]}
    for number in range(6):
        await client.put(f"/items/shoe-{number}", json=shoe | {"price": 50 + number})
    await client.put("/items/map", json={"title": "Map", "categories": ["maps"]})
    await post(client, "u", "shoe-2")
    found = await ask_path(client, "/items/shoe-1/similar", user_id="u", exclude_seen="true", include="title")
    assert set(item_ids(found)) == {"shoe-0", "shoe-3", "shoe-4", "shoe-5"}
    assert {item["title"] for item in found["items"]} == {"Trail running shoe"}
    dear = {"field": "price", "gt": {"item": "price"}}
    assert set(item_ids(await ask_by_post(client, "/items/shoe-3/similar", filter=dear))) == {"shoe-4", "shoe-5"}
    popular = await ask_path(client, "/popular", user_id="u", limit=3)
    assert len(item_ids(popular)) == 3
    assert "shoe-2" not in item_ids(popular)
