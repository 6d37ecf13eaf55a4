"""Impressions over HTTP: what was shown several times and passed over sinks, at once, and recovers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.api.clock_header import CLOCK_HEADER
from app.config import Settings
from app.main import create_app
from app.process.serving_state import serving_state
from app.services.state.user_history import read_log
from models.bundle.store import BundleStore
from tests.app.api.asking import ask, ask_for, item_ids, post

THEN = datetime(2030, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def one_application() -> FastAPI:
    return create_app(Settings(database_url="sqlite://", log_level="error", test_clock=THEN))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"test_clock": THEN, "deadline_ms": 60_000, "rotation": 1.0})


async def show(client: httpx.AsyncClient, items: list[str], times: int, user: str = "u") -> None:
    row = {"user_id": user, "event_type": "shown"}
    rows = [
        row | {"item_id": item, "position": n, "event_id": f"{user}-{item}-{t}"}
        for t in range(times)
        for n, item in enumerate(items)
    ]
    answer = (await client.post("/interactions/batch", json=rows)).json()
    assert (answer["stored"], answer["refused"]) == (len(rows), 0)


async def ask_later(client: httpx.AsyncClient, days: float, **query: Any) -> list[str]:
    when = {CLOCK_HEADER: (THEN + timedelta(days=days)).isoformat()}
    answer = await client.get("/recommend/u", params=query, headers=when)
    assert answer.status_code == 200, answer.text
    return item_ids(answer.json())


@pytest.mark.parametrize("history", [("i01", "i02", "i03"), ()], ids=["personalized", "popular"])
async def test_what_was_passed_over_sinks_and_recovers(
    bundles: BundleStore, client: httpx.AsyncClient, history: tuple[str, ...]
) -> None:
    for item in history:
        await post(client, "u", item)
    before = await ask_later(client, 0.0)
    assert await ask_later(client, 0.0) == before
    await show(client, before[:3], 1)
    # One show tires nobody.
    assert await ask_later(client, 0.0) == before
    places = [0]
    for _ in range(3):
        await client.post("/interactions", json={"user_id": "u", "item_id": before[0], "event_type": "shown"})
        after = await ask_later(client, 0.0, limit=100)
        places.append(after.index(before[0]))
    assert places == sorted(places)
    assert places[-1] > 3
    assert [item for item in after if item != before[0]][:3] == [item for item in before if item != before[0]][:3]
    # Not for who does not want it, nor for others; and it recovers.
    assert await ask_later(client, 0.0, rotation="0") == before
    assert item_ids(await ask_for(client, user_id="u", rotation=0.0)) == before
    assert item_ids(await ask_for(client, user_id="u", limit=100)) == after
    assert await ask_later(client, 60.0) == before


async def test_an_interaction_with_the_item_ends_it(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01")
    first = item_ids(await ask(client, "u"))[0]
    await show(client, [first], 5)
    assert item_ids(await ask(client, "u", exclude_seen="false"))[0] != first
    state = client._transport.app.state.serving  # type: ignore[attr-defined]
    assert len(read_log(state.bundle.serving, "u", await state.histories.get("u")).shows) == 5
    await post(client, "u", first)
    assert len(read_log(state.bundle.serving, "u", await state.histories.get("u")).shows) == 0


async def test_rotation_is_a_reason(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01")
    listed = item_ids(await ask(client, "u", limit=50))
    await show(client, listed[:1], 3)
    answer = await ask(client, "u", limit=100, explain="true")
    strands = {item["item_id"]: {reason["strand"] for reason in item["reasons"]} for item in answer["items"]}
    assert [item for item, found in strands.items() if "rotation" in found] == listed[:1]


async def test_other_processes_know_within_a_second(
    bundles: BundleStore, client: httpx.AsyncClient, settings: Settings
) -> None:
    await post(client, "u", "i01")
    async with serving_state(settings) as other:
        await other.start()
        await other.histories.get("u")
        await show(client, ["i02"], 3)
        await other.feed.catch_up()
        log = other.histories.cached("u")
        assert log is not None
        assert [item for _, _, item, _, _ in log.impressions] == ["i02"] * 3
        assert [item for _, _, item, _, _ in log.events] == ["i01"]


@pytest.mark.parametrize("given", ["-0.1", "1.1", "nan", "much"])
async def test_rotation_is_between_0_and_1(client: httpx.AsyncClient, refused: Any, given: str) -> None:
    refused(await client.get("/recommend/u", params={"rotation": given}), 422, "invalid_request", "rotation")
