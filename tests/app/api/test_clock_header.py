"""A server under test: the header of a request moves the clock that all answers are made by."""

import math
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from app.api.clock_header import CLOCK_HEADER
from app.config import Settings
from app.main import create_app
from app.process.serving_state import ServingState
from app.schemas.options import Options
from app.services.recommending.ranking import CONTEXT_HELD, seconds_held
from models.bundle.manifest import MANIFEST_FILE
from models.bundle.store import BundleStore
from tests.app.api.asking import item_ids, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

THEN = datetime(2030, 5, 1, tzinfo=UTC)


def at(days: float) -> dict[str, str]:
    return {CLOCK_HEADER: (THEN + timedelta(days=days)).isoformat()}


@pytest.fixture(scope="module")
def one_application() -> FastAPI:
    return create_app(Settings(database_url="sqlite://", log_level="error", test_clock=THEN))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"test_clock": THEN})


@pytest.fixture
def half_lives(bundles: BundleStore) -> BundleStore:
    """A bundle for which a view says half as much after a day."""
    manifest = bundles.root / str(bundles.active_version()) / MANIFEST_FILE
    document = orjson.loads(manifest.read_bytes())
    document["settings"]["scale"]["half_lives"] = {"view": 86_400.0}
    document["settings"]["strength_exponent"] = 1.0
    manifest.write_bytes(orjson.dumps(document))
    return bundles


async def ask(client: httpx.AsyncClient, path: str, days: float) -> dict[str, Any]:
    answer = await client.get(path, headers=at(days))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_interaction_without_a_time_gets_that_of_the_clock(client: httpx.AsyncClient) -> None:
    body = {"user_id": "u", "item_id": "i", "event_type": "view"}
    await client.post("/interactions", json=body)
    await client.post("/interactions", json=body, headers=at(2))
    await client.post("/interactions/batch", json=[body])
    rows = (await client.get("/users/u/interactions")).json()["items"]
    moments = sorted(datetime.fromisoformat(row["timestamp"]) for row in rows)
    assert moments == [THEN, THEN + timedelta(days=2), THEN + timedelta(days=2)]


async def test_a_time_in_the_future_of_the_clock_is_refused(
    client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]]
) -> None:
    body = {"user_id": "u", "item_id": "i", "event_type": "view", "timestamp": (THEN + timedelta(days=3)).isoformat()}
    refused(await client.post("/interactions", json=body), 422, "invalid_request", "timestamp")
    assert (await client.post("/interactions", json=body, headers=at(2.5))).status_code == 201


async def test_items_come_and_go_with_the_clock_in_both_directions(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    path = "/recommend/stranger?limit=1"
    first, second = item_ids(await ask(client, "/recommend/stranger?limit=2", 0))
    window = {"available_from": (THEN + timedelta(days=1)).isoformat()}
    await client.put(f"/items/{first}", json=window)
    for days, item in ((0, second), (0.5, second), (1.5, first), (0.9, second), (2, first)):
        assert item_ids(await ask(client, path, days)) == [item]


async def test_a_kept_answer_expires_when_the_strengths_behind_it_decay(
    half_lives: BundleStore, client: httpx.AsyncClient
) -> None:
    await post(client, "u", "i01", "view")
    await post(client, "u", "i02", "purchase")
    scores = []
    for days in (0, 0.00001, 3, 0):
        kept = await ask(client, "/recommend/u?limit=20", days)
        fresh = await ask(client, f"/recommend/u?limit=20&exclude=x{days}", days)
        scores.append([(item["item_id"], item["score"]) for item in kept["items"]])
        assert scores[-1] == [(item["item_id"], item["score"]) for item in fresh["items"]]
    assert scores[0] == scores[1] == scores[3] != scores[2]


async def test_a_kept_answer_with_repeats_expires_and_one_without_them_stays(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    state: ServingState = application.state.serving
    assert state.bundle.ranker is not None
    assert state.bundle.ranker.repeats is not None
    monkeypatch.setattr(state.bundle.ranker.repeats, "clock", True)
    await post(client, "u", "i01")
    computed: list[str] = []
    listed = state.listing.listed

    def noted(request: Any) -> Any:
        computed.append(request.user_id)
        return listed(request)

    monkeypatch.setattr(state.listing, "listed", noted)
    for query, times in (("", 1), ("?exclude_seen=false", 2)):
        await ask(client, f"/recommend/u{query}", 0)
        computed.clear()
        for days in (0, 0.001, 1, 1.001):
            await ask(client, f"/recommend/u{query}", days)
        assert len(computed) == times


async def test_a_kept_answer_expires_where_the_network_reads_the_time_of_the_request(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    state: ServingState = application.state.serving
    assert state.bundle.ranker is not None
    serving = state.bundle.serving
    assert seconds_held(serving, Options()) == math.inf
    assert state.bundle.ranker.network is not None
    monkeypatch.setattr(state.bundle.ranker.network, "context", True)
    assert seconds_held(serving, Options()) == CONTEXT_HELD
    assert seconds_held(serving, Options(exclude_seen=False)) <= CONTEXT_HELD


async def test_old_interactions_are_dropped_by_the_clock(
    client: httpx.AsyncClient, application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    state: ServingState = application.state.serving
    monkeypatch.setattr(state.retention, "_days", 30)
    await post(client, "u", "i")
    assert await state.retention.drop() == 0
    await client.get("/health/live", headers=at(31))
    assert await state.retention.drop() == 1


@pytest.mark.parametrize("moment", ["soon", "2030-05-01", "2030-05-01T00:00:00", "1960-01-01T00:00:00Z"])
async def test_a_header_that_is_no_time_is_refused(
    client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]], moment: str
) -> None:
    answer = await client.get("/popular", headers={CLOCK_HEADER: moment})
    refused(answer, 422, "invalid_request", CLOCK_HEADER)


@pytest.fixture
async def elsewhere(application: FastAPI, client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application, client=("192.0.2.1", 123))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as other:
        yield other


async def test_other_machines_are_not_answered(
    elsewhere: httpx.AsyncClient, refused: Callable[..., dict[str, Any]]
) -> None:
    refused(await elsewhere.get("/popular"), 403, "test_clock")
