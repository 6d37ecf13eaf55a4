"""What a product page asks for: filters, boosts, pins, sessions, given candidates, and what cannot be asked."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import ask, ask_for, item_ids, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
GROUP_1: dict[str, Any] = {"field": "categories", "eq": "group-1"}
GROUP_2: dict[str, Any] = {"field": "categories", "eq": "group-2"}


@pytest.fixture
async def shop(bundles: BundleStore, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The trained bundle, and a user with a taste."""
    for item in ("i01", "i02", "i03"):
        await post(client, "u", item)
    return client


def group_of(synthetic: DataSet) -> dict[str, str]:
    assert synthetic.items is not None
    return {row["item_id"]: row["categories"][0] for row in synthetic.items.to_pylist()}


async def test_a_filter_fills_the_list_with_what_meets_it(shop: httpx.AsyncClient, synthetic: DataSet) -> None:
    groups = group_of(synthetic)
    own = {item for item, group in groups.items() if group == "group-1"} - {"i01", "i02", "i03"}
    for node, fits in (
        (GROUP_1, own),
        ({"not": GROUP_1}, set(groups) - own - {"i01", "i02", "i03"}),
        ({"or": [GROUP_1, GROUP_2]}, {i for i, g in groups.items() if g != "group-0"} - {"i01", "i02", "i03"}),
        ({"and": [GROUP_1, {"field": "item_id", "in": ["i10", "i11", *sorted(own)[:2]]}]}, None),
    ):
        found = item_ids(await ask_for(shop, user_id="u", filter=node, limit=100))
        if fits is None:
            assert 2 <= len(found) <= 4
            assert set(found) <= own
        else:
            assert set(found) == fits
    assert set(item_ids(await ask(shop, "u", category="group-1", limit=5))) < own


async def test_prices_and_attributes_can_be_asked_for_as_soon_as_items_have_them(shop: httpx.AsyncClient) -> None:
    for number, price in enumerate((10, 20, 30, 40)):
        fields = {"price": price, "attributes": {"size": {"eu": 40 + number}, "on": number % 2 == 0}}
        await shop.put(f"/items/i{10 + number}", json=fields)
    for node, items in (
        ({"field": "price", "gte": 20, "lte": 30}, {"i11", "i12"}),
        ({"field": "attributes.size.eu", "gte": 42}, {"i12", "i13"}),
        ({"field": "attributes.on", "eq": True}, {"i10", "i12"}),
        ({"and": [{"field": "attributes.on", "eq": False}, {"not": {"field": "price", "eq": 20}}]}, {"i13"}),
    ):
        assert set(item_ids(await ask_for(shop, user_id="u", filter=node))) == items


async def test_boosts_raise_and_buries_lower(shop: httpx.AsyncClient, synthetic: DataSet) -> None:
    groups = group_of(synthetic)

    def share(answer: dict[str, Any]) -> float:
        return sum(groups[item] == "group-2" for item in item_ids(answer)) / len(answer["items"])

    plain = await ask_for(shop, user_id="u")
    raised = await ask_for(shop, user_id="u", boosts=[{"filter": GROUP_2, "weight": 50}])
    lowered = await ask_for(shop, user_id="u", buries=[{"filter": GROUP_2, "weight": 50}], limit=20)
    assert share(raised) == 1.0 > share(plain)
    assert share(lowered) == 0.0
    again = await ask_for(shop, boosts=[{"filter": GROUP_2}])
    assert (again["strategy"], share(again)) == ("popular", 1.0)


async def test_pins_have_their_positions(shop: httpx.AsyncClient) -> None:
    plain = item_ids(await ask_for(shop, user_id="u", limit=5))
    pins = [{"item_id": "i02", "position": 1}, {"item_id": "i59", "position": 4}, {"item_id": "unknown", "position": 2}]
    found = item_ids(await ask_for(shop, user_id="u", limit=5, pins=pins))
    assert (found[0], found[3]) == ("i02", "i59")
    assert [item for item in found if item not in {"i02", "i59"}] == [item for item in plain if item != "i59"][:3]
    await shop.put("/items/i59", json={"hidden": True})
    assert "i59" not in item_ids(await ask_for(shop, user_id="u", limit=5, pins=pins))


async def test_seen_items_come_back_as_asked(shop: httpx.AsyncClient) -> None:
    await post(shop, "u", "i20", "purchase")
    await post(shop, "u", "i21", "shown")
    await post(shop, "u", "i22", "dislike")

    async def seen(**asked: Any) -> set[str]:
        return {"i01", "i20", "i21", "i22"} & set(item_ids(await ask_for(shop, user_id="u", limit=100, **asked)))

    assert await seen() == {"i21"}
    assert await seen(exclude_seen=False) == {"i01", "i20", "i21"}
    assert await seen(exclude_seen=["purchase"]) == {"i01", "i21"}
    assert await seen(exclude_seen=["view", "shown"]) == {"i20"}
    assert await seen(exclude_seen=True, exclude=["i21"]) == set()
    for path, who in (("/recommend", {"user_id": "u"}), ("/recommend/batch", {"user_ids": ["u"]})):
        answer = await shop.post(path, json={**who, "exclude_seen": ["view", "bought"]})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_event_type")
        assert "'bought' is not one of cart, click, dislike, like, purchase" in answer.json()["errors"][0]["detail"]


async def test_given_candidates_are_ranked_and_no_others(shop: httpx.AsyncClient) -> None:
    given = [f"i{number:02d}" for number in range(25)]
    answer = await ask_for(shop, user_id="u", candidates=[*given, "never-heard-of"])
    assert sorted(item_ids(answer)) == given
    order = [item for item in item_ids(await ask_for(shop, user_id="u", limit=100)) if item in given]
    unseen = await ask_for(shop, user_id="u", candidates=given, exclude_seen=True)
    assert item_ids(unseen) == order
    assert item_ids(await ask_for(shop, user_id="u", candidates=["i01"], exclude_seen=True)) == []
    unknown = await ask_for(shop, user_id="u", candidates=["never", "heard"])
    assert (unknown["items"], unknown["strategy"]) == ([], "none")
    assert unknown["reason"] == "none of the candidates is known"


async def test_a_session_needs_no_user_and_goes_behind_the_history_of_one(shop: httpx.AsyncClient) -> None:
    anonymous = await ask_for(shop, session_items=["i01", "i02", "i03"], limit=20)
    assert (anonymous["user_id"], anonymous["strategy"]) == (None, "session")
    known = await ask_for(shop, user_id="u", session_items=["i40", "i41"], limit=20)
    assert known["strategy"] == "personalized"
    assert not {"i01", "i40", "i41"} & set(item_ids(known))
    assert item_ids(known) != item_ids(await ask_for(shop, user_id="u", limit=20))
    # Nothing of it is stored.
    assert "i40" in item_ids(await ask_for(shop, user_id="u", limit=100))


async def test_preferences_rank_by_themselves_and_beside_a_history(shop: httpx.AsyncClient, synthetic: DataSet) -> None:
    groups = group_of(synthetic)
    wishes = [{"field": "categories", "value": "group-2", "weight": 2}, {"field": "item_id", "value": "i07"}]
    alone = await ask_for(shop, preferences=wishes, limit=8)
    assert alone["strategy"] == "preferences"
    assert {groups[item] for item in item_ids(alone)} == {"group-2"}
    beside = await ask_for(shop, user_id="u", preferences=wishes, limit=20)
    assert beside["strategy"] == "personalized"
    assert sum(groups[i] == "group-2" for i in item_ids(beside)) > sum(
        groups[i] == "group-2" for i in item_ids(await ask(shop, "u", limit=20))
    )


async def test_more_diversity_makes_other_lists_of_the_same_items(shop: httpx.AsyncClient) -> None:
    plain = item_ids(await ask(shop, "u", limit=57, diversity=0))
    diverse = item_ids(await ask(shop, "u", limit=57, diversity=0.9))
    assert sorted(plain) == sorted(diverse)
    assert plain[0] == diverse[0]
    assert plain != diverse


async def test_a_batch_is_the_single_answers(
    shop: httpx.AsyncClient, documented: Callable[[str, object], None]
) -> None:
    await post(shop, "v", "i30")
    asked = {"limit": 4, "filter": {"not": GROUP_1}, "explain": True}
    answer = await shop.post("/recommend/batch", json={"user_ids": ["u", "v", "nobody", "u"], **asked})
    documented("RecommendationBatch", answer.json())
    singles = [await ask_for(shop, user_id=user, **asked) for user in ("u", "v", "nobody", "u")]
    for one, single in zip(answer.json()["items"], singles, strict=True):
        assert {**one, "request_id": ""} == {**single, "request_id": ""}


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"filter": {"field": "attributes.colour", "eq": "red"}}, "no item has the field attributes.colour"),
        ({"filter": {"and": [GROUP_1, GROUP_2]}}, "no item meets the filter"),
        ({"filter": {"and": [GROUP_1, {"not": GROUP_1}]}}, "no item meets the filter"),
        ({"filter": {"field": "price", "gte": 9, "lte": 3}}, "no item has the field price"),
        ({"filter": {"field": "item_id", "eq": "i01"}}, "every item that meets the filter was seen by the user"),
    ],
)
async def test_an_empty_list_says_why(shop: httpx.AsyncClient, asked: dict[str, Any], reason: str) -> None:
    answer = await ask_for(shop, user_id="u", **asked)
    assert (answer["items"], answer["strategy"], answer["next_cursor"]) == ([], "none", None)
    assert answer["reason"].startswith(reason)


async def test_an_empty_list_names_the_part_of_the_filter_that_keeps_it_empty(
    shop: httpx.AsyncClient, synthetic: DataSet
) -> None:
    group = sorted(item for item, name in group_of(synthetic).items() if name == "group-1")
    unseen = set(group) - {"i01", "i02", "i03"}
    for number, item in enumerate(group):
        await shop.put(f"/items/{item}", json={"categories": ["group-1"], "price": 20 + number})
    asked = {"filter": {"and": [GROUP_1, {"field": "price", "lte": 10}]}}
    empty = await ask_for(shop, user_id="u", **asked)
    count = len(item_ids(await ask_for(shop, user_id="u", filter=GROUP_1, limit=100)))
    assert count == len(unseen)
    assert empty["reason"] == f"no item meets the filter; without price lte 10 there would be {count} items"
    given = await ask_for(shop, user_id="u", candidates=sorted(unseen)[:1], **asked)
    assert given["reason"] == "no item meets the filter; without price lte 10 there would be 1 item"
    for item in group:
        await shop.put(f"/items/{item}", json={"hidden": True, "categories": ["group-1"], "price": 20})
    hidden = (await ask_for(shop, user_id="u", **asked))["reason"]
    assert hidden == "no item meets the filter"


def nested(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = GROUP_1
    for _ in range(levels):
        node = {"not": node}
    return node


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"limit": 0}', "limit"),
        ('{"limit": 101}', "limit"),
        ('{"boosts": [{"filter": {"field": "tags", "eq": "a"}, "weight": NaN}]}', "boosts.0.weight"),
        ('{"boosts": [{"filter": {"field": "tags", "eq": "a"}, "weight": -1}]}', "boosts.0.weight"),
        ('{"diversity": NaN}', "diversity"),
        ('{"filter": {"field": "colour", "eq": "red"}}', "filter"),
        ('{"filter": {"field": "price", "eq": "cheap"}}', "filter"),
        ('{"limit": 3, "pins": [{"item_id": "a", "position": 4}]}', "body"),
        ('{"pins": [{"item_id": "a", "position": 1}, {"item_id": "b", "position": 1}]}', "body"),
        ('{"pins": [{"item_id": "a", "position": 1}, {"item_id": "a", "position": 2}]}', "body"),
        ('{"pins": [{"item_id": "a", "position": 1}], "exclude": ["a"]}', "body"),
        ('{"pins": [{"item_id": "a", "position": 0}]}', "pins.0.position"),
        ('{"candidates": []}', "candidates"),
        ('{"cursor": ""}', "cursor"),
        ('{"surprise": 1}', "surprise"),
        ('{"user_id": "a b"}', "user_id"),
        ('{"preferences": [{"field": "price", "target": 0}]}', "preferences.0"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]], body: str, field: str
) -> None:
    answer = await client.post("/recommend", content=body, headers={"content-type": "application/json"})
    refused(answer, 422, "invalid_request", field)


async def test_too_much_is_refused(client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]]) -> None:
    many = [f"i{number}" for number in range(10_001)]
    assert (await client.post("/recommend", json={"candidates": many[:-1]})).status_code == 200
    refused(await client.post("/recommend", json={"candidates": many}), 422, "invalid_request", "candidates")
    refused(await client.post("/recommend", json={"filter": nested(10)}), 422, "invalid_request", "filter")
    for levels in (500, 9_000):
        deep = '{"filter":' + '{"not":' * levels + "{}" + "}" * (levels + 1)
        answer = await client.post("/recommend", content=deep, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    wide = {"or": [GROUP_1] * 100}
    refused(await client.post("/recommend", json={"filter": wide}), 422, "invalid_request", "filter")
    users = {"user_ids": [f"u{number}" for number in range(101)]}
    refused(await client.post("/recommend/batch", json=users), 422, "invalid_request", "user_ids")
    refused(await client.post("/recommend/batch", json={"user_ids": []}), 422, "invalid_request", "user_ids")


async def test_without_a_bundle_the_rules_hold_for_popular_items(client: httpx.AsyncClient) -> None:
    for number in range(6):
        await client.put(f"/items/x{number}", json={"tags": ["odd" if number % 2 else "even"], "price": float(number)})
        for user in range(6 - number):
            await post(client, f"u{user}", f"x{number}")
    odd = {"field": "tags", "eq": "odd"}
    assert item_ids(await ask_for(client, filter=odd)) == ["x1", "x3", "x5"]
    assert item_ids(await ask_for(client, boosts=[{"filter": odd, "weight": 50}])) == [
        "x1",
        "x3",
        "x5",
        "x0",
        "x2",
        "x4",
    ]
    assert item_ids(await ask_for(client, candidates=["x4", "x2", "none"])) == ["x2", "x4"]
    assert item_ids(await ask_for(client, pins=[{"item_id": "x5", "position": 2}], limit=3)) == ["x0", "x5", "x1"]
    preference = await ask_for(client, preferences=[{"field": "price", "target": 4, "tolerance": 0.5}], limit=2)
    assert (preference["strategy"], item_ids(preference)[0]) == ("preferences", "x4")
    assert item_ids(await ask(client, "u0", exclude_seen="true")) == []
