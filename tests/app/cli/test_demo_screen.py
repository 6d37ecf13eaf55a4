"""What the demo shows at its end, and what it says of data that are there."""

from pathlib import Path
from typing import Any

from app.cli import demo_screen
from app.cli.demo_data import estimate, example_user, held, kept
from app.config import Settings
from app.process.resources import Resources
from tests.app.writing import store_all

NOW = 1_700_000_000_000_000


def row(user: str, item: str, kind: str, value: float | None = None) -> dict[str, Any]:
    return {"user_id": user, "item_id": item, "event_type": kind, "event_id": None, "timestamp": NOW, "value": value}


def test_what_says_most_of_a_user_comes_first_and_each_item_once() -> None:
    log = [
        row("u", "seen", "view"),
        row("u", "bought", "view"),
        row("u", "hated", "rating", 1.0),
        row("u", "good", "rating", 4.0),
        row("u", "best", "rating", 5.0),
        row("u", "bought", "purchase"),
        row("u", "wanted", "cart"),
    ]
    assert [one["item_id"] for one in demo_screen.strongest(log)] == ["bought", "best", "good", "wanted", "seen"]


def test_a_server_that_tells_nothing_leaves_the_screen_out(free_port: int) -> None:
    assert demo_screen.screen(f"http://127.0.0.1:{free_port}", "u") == []


async def test_the_data_that_are_there_are_known(resources: Resources) -> None:
    assert await held(resources) is None
    await store_all(resources.interactions, [row("somebody", "50", "view")])
    assert await held(resources) == "own"
    await resources.items.put({"item_id": "50", "title": "Star Wars", "categories": [], "tags": [], "attributes": {}})
    assert await held(resources) == "movielens"


async def test_generated_data_are_known_and_a_user_with_purchases_is_shown(resources: Resources) -> None:
    rows = [row("visitor-1", "p1", "view")] + [row("visitor-2", f"p{n}", "purchase") for n in range(4)]
    await store_all(resources.interactions, rows)
    assert await held(resources) == "synthetic"
    assert await example_user(resources) == "visitor-2"


async def test_without_purchases_the_user_with_most_is_shown(resources: Resources) -> None:
    await store_all(resources.interactions, [row("a", "x", "view"), row("b", "x", "view"), row("b", "y", "view")])
    assert await example_user(resources) == "b"
    await store_all(resources.interactions, [row("196", "x", "view")])
    assert await example_user(resources) == "196"


def test_other_data_than_those_asked_for_are_named_with_the_way_to_begin_anew(isolated: Path) -> None:
    resources = Resources(Settings())
    said = "\n".join(kept(resources, "synthetic", "movielens"))
    assert "They are MovieLens 100k, not the generated shop" in said
    assert "rm -r var && braid demo --synthetic" in said
    back = "\n".join(kept(resources, "movielens", "synthetic"))
    assert "rm -r var && braid demo\n" in f"{back}\n"
    assert "rm -r" not in "\n".join(kept(resources, "movielens", "own"))
    assert list(kept(resources, "movielens", "movielens")) == []
    apart = Resources(Settings(database_url="sqlite:///one/braid.sqlite3", bundles="two/bundles"))
    assert "rm -r one/braid.sqlite3 two/bundles" in "\n".join(kept(apart, "synthetic", "movielens"))


def test_the_time_is_estimated_before_the_work() -> None:
    first, *steps = estimate("movielens", 100_000, cached=False)
    assert first.startswith("This takes about ")
    assert "download MovieLens 100k (5 MB)" in steps[0]
    assert "(5 MB)" not in "\n".join(estimate("movielens", 100_000, cached=True))
    assert "generate a shop with 900 interactions" in "\n".join(estimate("synthetic", 900, cached=False))
