"""Retention: what is older than is wanted goes, in bounded steps, and the rest stays."""

import orjson
import pytest

from app.config import Settings
from app.context import Context
from app.services.users.retention import Retention
from app.storage import retention as module
from app.storage.retention import RetentionStore
from app.storage.rows import Row
from app.storage.user_data import UserDataStore
from app.times import now
from models.bundle.manifest import MANIFEST_FILE
from models.bundle.store import BundleStore

DAY = 86_400_000_000


def retention(context: Context, days: int | None) -> Retention:
    return Retention(RetentionStore(context.database, context.changes), context.bundles, days)


async def test_old_interactions_go_step_by_step(
    context: Context, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_IDS_A_STEP", 4)
    ages = [40, 1, 31, 29, 100, None, 30.5, 0, 35, 2]
    moments = [None if age is None else now() - int(age * DAY) for age in ages]
    await context.interactions.store([Row(f"u{n}", f"i{n}", "view", timestamp=m) for n, m in enumerate(moments)])
    async with Context(settings) as other:
        await other.feed.start()
        assert (await other.histories.get("u0")).events
        assert [
            dropped async for dropped in RetentionStore(context.database, context.changes).drop(now() - 30 * DAY)
        ] == [
            2,
            2,
            1,
        ]
        await other.feed.catch_up()
        assert not (await other.histories.get("u0")).events
        assert (await other.histories.get("u5")).events
    kept = await context.interactions.histories([f"u{n}" for n in range(10)], 10)
    assert sorted(user for user, events in kept.items() if events) == ["u1", "u3", "u5", "u7", "u9"]


async def test_without_a_setting_everything_is_kept(context: Context) -> None:
    await context.interactions.store([Row("u", "i", "view", timestamp=1)])
    assert await retention(context, None).run() == 0
    assert await context.interactions.count() == 1
    assert await retention(context, 1).run() == 1
    assert await context.interactions.count() == 0


async def test_contexts_of_old_requests_go_too(context: Context) -> None:
    for name, age in (("old", 40), ("new", 1)):
        await context.requests.add(name, "u", now() - age * DAY, {"page": "home"})
    assert await retention(context, 30).run() == 1
    async with context.database.begin() as connection:
        left = (await connection.exec_driver_sql("SELECT request_id FROM requests")).scalars().all()
    assert left == ["new"]


async def test_masks_stay_as_long_as_a_bundle_needs_them(
    context: Context, bundles: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = UserDataStore(context.database, context.changes)
    await context.interactions.store([Row("u", "i", "view", timestamp=1)])
    await store.erase("u")
    await retention(context, None).run()
    assert await store.masked_since(0) == ["u"]
    async with context.database.writing() as connection:
        await connection.exec_driver_sql(f"UPDATE masked_users SET masked_at = {now() - 5 * DAY}")
    # Whenever its folder was made: of the bundle's data the moment is known.
    manifest = bundles.root / str(bundles.active_version()) / MANIFEST_FILE
    document = orjson.loads(manifest.read_bytes())
    document["data"]["catalogue_at"] = now() - 6 * DAY
    manifest.write_bytes(orjson.dumps(document))
    await retention(context, None).run()
    assert await store.masked_since(0) == ["u"]
    document["data"]["catalogue_at"] = now() - 4 * DAY
    manifest.write_bytes(orjson.dumps(document))
    await retention(context, None).run()
    assert await store.masked_since(0) == []


async def test_where_there_is_no_bundle_masks_stay(context: Context) -> None:
    store = UserDataStore(context.database, context.changes)
    await context.interactions.store([Row("u", "i", "view", timestamp=1)])
    await store.erase("u")
    async with context.database.writing() as connection:
        await connection.exec_driver_sql("UPDATE masked_users SET masked_at = 1")
    await retention(context, None).run()
    assert await store.masked_since(0) == ["u"]
