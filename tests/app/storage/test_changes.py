"""The change feed: everything that is committed comes to every reader once, in whatever order it commits."""

import asyncio
import random
import time
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.errors import DatabaseError
from app.process import serving_factory
from app.process.resources import Resources
from app.process.serving_state import ServingState
from app.schemas.items import ItemIn
from app.storage.changes import Change, ChangeStore
from app.storage.database import Database
from app.storage.notifications import Notifications
from app.storage.tables import changes
from tests.app.writing import store_all, store_one

POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def row(user: str, item: str = "i", event_id: str | None = None) -> dict[str, Any]:
    return {"user_id": user, "item_id": item, "event_type": "view", "event_id": event_id, "timestamp": 1}


@pytest.fixture
def store(resources: Resources) -> ChangeStore:
    return ChangeStore(resources.database, "reader")


def recorded(found: list[Change] | Any) -> list[tuple[str, tuple[str, ...] | None]]:
    return [(change.kind, change.keys) for change in found]


async def test_every_write_is_recorded_with_the_keys_it_changed(resources: Resources, store: ChangeStore) -> None:
    position = await store.position()
    await store_one(resources.interactions, row("u", event_id="e"))
    await store_one(resources.interactions, row("u", event_id="e"))
    await store_all(resources.interactions, [row("b"), row("a"), row("b")])
    item = {"item_id": "x", "categories": [], "tags": [], "attributes": {}, "hidden": False}
    await resources.items.put(item)
    await resources.items.delete("x")
    await resources.items.delete("x")
    found, after = await store.read(position)
    assert recorded(found) == [("users", ("u",)), ("users", ("a", "b")), ("items", ("x",)), ("items", ("x",))]
    assert {change.origin for change in found} != {"reader"}
    assert recorded((await store.read(after))[0]) == []
    assert recorded((await store.read(await store.position()))[0]) == []


async def test_of_many_keys_none_is_named(resources: Resources, store: ChangeStore) -> None:
    position = await store.position()
    await store_all(resources.interactions, [row(f"u{number}") for number in range(100_001)])
    assert recorded((await store.read(position))[0]) == [("users", None)]


async def test_a_rolled_back_write_is_not_recorded(resources: Resources, store: ChangeStore) -> None:
    position = await store.position()
    async with resources.database.engine.connect() as connection:
        await store.record(connection, "users", ["u"])
        await connection.rollback()
    assert recorded((await store.read(position))[0]) == []


async def test_old_changes_are_pruned(resources: Resources, store: ChangeStore) -> None:
    await store_one(resources.interactions, row("u"))
    await store.prune(0)
    async with resources.database.begin() as connection:
        assert await connection.scalar(select(func.count()).select_from(changes)) == 1
    await store.prune(2**62)
    async with resources.database.begin() as connection:
        assert await connection.scalar(select(func.count()).select_from(changes)) == 0


@POSTGRESQL
async def test_a_transaction_that_commits_late_is_read_once(resources: Resources, store: ChangeStore) -> None:
    position = await store.position()
    async with resources.database.begin() as late:
        await store.record(late, "users", ["late"])
        async with resources.database.begin() as early:
            await store.record(early, "users", ["early"])
        found, position = await store.read(position)
        assert recorded(found) == [("users", ("early",))]
        found, position = await store.read(position)
        assert recorded(found) == []
    found, position = await store.read(position)
    assert recorded(found) == [("users", ("late",))]
    assert recorded((await store.read(position))[0]) == []


@POSTGRESQL
@pytest.mark.parametrize("seed", range(2))
async def test_whatever_the_order_of_commits_each_is_read_once(
    resources: Resources, store: ChangeStore, seed: int
) -> None:
    rng = random.Random(seed)
    position, seen, committed, number = await store.position(), list[str](), set[str](), 0
    open_ones: list[tuple[Any, Any, str]] = []
    for _ in range(120):
        what = rng.random()
        if what < 0.4 and len(open_ones) < 4:
            connection = await resources.database.engine.connect()
            transaction = await connection.begin()
            number += 1
            await store.record(connection, "users", [f"u{number}"])
            open_ones.append((connection, transaction, f"u{number}"))
        elif what < 0.75 and open_ones:
            connection, transaction, name = open_ones.pop(rng.randrange(len(open_ones)))
            if rng.random() < 0.3:
                await transaction.rollback()
            else:
                await transaction.commit()
                committed.add(name)
            await connection.close()
        else:
            found, position = await store.read(position)
            seen += [key for change in found for key in change.keys or ()]
            assert set(seen) == committed
    for connection, transaction, name in open_ones:
        await transaction.commit()
        committed.add(name)
        await connection.close()
    found, position = await store.read(position)
    seen += [key for change in found for key in change.keys or ()]
    assert sorted(seen) == sorted(committed)


@POSTGRESQL
async def test_a_commit_wakes_the_reader_and_a_cut_connection_is_made_anew(
    resources: Resources, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.storage.notifications._RETRY_SECONDS", 0.05)
    other = Database(database_url)

    async def woken() -> bool:
        await asyncio.sleep(0.3)  # to listen takes a moment
        began = time.monotonic()
        waiting = asyncio.create_task(notifications.wait(10))
        await asyncio.sleep(0.05)
        await store_one(resources.interactions, row("u"))
        await waiting
        return time.monotonic() - began < 5

    notifications = Notifications(other)
    async with asyncio.TaskGroup() as listening:
        listener = listening.create_task(notifications.run())
        assert await woken()
        async with resources.database.begin() as connection:
            await connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
            )
        assert await woken()
        listener.cancel()
    await other.close()


async def test_without_a_commit_time_alone_wakes(resources: Resources) -> None:
    began = time.monotonic()
    await Notifications(resources.database).wait(0.05)
    assert 0.04 < time.monotonic() - began < 5


async def test_a_commit_whose_answer_was_lost_counts_in_the_process_that_made_it(
    state: ServingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = state.resources
    await state.feed.start()
    await store_one(resources.interactions, row("u", "first"))
    await serving_factory.catalogue(state).put("x", ItemIn(title="old"))
    assert len((await state.histories.get("u")).events) == 1
    write = resources.database.write

    async def lost(work: Any) -> None:
        await write(work)
        # What the process itself wrote may be read, and passed over, before the failure is known.
        await state.feed.catch_up()
        raise DatabaseError("the connection was cut")

    monkeypatch.setattr(resources.database, "write", lost)
    with pytest.raises(DatabaseError):
        await store_one(resources.interactions, row("u", "second", "e"))
    monkeypatch.undo()
    assert (await store_one(resources.interactions, row("u", "second", "e"))).repeated
    await state.feed.catch_up()
    assert [event[2] for event in (await state.histories.get("u")).events] == ["first", "second"]
