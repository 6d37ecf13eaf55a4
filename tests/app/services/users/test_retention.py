"""Retention: what is older than is wanted goes, in bounded steps, and the rest stays."""

import pytest

from app.config import Settings
from app.process.resources import Resources
from app.process.serving_state import serving_state
from app.services.users.retention import Retention
from app.storage import retention as module
from app.storage.retention import RetentionStore
from app.storage.rows import Row
from app.times import now

DAY = 86_400_000_000


def retention(resources: Resources, days: int | None) -> Retention:
    return Retention(RetentionStore(resources.database, resources.changes), resources.merging, days)


async def test_old_interactions_go_step_by_step(
    resources: Resources, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_IDS_A_STEP", 4)
    ages = [40, 1, 31, 29, 100, None, 30.5, 0, 35, 2]
    moments = [None if age is None else now() - int(age * DAY) for age in ages]
    await resources.interactions.store([Row(f"u{n}", f"i{n}", "view", timestamp=m) for n, m in enumerate(moments)])
    async with serving_state(settings) as other:
        await other.feed.start()
        assert (await other.histories.get("u0")).events
        assert [
            dropped async for dropped in RetentionStore(resources.database, resources.changes).drop(now() - 30 * DAY)
        ] == [
            2,
            2,
            1,
        ]
        await other.feed.catch_up()
        assert not (await other.histories.get("u0")).events
        assert (await other.histories.get("u5")).events
    kept = await resources.interactions.histories([f"u{n}" for n in range(10)], 10)
    assert sorted(user for user, events in kept.items() if events) == ["u1", "u3", "u5", "u7", "u9"]


async def test_without_a_setting_everything_is_kept(resources: Resources) -> None:
    await resources.interactions.store([Row("u", "i", "view", timestamp=1)])
    assert await retention(resources, None).drop() == 0
    assert await resources.interactions.count() == 1
    assert await retention(resources, 1).drop() == 1
    assert await resources.interactions.count() == 0


async def test_contexts_of_old_requests_go_too(resources: Resources) -> None:
    for name, age in (("old", 40), ("new", 1)):
        await resources.requests.add(name, "u", now() - age * DAY, {"page": "home"})
    assert await retention(resources, 30).drop() == 1
    async with resources.database.begin() as connection:
        left = (await connection.exec_driver_sql("SELECT request_id FROM requests")).scalars().all()
    assert left == ["new"]
