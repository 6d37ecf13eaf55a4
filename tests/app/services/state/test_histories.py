"""Histories in memory: never older than what is stored, and never more than there is room for."""

import asyncio
import tracemalloc
from collections.abc import Sequence

import pytest

from app.errors import DatabaseError
from app.process.resources import Resources
from app.services.state import histories as module
from app.services.state.histories import Histories, Log
from app.storage.interactions import InteractionStore, LogEntry
from app.storage.rows import Row, Stored

SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
ROOM = 10_000_000


def row(user: str, item: str, timestamp: int | None = 1) -> Row:
    return Row(user, item, "view", timestamp=timestamp)


class Watched:
    """The real store; it counts what is read, and waits behind each reading where it is told to."""

    def __init__(self, store: InteractionStore) -> None:
        self._store = store
        self.read: list[list[str]] = []
        self.gate: asyncio.Event | None = None
        self.reached = asyncio.Event()
        self.broken = False

    async def histories(self, user_ids: Sequence[str], latest: int) -> dict[str, list[LogEntry]]:
        self.read.append(list(user_ids))
        if self.broken:
            raise DatabaseError("away")
        found = await self._store.histories(user_ids, latest)
        self.reached.set()
        if self.gate is not None:
            await self.gate.wait()
        return found


@pytest.fixture
def store(resources: Resources) -> Watched:
    return Watched(resources.interactions)


@pytest.fixture
def histories(store: Watched) -> Histories:
    return Histories(store, ROOM)  # type: ignore[arg-type]


def items(log: Log | None) -> list[str]:
    assert log is not None
    return [event[2] for event in log.events]


async def write(resources: Resources, histories: Histories | None, *rows: Row) -> None:
    """Commit as this process does; without histories as another one."""
    for one in rows:
        places = await resources.interactions.store([one])
        if histories is not None:
            histories.stored([one], places)


async def test_a_log_is_read_once_and_an_empty_one_too(
    resources: Resources, histories: Histories, store: Watched
) -> None:
    await write(resources, None, row("u", "b", 2), row("u", "a", 1), row("u", "none", None))
    assert histories.cached("u") is None
    assert items(await histories.get("u")) == ["none", "a", "b"]
    assert items(await histories.get("nobody")) == []
    assert items(histories.cached("u")) == ["none", "a", "b"]
    assert await histories.get("nobody") is histories.cached("nobody")
    assert store.read == [["u"], ["nobody"]]


async def test_an_own_write_is_put_in_its_place(resources: Resources, histories: Histories, store: Watched) -> None:
    await histories.get("u")
    for item, timestamp in (("c", 3), ("a", 1), ("none", None), ("b", 2), ("b-again", 2), ("none-again", None)):
        await write(resources, histories, row("u", item, timestamp))
        fresh = await resources.interactions.histories(["u"], 100)
        assert list(histories.cached("u").events) == fresh["u"]  # type: ignore[union-attr]
    assert store.read == [["u"]]
    before = histories.cached("u")
    assert before is not None
    last = before.events[-1]
    histories.stored([row("u", "c", 3)], [Stored(last[1], repeated=False)])
    assert histories.cached("u").events == before.events  # type: ignore[union-attr]


async def test_impressions_are_apart_and_push_nothing_out(
    resources: Resources, histories: Histories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATEST_IMPRESSIONS", 2)
    monkeypatch.setattr("app.storage.interactions.LATEST_IMPRESSIONS", 2)
    monkeypatch.setattr(module, "MAX_EVENTS", 3)
    kinds = ["view", *["shown"] * 3, "view", "recommended", "shown", "view"]
    rows = [Row("u", f"i{at}", kind, timestamp=at) for at, kind in enumerate(kinds)]
    await write(resources, None, *rows[:4])
    for number in range(4, len(rows) + 1):
        log = await histories.get("u")
        events = [row for row in rows[:number] if row.event_type == "view"][-3:]
        impressions = [row for row in rows[:number] if row.event_type != "view"][-2:]
        assert items(log) == [row.item_id for row in events]
        assert [(item, kind) for _, _, item, kind, _ in log.impressions] == [row[1:3] for row in impressions]
        # As they are read again.
        histories.clear()
        again = await histories.get("u")
        assert (again.events, again.impressions, again.size) == (log.events, log.impressions, log.size)
        if number < len(rows):
            await write(resources, histories, rows[number])


async def test_several_logs_are_read_at_once(resources: Resources, histories: Histories, store: Watched) -> None:
    await write(resources, None, *(row(f"u{number}", f"i{number}") for number in range(5)))
    await histories.get("u3")
    found = await histories.get_many([f"u{number}" for number in range(5)] + ["u0"])
    assert {user: items(log) for user, log in found.items()} == {f"u{n}": [f"i{n}"] for n in range(5)}
    assert store.read == [["u3"], ["u0", "u1", "u2", "u4"]]


async def test_who_asks_at_once_shares_a_reading_and_one_who_gives_up_spoils_none(
    resources: Resources, histories: Histories, store: Watched
) -> None:
    await write(resources, None, row("u", "a"))
    store.gate = asyncio.Event()
    asked = [asyncio.create_task(histories.get("u")) for _ in range(4)]
    await store.reached.wait()
    asked[0].cancel()
    store.gate.set()
    logs = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(logs[0], asyncio.CancelledError)
    assert logs[1] is logs[2] is logs[3] is histories.cached("u")
    assert len(store.read) == 1


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("known", [True, False])
async def test_what_is_stored_during_a_reading_is_in_the_log_afterwards(
    resources: Resources, histories: Histories, store: Watched, own: bool, known: bool
) -> None:
    await write(resources, None, row("u", "a", 1))
    if known:
        await histories.get("u")
    store.gate, store.reached = asyncio.Event(), asyncio.Event()
    # A reading that was begun before, and has not ended.
    reading = asyncio.create_task(histories.refresh(["u"]) if known else histories.get("u"))
    await store.reached.wait()
    await write(resources, histories if own else None, row("u", "b", 2))
    told = None if own else asyncio.create_task(histories.refresh(["u"]))
    await asyncio.sleep(0)
    store.gate.set()
    await reading
    if told is not None:
        await told
    assert items(histories.cached("u")) == ["a", "b"]
    assert items(await histories.get("u")) == ["a", "b"]


async def test_a_change_of_anything_during_a_reading_is_read_too(
    resources: Resources, histories: Histories, store: Watched
) -> None:
    store.gate = asyncio.Event()
    reading = asyncio.create_task(histories.get("u"))
    await store.reached.wait()
    await write(resources, None, row("u", "b", 2))
    await histories.refresh(None)
    store.gate.set()
    assert items(await reading) == ["b"]


async def test_a_change_of_users_who_are_not_in_memory_costs_nothing(histories: Histories, store: Watched) -> None:
    await histories.refresh(["never", "heard", "of"])
    assert store.read == []


async def test_what_cannot_be_read_anew_is_forgotten(
    resources: Resources, histories: Histories, store: Watched
) -> None:
    await histories.get_many(["u", "other"])
    store.broken = True
    with pytest.raises(DatabaseError):
        await histories.refresh(["u"])
    assert histories.cached("u") is None
    with pytest.raises(DatabaseError):
        await histories.get("u")
    assert items(await histories.get("other")) == []
    store.broken = False
    await write(resources, None, row("u", "a"))
    assert items(await histories.get("u")) == ["a"]


@SQLITE
async def test_of_too_many_logs_the_least_recently_used_goes(resources: Resources, store: Watched) -> None:
    size = Log().size
    histories = Histories(store, 3 * size)  # type: ignore[arg-type]
    for user in ("a", "b", "c"):
        await histories.get(user)
    assert histories.bytes == 3 * size
    histories.cached("a")
    await histories.get("d")
    assert [user for user in "abcd" if histories.cached(user) is not None] == ["a", "c", "d"]
    await write(resources, histories, row("c", "x"))
    assert (len(histories), histories.bytes) == (2, size + histories.cached("c").size)  # type: ignore[union-attr]
    histories.clear()
    assert (len(histories), histories.bytes) == (0, 0)
    nothing = Histories(store, 0)  # type: ignore[arg-type]
    assert items(await nothing.get("a")) == []
    assert len(nothing) == 0


@SQLITE
async def test_of_a_log_without_end_the_latest_events_are_kept(
    resources: Resources, histories: Histories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_EVENTS", 3)
    await write(resources, None, *(row("u", f"i{number}", number) for number in range(5)))
    assert items(await histories.get("u")) == ["i2", "i3", "i4"]
    await write(resources, histories, row("u", "i5", 5))
    assert items(histories.cached("u")) == ["i3", "i4", "i5"]


@pytest.mark.parametrize("count", [0, 10, 200])
def test_the_size_of_a_log_is_about_what_it_takes(count: int) -> None:
    events = [(10**15 + n, n, f"item-{n:06d}", "purchase", None) for n in range(count)]
    tracemalloc.start()
    logs = {f"user-{n:06d}": Log(events) for n in range(300)}
    taken = tracemalloc.get_traced_memory()[0] / 300
    tracemalloc.stop()
    # Some of it is for what is derived from a log once it is asked for.
    assert taken < logs["user-000000"].size < taken * 1.5 + 1500


async def test_a_log_that_makes_room_for_one_of_the_same_batch_is_left_out(
    resources: Resources, store: Watched
) -> None:
    few = row("u", "i"), row("v", "i")
    await write(resources, None, *few)
    one = Histories(store, ROOM)  # type: ignore[arg-type]
    await one.get("u")
    # Room for the two logs as they are: the first that grows drives the other out.
    histories = Histories(store, int(one.bytes * 2.1))  # type: ignore[arg-type]
    await histories.get_many(["v", "u"])
    more = [row("u", f"i{number}") for number in range(20)] + [row("v", "j")]
    histories.stored(more, await resources.interactions.store(more))
    assert sorted(items(await histories.get("v"))) == ["i", "j"]
