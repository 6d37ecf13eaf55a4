"""What everybody has, and what is had more often than usual: by a bundle, and by the log before there is one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest

from app.process.resources import Resources
from app.services.popularity import counts_since_bundle as live_popularity
from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import ask_path, item_ids
from tests.app.writing import store_all

Documented = Callable[[str, object], None]


async def log(client: httpx.AsyncClient, *rows: tuple[str, float]) -> None:
    """Post views of items, so many days ago, each by another user."""
    for number, (item, days) in enumerate(rows):
        moment = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        body = {"user_id": f"u{number}", "item_id": item, "event_type": "view", "timestamp": moment}
        assert (await client.post("/interactions", json=body)).status_code == 201


@pytest.mark.parametrize("path", ["/popular", "/trending"])
async def test_an_empty_system_says_that_it_is_empty(
    client: httpx.AsyncClient, documented: Documented, path: str
) -> None:
    answer = await ask_path(client, path)
    documented("Chart", answer)
    assert (answer["items"], answer["strategy"], answer["bundle_version"]) == ([], "none", None)
    assert answer["reason"] == "there are no items yet"


async def test_without_a_bundle_the_log_is_counted(client: httpx.AsyncClient, documented: Documented) -> None:
    await log(client, *[("classic", 60)] * 6, *[("steady", 40)] * 2, *[("steady", 0)] * 2, *[("new", 0)] * 3)
    await client.put("/items/untouched", json={"categories": ["c"]})
    answer = await ask_path(client, "/popular")
    documented("Chart", answer)
    assert [(item["item_id"], item["score"], item["rank"]) for item in answer["items"]] == [
        ("classic", 6.0, 1),
        ("steady", 4.0, 2),
        ("new", 3.0, 3),
        ("untouched", 0.0, 4),
    ]
    assert (answer["strategy"], answer["window"], answer["bundle_version"]) == ("popular", "all", None)
    assert item_ids(await ask_path(client, "/popular", window="7d")) == ["new", "steady", "classic", "untouched"]
    assert item_ids(await ask_path(client, "/popular", exclude=["steady", "nothing"], limit=2)) == ["classic", "new"]
    rising = await ask_path(client, "/trending")
    documented("Chart", rising)
    assert (rising["strategy"], rising["window"], rising["reason"]) == ("trending", "7d", None)
    assert item_ids(rising) == ["new", "steady", "classic"]
    assert rising["items"][1]["score"] > rising["items"][2]["score"] == 0
    assert item_ids(await ask_path(client, "/trending", exclude="new")) == ["steady", "classic"]
    assert item_ids(await ask_path(client, "/trending", exclude="new", limit=1)) == ["steady"]


async def test_without_a_bundle_hidden_items_and_others_of_another_label_stay_away(client: httpx.AsyncClient) -> None:
    await log(client, ("a", 50), ("a", 50), ("a", 50), ("b", 0), ("b", 0), ("c", 0))
    await client.put("/items/b", json={"hidden": True})
    await client.put("/items/c", json={"categories": ["shoes", "boots"], "tags": ["new"]})
    await client.put("/items/d", json={"categories": ["boots"]})
    assert item_ids(await ask_path(client, "/popular")) == ["a", "c", "d"]
    assert item_ids(await ask_path(client, "/popular", category=["boots"])) == ["c", "d"]
    assert item_ids(await ask_path(client, "/popular", category="boots", tag="new")) == ["c"]
    assert item_ids(await ask_path(client, "/trending")) == ["c", "a"]
    nothing = await ask_path(client, "/popular", category="hats")
    assert (nothing["items"], nothing["strategy"]) == ([], "none")
    assert nothing["reason"] == "no item meets the request"
    nothing = await ask_path(client, "/trending", category="hats")
    assert (nothing["items"], nothing["reason"]) == (
        [],
        "no item that meets the request has more interactions than usual",
    )


async def test_without_times_nothing_trends_and_the_answer_says_so(client: httpx.AsyncClient, application: Any) -> None:
    resources: Resources = application.state.serving.resources
    rows = [
        {"user_id": "u", "item_id": item, "event_type": "view", "event_id": None, "timestamp": None}
        for item in ("x", "y", "y")
    ]
    await store_all(resources.interactions, rows)
    rising = await ask_path(client, "/trending", window="30d")
    assert (item_ids(rising), rising["strategy"], rising["window"]) == (["y", "x"], "popular", "all")
    assert rising["reason"] == "the times of the interactions are missing or all the same: these are the popular items"
    popular = await ask_path(client, "/popular", window="1d")
    assert (item_ids(popular), popular["window"]) == (["y", "x"], "all")
    assert popular["reason"] == "the times of the interactions are missing or all the same: all of them count alike"


def counted(synthetic: DataSet) -> dict[str, int]:
    items, counts = np.unique(synthetic.interactions["item_id"].to_numpy(zero_copy_only=False), return_counts=True)
    return dict(zip(items.tolist(), counts.tolist(), strict=True))


async def test_a_bundle_counts_what_it_was_made_from(
    bundles: BundleStore, client: httpx.AsyncClient, documented: Documented, synthetic: DataSet
) -> None:
    answer = await ask_path(client, "/popular", limit=100)
    documented("Chart", answer)
    assert (answer["strategy"], answer["bundle_version"]) == ("popular", bundles.active_version())
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    assert set(item_ids(answer)) == set(counted(synthetic))
    assert item_ids(answer)[:10] == item_ids(await ask_path(client, "/recommend/nobody"))
    for window in ("1d", "7d", "30d", "90d"):
        recent = await ask_path(client, "/popular", window=window, limit=100)
        assert (recent["window"], recent["reason"]) == (window, None)
        assert recent["items"][0]["score"] < scores[0]
        rising = await ask_path(client, "/trending", window=window, limit=100)
        documented("Chart", rising)
        assert (rising["strategy"], rising["bundle_version"]) == ("trending", bundles.active_version())
        rises = [item["score"] for item in rising["items"]]
        assert rises == sorted(rises, reverse=True)
        assert rises[0] > rises[-1] == 0
        assert set(item_ids(rising)) == set(item_ids(answer))
        others = item_ids(rising)[rises.index(0) :]
        assert others == [item for item in item_ids(recent) if item in others]


@pytest.mark.parametrize("path", ["/popular", "/trending"])
async def test_with_a_bundle_filters_hold_and_hidden_items_vanish(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet, path: str
) -> None:
    assert synthetic.items is not None
    group = {row["item_id"]: row["categories"] for row in synthetic.items.to_pylist()}
    inside = item_ids(await ask_path(client, path, category="group-1", limit=100))
    assert inside
    assert all(group[item] == ["group-1"] for item in inside)
    everything = item_ids(await ask_path(client, path, limit=100))
    assert inside == [item for item in everything if group[item] == ["group-1"]]
    first, second, *_ = everything
    await client.put(f"/items/{first}", json={"hidden": True})
    assert item_ids(await ask_path(client, path, limit=100, exclude=second)) == everything[2:]


async def test_an_item_that_is_new_stands_last_of_the_popular_ones_and_never_trends(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    await client.put("/items/new", json={"categories": ["group-1", "brand-new"]})
    await client.put("/items/unseen", json={"categories": ["brand-new"], "hidden": True})
    assert item_ids(await ask_path(client, "/popular", limit=100))[-1] == "new"
    assert item_ids(await ask_path(client, "/popular", category="brand-new")) == ["new"]
    assert "new" not in item_ids(await ask_path(client, "/trending", limit=100))
    assert item_ids(await ask_path(client, "/popular", category="brand-new", exclude="new")) == []


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/popular?limit=0", "limit"),
        ("/popular?window=2d", "window"),
        ("/trending?window=all", "window"),
        ("/trending?limit=101", "limit"),
        ("/popular?exclude=a%20b", "exclude.0"),
        ("/trending?diversity=2", "diversity"),
        ("/trending?method=blend", "method"),
    ],
)
async def test_a_question_that_is_not_valid_is_refused(
    client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]], path: str, field: str
) -> None:
    refused(await client.get(path), 422, "invalid_request", field)


async def test_a_bundle_in_use_does_not_keep_charts_from_following_the_log(
    followed: BundleStore, client: httpx.AsyncClient
) -> None:
    before = (await ask_path(client, "/popular", limit=100))["items"]
    least = before[-1]["item_id"]
    counts = {item["item_id"]: item["score"] for item in before}

    async def view(item: str, times: int) -> None:
        rows = [{"user_id": f"n{number}", "item_id": item, "event_type": "view"} for number in range(times)]
        assert (await client.post("/interactions/batch", json=rows)).json()["stored"] == times

    await view(least, 300)
    await view("brand-new", 500)
    await client.post("/interactions", json={"user_id": "u", "item_id": "i000", "event_type": "dislike"})
    after = (await ask_path(client, "/popular", limit=100))["items"]
    assert [item["item_id"] for item in after[:2]] == ["brand-new", least]
    assert after[0]["score"] == 500
    assert after[1]["score"] == counts[least] + 300
    rest = {item["item_id"]: item["score"] for item in after[2:]}
    assert all(score == counts[item] for item, score in rest.items())
    assert item_ids(await ask_path(client, "/popular", window="1d"))[:2] == ["brand-new", least]
    for window in ("1d", "7d"):
        rising = await ask_path(client, "/trending", window=window)
        assert item_ids(rising)[:2] == ["brand-new", least]
        assert rising["strategy"] == "trending"
    await client.put("/items/brand-new", json={"hidden": True})
    assert item_ids(await ask_path(client, "/popular"))[0] == least
    await view(least, 1)
    assert (await ask_path(client, "/popular"))["items"][0]["score"] == counts[least] + 301


async def test_a_bundle_that_does_not_say_what_it_has_read_is_taken_as_it_is(
    bundles: BundleStore, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_popularity, "_EVERY_SECONDS", 0.0)
    before = await ask_path(client, "/popular")
    rows = [{"user_id": f"n{number}", "item_id": "brand-new", "event_type": "view"} for number in range(500)]
    await client.post("/interactions/batch", json=rows)
    assert (await ask_path(client, "/popular"))["items"] == before["items"]


async def test_items_of_which_none_rises_are_listed_by_their_popularity(client: httpx.AsyncClient) -> None:
    await log(client, *[("new", 0)] * 3, *[("old", 50)] * 4, *[("older", 60)] * 2)
    await client.put("/items/old", json={"categories": ["c"]})
    await client.put("/items/older", json={"categories": ["c"]})
    answer = await ask_path(client, "/trending", category="c")
    assert (item_ids(answer), answer["strategy"], answer["window"]) == (["old", "older"], "popular", "7d")
    assert answer["reason"] == (
        "no item that meets the request has more interactions than usual: these are the popular items"
    )


@pytest.fixture
def year_old(followed: BundleStore, synthetic: DataSet) -> list[str]:
    """The items of a bundle whose log ended long before the clock."""
    last = synthetic.interactions["timestamp"].to_numpy().max()
    assert datetime.now(UTC).timestamp() - last > 100 * 86_400
    return sorted(counted(synthetic))


@pytest.mark.parametrize("window", ["1d", "7d", "30d", "90d"])
async def test_one_interaction_of_today_leaves_the_charts_of_an_old_log(
    year_old: list[str], client: httpx.AsyncClient, window: str
) -> None:
    paths = ["/popular", "/trending"]
    before = [await ask_path(client, path, window=window, limit=20) for path in paths]
    post = {"user_id": "u", "item_id": year_old[0], "event_type": "view"}
    number = (await client.post("/interactions", json=post)).json()["id"]
    for path, earlier in zip(paths, before, strict=True):
        answer = await ask_path(client, path, window=window, limit=20)
        assert (answer["strategy"], answer["window"]) == (earlier["strategy"], window)
        assert len(answer["items"]) == 20
        assert len({*item_ids(answer), *item_ids(earlier)}) <= 23
        assert sum(item["score"] > 1e-3 for item in answer["items"]) >= 8
    assert (await client.delete(f"/interactions/{number}")).status_code == 204
    for path, earlier in zip(paths, before, strict=True):
        answer = await ask_path(client, path, window=window, limit=20)
        assert item_ids(answer) == item_ids(earlier)
        assert [item["score"] for item in answer["items"]] == pytest.approx(
            [item["score"] for item in earlier["items"]], rel=1e-5
        )
