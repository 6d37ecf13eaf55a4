"""A bundle that is trained for several goals: a request names the one that its list is for."""

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from app.config import Settings, SettingsError, load_settings
from app.process import factory
from app.process.resources import Resources
from app.storage.rows import Row
from app.worker.training_run import Order, run_training
from models.bundle.store import BundleStore
from models.data.progress import silent
from models.data.schema import Attribute, Schema

GOALS = "purchase;cart"
START = 1_700_000_000_000_000


@pytest.fixture
def backend() -> str:
    """One database is enough: nothing here depends on it."""
    return "sqlite"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"goal": GOALS})


def rows() -> Iterator[Row]:
    """Users put some items into the cart, and buy others."""
    for user in range(60):
        for step in range(6):
            kind, item = ("cart", f"c{(user + step) % 9}") if step % 2 else ("purchase", f"p{(user * 3 + step) % 9}")
            yield Row(f"u{user}", item, kind, timestamp=START + (user * 100 + step) * 60_000_000)


async def trained(resources: Resources, order: Order) -> str:
    done = await run_training(resources, order, silent)
    await factory.versions(resources).activate(done.bundle.version, "test", force=True)
    return done.bundle.version


def listed(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json()["items"]]


async def test_each_goal_ranks_and_leaves_out_for_itself(resources: Resources, serve: Any, refused: Any) -> None:
    await resources.interactions.store(list(rows()))
    version = await trained(resources, Order(budget=0))
    manifest = resources.bundles.manifest(version)
    assert manifest.goals == {"cart": f"{version}.goal2"}
    assert manifest.gate is not None
    assert manifest.gate.checks[0].name == "further_goal"
    async with serve() as client:
        bought = listed(await client.get("/recommend/stranger", params={"limit": 5}))
        carted = listed(await client.get("/recommend/stranger", params={"limit": 5, "goal": "cart"}))
        assert {item[0] for item in bought} == {"p"}
        assert {item[0] for item in carted} == {"c"}
        # What reached the goal is left out: for another goal it is something else.
        mine = {row.item_id for row in rows() if row.user_id == "u0"}
        by_default = listed(await client.post("/recommend", json={"user_id": "u0", "limit": 18}))
        for_carts = listed(await client.post("/recommend", json={"user_id": "u0", "limit": 18, "goal": "cart"}))
        assert mine.isdisjoint(item for item in by_default if item[0] == "p")
        assert mine.isdisjoint(item for item in for_carts if item[0] == "c")
        assert mine & set(by_default)
        assert mine & set(for_carts)
        # From the path that answers from memory, the second time too.
        again = listed(await client.get("/recommend/stranger", params={"limit": 5, "goal": "cart"}))
        assert again == carted
        page = (await client.post("/recommend", json={"user_id": "u0", "limit": 3, "goal": "cart"})).json()
        assert page["bundle_version"] == f"{version}.goal2"
        more = {"user_id": "u0", "limit": 3, "cursor": page["next_cursor"]}
        assert listed(await client.post("/recommend", json=more | {"goal": "cart"})) == for_carts[3:6]
        refused(await client.post("/recommend", json=more), 422, "invalid_cursor", "cursor")
        problem = refused(
            await client.post("/recommend", json={"user_id": "u0", "goal": "view"}), 422, "unknown_goal", "goal"
        )
        assert "it has 'purchase', 'cart'" in problem["detail"]
        refused(await client.get("/recommend/u0", params={"goal": "view"}), 422, "unknown_goal", "goal")
        refused(await client.get("/recommend/u0", params={"goal": "a b"}), 422, "invalid_request", "goal")
        # What was bought can be bought again, and what is in the cart continued; for the other goal it is the reverse.
        for goal, done, begun in (("purchase", "p", "c"), ("cart", "c", "p")):
            for name, first in (("again", done), ("continue", begun)):
                found = listed(await client.post(f"/scenarios/{name}/recommend", json={"user_id": "u0", "goal": goal}))
                assert set(found) == {item for item in mine if item[0] == first}, (goal, name)
        # Charts count what reached the goal that is asked for, whichever was asked for before.
        for goal, first in (("cart", "c"), ("purchase", "p"), ("cart", "c")):
            popular = listed(await client.get("/popular", params={"limit": 5, "goal": goal}))
            assert {item[0] for item in popular} == {first}
        [described] = (await client.get("/bundles")).json()["items"]
        assert described["data"]["goals"] == {"cart": f"{version}.goal2"}


def tastes() -> Iterator[Row]:
    """Users of one side buy some items and put others into the cart, those of the other side others again."""
    rng = np.random.default_rng(0)
    for user in range(120):
        for step in range(4):
            kind = "purchase" if step % 2 else "cart"
            item = f"{kind[0]}{user % 2}{int(rng.integers(8))}"
            yield Row(f"u{user}", item, kind, timestamp=START + (user * 100_000 + step) * 60_000_000)


async def test_each_goal_reads_profiles_for_itself(
    resources: Resources, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.training.newcomer_profiles.MIN_NEWCOMERS", 10)
    await resources.schema.put(Schema(users={"side": Attribute(type="category"), "bio": Attribute(type="text")}))
    sides = [{"side": user % 2, "bio": "short"} for user in range(120)]
    await resources.users.put_many([{"user_id": f"u{n}", "attributes": one} for n, one in enumerate(sides)])
    await resources.interactions.store(list(tastes()))
    version = await trained(resources, Order(budget=0))
    for one in (version, f"{version}.goal2"):
        profiles = resources.bundles.manifest(one).metrics["profiles"]
        assert (profiles["attributes"], profiles["ignored"]) == ({"side": 2}, {"bio": "declared as text"})
        assert profiles["newcomer_weight"] > 0
    async with serve() as client:
        for side in (0, 1):
            asked = {"attributes": {"side": str(side)}, "limit": 5}
            assert {item[:2] for item in listed(await client.post("/recommend", json=asked))} == {f"p{side}"}
            for_carts = listed(await client.post("/recommend", json=asked | {"goal": "cart"}))
            assert {item[:2] for item in for_carts} == {f"c{side}"}


async def test_a_refresh_keeps_the_settings_of_each_goal_and_old_bundles_go_together(resources: Resources) -> None:
    await resources.interactions.store(list(rows()))
    first = await trained(resources, Order(budget=0))
    second = await trained(resources, Order(kind="refresh"))
    store = resources.bundles
    assert store.manifest(f"{second}.goal2").recipe == {
        **(store.manifest(f"{first}.goal2").recipe or {}), "kind": "refresh", "keeps_network": True, "budget": None
    }  # fmt: skip
    assert store.versions() == [first, second]
    assert store.prune(keep=1) == [first]
    assert store.published() == [second, f"{second}.goal2"]


def test_without_its_first_goal_a_bundle_goes_after_a_day(bundles: BundleStore) -> None:
    version = str(bundles.active_version())
    (bundles.root / version).rename(bundles.root / f"{version}.goal2")
    bundles.sweep()
    assert bundles.published() == [f"{version}.goal2"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.bundle.store._STALE_SECONDS", -1)
        patch.setattr(BundleStore, "active_version", lambda _: None)
        bundles.sweep()
    assert bundles.published() == []


def test_goals_are_named_once_and_each_can_be_read() -> None:
    assert load_settings(goal="purchase ; cart=1,like=.5").goals == ("purchase", "cart,like=0.5")
    with pytest.raises(SettingsError, match="a goal is named twice"):
        load_settings(goal="purchase;purchase=1")
    with pytest.raises(SettingsError, match="'' is not an event type"):
        load_settings(goal="purchase;")
