"""What is counted in the log, on both databases."""

from typing import Any

import pytest

from app.process.resources import Resources
from app.storage.counts import CountStore
from tests.app.writing import store_all

DAY = 86_400_000_000
NOW = 1_700_000_000_000_000


def row(item: str, days: float | None = 0.0, user: str = "u", event_type: str = "view") -> dict[str, Any]:
    at = None if days is None else NOW - round(days * DAY)
    return {"user_id": user, "item_id": item, "event_type": event_type, "event_id": None, "timestamp": at}


@pytest.fixture
def counts(resources: Resources) -> CountStore:
    return CountStore(resources.database)


async def test_an_interaction_counts_half_after_each_half_life(resources: Resources, counts: CountStore) -> None:
    ages = {"now": 0.0, "one": 7.0, "two": 14.0, "between": 10.5, "ancient": 5000.0, "timeless": None}
    rows = [row(item, days) for item, days in ages.items()] + [row("now", 0.0, event_type="dislike")]
    steady = [row("steady", float(days), user=f"u{days}") for days in range(0, 5000, 3)]
    await store_all(resources.interactions, [*rows, *steady])
    found = {each.item_id: each for each in await counts.recent_items(["view"], 7 * DAY, 10)}
    always = found.pop("steady")
    weights = {"now": 1.0, "one": 0.5, "two": 0.25, "between": 0.375, "ancient": 0.0, "timeless": 0.0}
    assert {item: each.recent for item, each in found.items()} == pytest.approx(weights)
    assert {each.count for each in found.values()} == {1}
    assert {each.all_counts for each in found.values()} == {6 + len(steady)}
    assert found["one"].all_recent == pytest.approx(sum(weights.values()) + always.recent)


async def test_those_with_most_lately_come_first(resources: Resources, counts: CountStore) -> None:
    await store_all(resources.interactions, [row("b"), row("a"), row("old", 30), row("old", 30), row("old", 30)])
    found = await counts.recent_items(["view"], DAY, 2)
    assert [each.item_id for each in found] == ["a", "b"]
    assert found[0].all_counts == 5


async def test_one_interaction_long_after_all_others_makes_them_no_older(
    resources: Resources, counts: CountStore
) -> None:
    rows = [row(f"i{n % 4}", 400.0 + day + n / 500, user=f"u{n}") for day in range(5) for n in range(400)]
    await store_all(resources.interactions, rows)
    before = await counts.recent_items(["view"], DAY, 10)
    await store_all(resources.interactions, [row("i3")])
    after = {each.item_id: each for each in await counts.recent_items(["view"], DAY, 10)}
    assert after["i3"].all_recent == pytest.approx(before[0].all_recent + 1)
    for each in before:
        assert after[each.item_id].recent == pytest.approx(each.recent + (each.item_id == "i3"))


async def test_without_any_time_nothing_is_recent(resources: Resources, counts: CountStore) -> None:
    await store_all(resources.interactions, [row("a", None), row("b", None)])
    assert [(each.item_id, each.recent) for each in await counts.recent_items(["view"], DAY, 5)] == [("a", 0), ("b", 0)]
    assert await counts.recent_items(["purchase"], DAY, 5) == []


async def test_items_and_users_of_the_log(resources: Resources, counts: CountStore) -> None:
    assert (await counts.users(), await counts.has_item("a"), await counts.has_item("a", 5)) == (0, False, False)
    await store_all(resources.interactions, [row("a"), row("b"), row("b", user="v"), row("c", user="w")])
    assert await counts.users() == 3
    assert await counts.has_item("a")
    assert not await counts.has_item("z")
    assert (await counts.has_item("a", 3), await counts.has_item("b", 3)) == (False, True)


async def test_what_was_done_with_an_item_is_counted_by_type_among_the_latest_rows(
    resources: Resources, counts: CountStore
) -> None:
    kinds = ["view", "view", "view", "purchase"]
    await store_all(resources.interactions, [row("i", user=f"u{n}", event_type=kind) for n, kind in enumerate(kinds)])
    await store_all(resources.interactions, [row("other"), row("other", user="v")])
    assert await counts.of_item("i", 100) == ({"view": 3, "purchase": 1}, True)
    assert await counts.of_item("i", 3) == ({"purchase": 1}, False)
    assert await counts.of_item("nothing", 100) == ({}, True)


async def test_what_a_user_did_is_counted_by_type(resources: Resources, counts: CountStore) -> None:
    rows = [row("a"), row("b"), row("a", event_type="cart"), row("a", user="other")]
    await store_all(resources.interactions, rows)
    assert await counts.of_user("u") == {"view": 2, "cart": 1}
    assert await counts.of_user("nobody") == {}
