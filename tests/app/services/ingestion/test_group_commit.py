"""Group commit: what comes together is committed together, and nobody suffers for another."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.exc import DataError

from app.errors import DatabaseError, OverloadedError
from app.process.resources import Resources
from app.services.ingestion import group_commit as module
from app.services.ingestion.group_commit import GroupCommit
from app.storage.rows import Row, Stored


def row(item: str, event_id: str | None = None) -> Row:
    return Row("u", item, "view", timestamp=1, event_id=event_id)


class Recording:
    """Commits through the real store, and keeps what came together."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.groups: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None

    async def __call__(self, rows: Sequence[Row]) -> list[Stored]:
        self.groups.append([each.item_id for each in rows])
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if any(each.item_id == "bad" for each in rows):
            raise DataError("INSERT", {}, ValueError("no such text"))
        return await self._resources.interactions.store(rows)


@pytest.fixture
def store(resources: Resources) -> Recording:
    return Recording(resources)


async def test_a_single_row_is_committed_at_once(store: Recording, resources: Resources) -> None:
    group = GroupCommit(store)
    stored = await group.add(row("a", "e"))
    assert (stored.repeated, store.groups) == (False, [["a"]])
    assert await group.add(row("a", "e")) == Stored(stored.id, repeated=True)
    assert await resources.interactions.count() == 1


async def test_rows_that_come_during_a_commit_share_the_next_one(store: Recording, resources: Resources) -> None:
    group = GroupCommit(store)
    store.gate.clear()
    first = asyncio.create_task(group.add(row("first")))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(group.add(row(f"i{number}", f"e{number % 3}"))) for number in range(6)]
    await asyncio.sleep(0.01)
    assert not first.done()
    store.gate.set()
    found = await asyncio.gather(first, *others)
    assert store.groups == [["first"], [f"i{number}" for number in range(6)]]
    assert [stored.repeated for stored in found] == [False] * 4 + [True] * 3
    assert [stored.id for stored in found[1:4]] == [stored.id for stored in found[4:]]
    assert await resources.interactions.count() == 4


async def test_a_row_that_cannot_be_stored_fails_alone(store: Recording, resources: Resources) -> None:
    group = GroupCommit(store)
    store.gate.clear()
    posts = [asyncio.create_task(group.add(row(item))) for item in ("a", "b", "bad", "c")]
    await asyncio.sleep(0.01)
    store.gate.set()
    found = await asyncio.gather(*posts, return_exceptions=True)
    assert [type(one) for one in found] == [Stored, Stored, DataError, Stored]
    assert await resources.interactions.count() == 3


async def test_a_failure_reaches_everybody_who_waits_and_the_next_post_is_taken(store: Recording) -> None:
    group = GroupCommit(store)
    store.failure = DatabaseError("away")
    found = await asyncio.gather(*(group.add(row(f"i{number}")) for number in range(3)), return_exceptions=True)
    assert [str(one) for one in found] == ["away"] * 3
    store.failure = None
    assert not (await group.add(row("later"))).repeated


async def test_too_many_that_wait_are_refused(store: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    group = GroupCommit(store)
    store.gate.clear()
    posts: list[asyncio.Task[Any]] = []
    for number in range(3):
        posts.append(asyncio.create_task(group.add(row(f"i{number}"))))
        await asyncio.sleep(0.01)
    with pytest.raises(OverloadedError):
        await group.add(row("one too many"))
    store.gate.set()
    assert len(await asyncio.gather(*posts)) == 3


async def test_whoever_gives_up_does_not_take_the_others_with_him(store: Recording, resources: Resources) -> None:
    group = GroupCommit(store)
    store.gate.clear()
    posts = [asyncio.create_task(group.add(row(f"i{number}"))) for number in range(3)]
    await asyncio.sleep(0.01)
    posts[1].cancel()
    store.gate.set()
    found = await asyncio.gather(*posts, return_exceptions=True)
    assert isinstance(found[1], asyncio.CancelledError)
    assert not found[2].repeated  # type: ignore[union-attr]
    await group.close()
    assert await resources.interactions.count() == 3


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_when_the_writer_is_cancelled_everybody_who_waits_gets_an_error(store: Recording) -> None:
    group = GroupCommit(store)
    store.gate.clear()
    first = asyncio.create_task(group.add(row("a")))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(group.add(row("b")))
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(group.close())
    await asyncio.sleep(0)
    closing.cancel()
    done = await asyncio.wait_for(asyncio.gather(first, second, closing, return_exceptions=True), 5)
    assert [type(one) for one in done] == [DatabaseError, DatabaseError, asyncio.CancelledError]
    assert store.groups == [["a"]]
