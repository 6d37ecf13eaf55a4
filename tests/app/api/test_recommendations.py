"""What a recommendation holds, with and without a bundle."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.process.resources import Resources
from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import ask, item_ids, post


async def test_an_empty_system_answers_with_an_empty_list(client: httpx.AsyncClient) -> None:
    answer = await ask(client, "anybody")
    assert (answer["items"], answer["strategy"], answer["bundle_version"]) == ([], "none", None)


async def test_without_a_bundle_the_log_says_what_is_popular(client: httpx.AsyncClient) -> None:
    for user, item in [("a", "x"), ("b", "x"), ("b", "y"), ("c", "z"), ("c", "x"), ("d", "z")]:
        await post(client, user, item)
    answer = await ask(client, "new")
    assert answer["strategy"] == "popular"
    assert [(item["item_id"], item["score"], item["rank"]) for item in answer["items"]] == [
        ("x", 3.0, 1),
        ("z", 2.0, 2),
        ("y", 1.0, 3),
    ]
    assert item_ids(await ask(client, "b")) == ["z"]
    assert item_ids(await ask(client, "b", exclude_seen="false")) == ["x", "y", "z"]
    assert item_ids(await ask(client, "new", exclude=["x", "y"])) == ["z"]
    assert item_ids(await ask(client, "new", limit=1)) == ["x"]


async def test_a_post_counts_in_the_very_next_answer(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await post(client, f"user-{number}", f"item-{number}")
        assert f"item-{number}" in item_ids(await ask(client, "new"))


@pytest.mark.parametrize(
    ("event_type", "popular", "seen"),
    [("purchase", True, True), ("dislike", False, True), ("return", False, True), ("shown", False, False)],
)
async def test_what_an_event_type_says(client: httpx.AsyncClient, event_type: str, popular: bool, seen: bool) -> None:
    await post(client, "a", "liked")
    await post(client, "a", "x", event_type)
    await post(client, "b", "x", event_type)
    await post(client, "b", "x")
    assert item_ids(await ask(client, "c")) == (["x", "liked"] if popular else ["liked", "x"])
    assert ("x" in item_ids(await ask(client, "a"))) is not seen


async def test_what_was_disliked_stays_away_until_it_is_liked_again(client: httpx.AsyncClient) -> None:
    await post(client, "a", "x")
    await post(client, "a", "x", "dislike")
    await post(client, "b", "x")
    assert item_ids(await ask(client, "a", exclude_seen="false")) == []
    await post(client, "a", "x", "purchase")
    assert item_ids(await ask(client, "a", exclude_seen="false")) == ["x"]


async def test_questions_at_once_find_the_same_popular_items(resources: Resources, client: httpx.AsyncClient) -> None:
    await post(client, "a", "x")
    answers = await asyncio.gather(*(ask(client, f"new-{number}") for number in range(8)))
    assert [item_ids(answer) for answer in answers] == [["x"]] * 8


async def test_somebody_new_gets_popular_items_and_personal_ones_after_the_first_interaction(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    before = await ask(client, "new")
    assert (before["strategy"], before["bundle_version"]) == ("popular", bundles.active_version())
    liked = item_ids(before)[-1]
    await post(client, "new", liked)
    after = await ask(client, "new")
    assert (after["strategy"], after["bundle_version"]) == ("personalized", bundles.active_version())
    assert item_ids(after) != item_ids(before)
    assert liked not in item_ids(after)
    assert liked in item_ids(await ask(client, "new", exclude_seen="false", limit=100))


async def test_taste_shows(bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet) -> None:
    assert synthetic.items is not None
    group = {row["item_id"]: row["categories"] for row in synthetic.items.to_pylist()}
    for taste in (["group-0"], ["group-2"]):
        for item in [name for name, categories in group.items() if categories == taste][:6]:
            await post(client, f"likes-{taste[0]}", item)
        answer = await ask(client, f"likes-{taste[0]}", limit=5)
        assert sum(group[item] == taste for item in item_ids(answer)) >= 4


async def test_the_answer_is_as_documented(
    bundles: BundleStore, client: httpx.AsyncClient, documented: Callable[[str, object], None]
) -> None:
    await post(client, "u", "i01")
    for user in ("u", "nobody"):
        answer = await ask(client, user, limit=20)
        documented("Recommendation", answer)
        assert [item["rank"] for item in answer["items"]] == list(range(1, 21))
        scores = [item["score"] for item in answer["items"]]
        assert scores == sorted(scores, reverse=True)
        assert len(set(item_ids(answer))) == 20
        version = answer["bundle_version"]
        assert re.fullmatch(rf"{version}~{answer['strategy']}~\d{{16}}~[0-9a-f]{{8}}", answer["request_id"])
        # It comes back as the `request_id` of an interaction, so it must be one that is taken.
        body = {"user_id": user, "item_id": "i01", "event_type": "click", "request_id": answer["request_id"]}
        assert (await client.post("/interactions", json=body)).status_code == 201


async def test_items_that_may_not_be_shown_vanish_at_once(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    first, second, third, *_ = item_ids(await ask(client, "nobody"))
    await client.put(f"/items/{first}", json={"hidden": True})
    await client.put(f"/items/{second}", json={"available_until": "2020-01-01T00:00:00Z"})
    await client.put(f"/items/{third}", json={"available_from": "2100-01-01T00:00:00Z"})
    left = item_ids(await ask(client, "nobody"))
    assert len(left) == 10
    assert not {first, second, third} & set(left)
    await client.put(f"/items/{first}", json={})
    assert first in item_ids(await ask(client, "nobody"))


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/recommend/u?limit=0", "limit"),
        ("/recommend/u?limit=101", "limit"),
        ("/recommend/u?limit=ten", "limit"),
        ("/recommend/u?exclude_seen=a%20type", "exclude_seen.0"),
        ("/recommend/u?exclude_seen=true&exclude_seen=view", "exclude_seen"),
        ("/recommend/u?exclude_seen=view&exclude_seen=bought", "exclude_seen"),
        ("/recommend/u?exclude=a&exclude=b%20c", "exclude.1"),
        ("/recommend/u?surprise=1", "surprise"),
        ("/recommend/a%20b", "user_id"),
        (f"/recommend/{'u' * 129}", "user_id"),
        ("/recommend/a%0A", "user_id"),
    ],
)
async def test_a_question_that_is_not_valid_is_refused(
    client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]], path: str, field: str
) -> None:
    refused(await client.get(path), 422, "invalid_request", field)
