"""Two processes over one database: what one stores takes effect in the other within a second."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from app.config import Settings
from app.errors import DatabaseError
from app.process import serving_factory
from app.process.serving_state import ServingState, serving_state
from app.schemas.interactions import InteractionIn
from app.schemas.items import DeleteItemsQuery, ItemIn
from models.ranking.live_catalogue import LiveCatalogue

WITHIN = 1.0


@pytest.fixture
async def both(settings: Settings) -> AsyncIterator[tuple[ServingState, ServingState]]:
    async with serving_state(settings) as here, serving_state(settings) as there:
        await here.start()
        await there.start()
        yield here, there


def view(user: str, item: str) -> InteractionIn:
    return InteractionIn(user_id=user, item_id=item, event_type="view")


async def becomes(holds: Callable[[], bool]) -> float:
    """Wait until something holds, and give how long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < WITHIN
        await asyncio.sleep(0.005)
    return time.monotonic() - began


def had(state: ServingState, user: str) -> list[str] | None:
    log = state.histories.cached(user)
    return None if log is None else [event[2] for event in log.events]


def shown(state: ServingState, item: str) -> bool:
    serving = state.bundle.serving
    serving.update_availability()
    live: LiveCatalogue = serving.live
    code = int(live.codes([item])[0])
    return code >= 0 and not live.blocked[code]


def knows(state: ServingState, items: list[str]) -> bool:
    return had(state, "u") == items


def shows(state: ServingState, visible: bool) -> bool:
    return shown(state, "x") is visible


async def test_an_interaction_is_known_to_the_other_process_within_a_second(
    both: tuple[ServingState, ServingState],
) -> None:
    here, there = both
    for state in both:
        await state.histories.get_many(["u", "v"])
    for number in range(10):
        writer, reader = (here, there) if number % 2 else (there, here)
        before = had(reader, "u")
        assert before is not None
        await writer.ingestion.store(view("u", f"i{number}"))
        assert had(writer, "u") == [*before, f"i{number}"]
        await becomes(partial(knows, reader, [*before, f"i{number}"]))
    assert had(here, "v") == had(there, "v") == []


async def test_an_item_comes_and_goes_in_the_other_process_within_a_second(
    both: tuple[ServingState, ServingState],
) -> None:
    here, there = both
    for item, visible in (
        (ItemIn(title="a"), True),
        (ItemIn(hidden=True), False),
        (ItemIn(), True),
        (ItemIn.model_validate({"available_until": "2020-01-01T00:00:00Z"}), False),
        (ItemIn.model_validate({"available_from": "2020-01-01T00:00:00Z"}), True),
        (None, False),
        (ItemIn(), True),
    ):
        if item is None:
            await serving_factory.catalogue(here).delete("x")
        else:
            await serving_factory.catalogue(here).put("x", item)
        assert shown(here, "x") is visible
        await becomes(partial(shows, there, visible))


async def test_items_deleted_together_vanish_from_all_processes(both: tuple[ServingState, ServingState]) -> None:
    here, there = both
    catalogue = serving_factory.catalogue(here)
    for item in ("x", "y", "z"):
        await catalogue.put(item, ItemIn(tags=["t"] if item < "z" else []))
    await becomes(lambda: shown(there, "z"))
    assert await catalogue.delete_matching(DeleteItemsQuery(tag="t")) == 2
    assert [shown(here, item) for item in ("x", "y", "z")] == [False, False, True]
    await becomes(lambda: [shown(there, item) for item in ("x", "y", "z")] == [False, False, True])


async def test_a_process_that_starts_later_knows_what_was_changed_before(
    both: tuple[ServingState, ServingState], settings: Settings
) -> None:
    here, _ = both
    await serving_factory.catalogue(here).put("x", ItemIn(hidden=True))
    await serving_factory.catalogue(here).put("y", ItemIn())
    await serving_factory.catalogue(here).put("gone", ItemIn())
    await serving_factory.catalogue(here).delete("gone")
    async with serving_state(settings) as later:
        await later.start()
        assert [shown(later, item) for item in ("x", "y", "gone")] == [False, True, False]


async def test_after_an_outage_everything_is_caught_up(
    both: tuple[ServingState, ServingState], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = both
    await there.histories.get("u")

    async def away(*_: object) -> Any:
        raise DatabaseError("away")

    with monkeypatch.context() as outage:
        outage.setattr(there.feed._changes, "read", away)
        await here.ingestion.store(view("u", "i"))
        await asyncio.sleep(0.6)
        assert had(there, "u") == []
        assert there.feed.seconds_behind > 0.3
    await becomes(lambda: had(there, "u") == ["i"])
    await becomes(lambda: there.feed.seconds_behind < 0.5)


async def test_what_was_missed_for_too_long_is_read_anew(both: tuple[ServingState, ServingState]) -> None:
    here, there = both
    await there.histories.get("u")
    await serving_factory.catalogue(here).put("x", ItemIn())
    await here.ingestion.store(view("u", "i"))
    there.bundle.serving.live.apply("x", {"hidden": True})
    while had(there, "u") is not None:
        # Again and again: a reading that is under way sets it to now.
        there.feed._read_at -= 3600
        await asyncio.sleep(0.05)
    await becomes(lambda: shown(there, "x"))
    assert had(there, "u") is None or had(there, "u") == ["i"]
    assert [event[2] for event in (await there.histories.get("u")).events] == ["i"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_database_that_is_away_leaves_what_is_in_memory(
    both: tuple[ServingState, ServingState], database_url: str, tmp_path: Path
) -> None:
    here, _ = both
    await here.histories.get("u")
    path = Path(str(make_url(database_url).database))
    await here.resources.database.engine.dispose()
    shutil.move(path, tmp_path / "elsewhere")
    path.mkdir()
    await here.feed.catch_up()
    assert had(here, "u") == []
    with pytest.raises(DatabaseError):
        await here.histories.get("another")
    path.rmdir()
    shutil.move(tmp_path / "elsewhere", path)
    assert (await here.histories.get("another")).events == []
