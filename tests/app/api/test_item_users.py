"""`/items/{item_id}/users`: whom an item fits."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import ask_path, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
Documented = Callable[[str, object], None]
Refused = Callable[..., dict[str, Any]]
ITEM = "i05"


def users(answer: dict[str, Any]) -> list[str]:
    return [user["user_id"] for user in answer["items"]]


async def test_users_of_the_items_group_come_first(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet, documented: Documented
) -> None:
    assert synthetic.items is not None
    group = {row["item_id"]: row["categories"][0] for row in synthetic.items.to_pylist()}
    had: dict[str, Counter[str]] = defaultdict(Counter)
    for row in synthetic.interactions.to_pylist():
        had[row["user_id"]][group[row["item_id"]]] += 1
    shares = {user: own[group[ITEM]] / own.total() for user, own in had.items()}
    answer = await ask_path(client, f"/items/{ITEM}/users", limit=20)
    documented("ItemUsers", answer)
    assert (answer["item_id"], answer["bundle_version"], answer["reason"]) == (ITEM, bundles.active_version(), None)
    assert [user["rank"] for user in answer["items"]] == list(range(1, 21))
    scores = [user["score"] for user in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    mean = sum(shares.values()) / len(shares)
    assert sum(shares[user] for user in users(answer)) / 20 > 1.5 * mean
    assert users(await ask_path(client, f"/items/{ITEM}/users", limit=3)) == users(answer)[:3]


async def test_users_who_have_it_are_left_out_unless_asked_for(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    first, second, third = users(await ask_path(client, f"/items/{ITEM}/users", limit=3))
    await post(client, first, ITEM, "purchase")
    await post(client, second, ITEM, "dislike")
    left = users(await ask_path(client, f"/items/{ITEM}/users", limit=100))
    assert left[0] == third
    assert not {first, second} & set(left)
    everybody = users(await ask_path(client, f"/items/{ITEM}/users", limit=100, exclude_seen="false"))
    assert everybody[0] == first
    assert second not in everybody


async def test_erased_users_never_appear(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    first, second, *_ = users(await ask_path(client, f"/items/{ITEM}/users"))
    await post(client, first, "i01")
    assert (await client.delete(f"/users/{first}")).status_code == 204
    assert users(await ask_path(client, f"/items/{ITEM}/users"))[0] == second
    assert first not in users(await ask_path(client, f"/items/{ITEM}/users", limit=100, exclude_seen="false"))


async def test_a_new_item_is_compared_by_its_description(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet
) -> None:
    assert synthetic.items is not None
    like = next(row for row in synthetic.items.to_pylist() if row["item_id"] == ITEM)
    await client.put("/items/new", json={"categories": like["categories"], "tags": like.get("tags") or []})
    found = users(await ask_path(client, "/items/new/users", limit=50))
    assert set(found) & set(users(await ask_path(client, f"/items/{ITEM}/users", limit=20)))
    await client.put("/items/strange", json={"title": "Quetzal"})
    nobody = await ask_path(client, "/items/strange/users")
    assert (nobody["items"], nobody["reason"]) == ([], "no user of the bundle has interacted with similar items")


async def test_without_a_bundle_the_list_says_so(
    client: httpx.AsyncClient, documented: Documented, refused: Refused
) -> None:
    await client.put("/items/a", json={})
    answer = await ask_path(client, "/items/a/users")
    documented("ItemUsers", answer)
    assert (answer["items"], answer["reason"]) == ([], "there is no bundle yet: train one")
    refused(await client.get("/items/nowhere/users"), 404, "not_found")
    for query, field in (("limit=0", "limit"), ("limit=101", "limit"), ("exclude_seen=x", "exclude_seen")):
        refused(await client.get(f"/items/a/users?{query}"), 422, "invalid_request", field)


async def test_a_bundle_without_histories_says_so(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranker = application.state.serving.bundle.ranker
    others = {name: part for name, part in ranker.recommenders.items() if name != "user_knn"}
    monkeypatch.setattr(ranker, "recommenders", others)
    answer = await ask_path(client, f"/items/{ITEM}/users")
    assert (answer["items"], answer["reason"]) == ([], "the bundle holds no histories of users")
