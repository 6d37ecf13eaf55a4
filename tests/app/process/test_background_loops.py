"""Background loops of a process that serves: each is killed, and is logged, shown, started again and healthy again."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from app.process import serving_state
from app.process.serving_state import LOOPS, ServingState
from app.services.kit import supervision
from app.services.kit.supervision import Loop


class KilledError(Exception):
    """What the test raises in a loop."""


async def sample(client: httpx.AsyncClient, metric: str, name: str) -> float:
    families = text_string_to_metric_families((await client.get("/metrics")).text)
    (value,) = (
        one.value for family in families for one in family.samples if (one.name, one.labels) == (metric, {"loop": name})
    )
    return value


async def becomes(client: httpx.AsyncClient, status: str) -> dict[str, str]:
    for _ in range(1000):
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        check: dict[str, str] = answer.json()["checks"]["background"]
        if check["status"] == status:
            return check
        await asyncio.sleep(0.02)
    pytest.fail(f"the loops never became {status}")


@pytest.mark.parametrize(
    ("backend", "name"),
    [*(("sqlite", name) for name in LOOPS), ("postgresql", "change_feed"), ("postgresql", "notifications")],
    indirect=["backend"],
)
async def test_a_loop_that_dies_is_logged_shown_and_started_again(
    name: str,
    backend: str,
    application: FastAPI,
    serve: Any,
    documented: Callable[[str, object], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    find, kill, starts = LOOPS[name], asyncio.Event(), 0

    def killable(state: ServingState) -> Loop | None:
        run = find(state)

        async def until_killed() -> None:
            nonlocal starts
            starts += 1
            running = asyncio.create_task(run())  # type: ignore[misc]
            killing = asyncio.create_task(kill.wait())
            try:
                await asyncio.wait([running, killing], return_when=asyncio.FIRST_COMPLETED)
                assert not running.done()
                raise KilledError
            finally:
                await supervision.stop(running, killing)  # type: ignore[arg-type]

        return run and until_killed

    monkeypatch.setitem(serving_state.LOOPS, name, killable)
    monkeypatch.setattr(supervision, "_FIRST_PAUSE", 0.3)
    async with serve() as client:
        if name == "notifications" and backend == "sqlite":
            assert name not in application.state.serving.background.names
            return
        assert name in (await becomes(client, "ok"))["detail"]
        assert await sample(client, "braid_background_up", name) == 1
        before = await sample(client, "braid_background_restarts_total", name)
        kill.set()
        check = await becomes(client, "degraded")
        kill.clear()
        documented("Check", check)
        assert f"{name} (KilledError)" in check["detail"]
        assert await sample(client, "braid_background_up", name) == 0
        await becomes(client, "ok")
        assert await sample(client, "braid_background_up", name) == 1
        assert starts == 2
        assert await sample(client, "braid_background_restarts_total", name) - before == 1
        (record,) = [one for one in caplog.records if "background loop died" in str(one.msg)]
        assert record.levelno == logging.ERROR
        assert isinstance(record.msg, dict)
        assert record.msg["loop"] == name
        assert isinstance(record.msg["exc_info"], KilledError)
        assert (await client.get("/recommend/somebody")).status_code == 200


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "module", "attribute"),
    [
        ("change_feed", "app.storage.changes.ChangeStore", "read"),
        ("bundle", "app.services.state.active_bundle.ActiveBundle", "_load"),
        ("popularity", "app.services.popularity.counts_since_bundle.CountsSinceBundle", "refresh"),
        ("retention", "app.services.users.retention.Retention", "drop"),
        ("imports", "app.services.transfer.import_jobs", "sweep"),
        ("notifications", "app.storage.database.Database", "listening"),
    ],
)
async def test_no_loop_keeps_an_unexpected_error_to_itself(
    name: str, module: str, attribute: str, state: ServingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Any:
        raise KilledError

    await state.feed.start()
    monkeypatch.setattr(f"{module}.{attribute}", broken)
    run = state.notifications.run if name == "notifications" else LOOPS[name](state)
    assert run is not None
    state.counts_since_bundle._serving = state.bundle.serving
    state.counts_since_bundle._requested.set()
    with pytest.raises(KilledError):
        await asyncio.wait_for(run(), 10)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_after_an_unexpected_error_the_feed_reads_everything_anew(
    state: ServingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    await state.feed.start()
    await state.histories.get("u")
    with monkeypatch.context() as broken:
        broken.setattr(state.resources.changes, "read", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await state.feed.catch_up()
    assert state.histories.cached("u") is not None
    await state.feed.catch_up()
    assert state.histories.cached("u") is None
