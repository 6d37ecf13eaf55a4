"""What readiness names beside database and bundle: jobs without a worker, lag, unknown event types."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, insert, update

from app.storage.tables import interactions, training_jobs
from tests.app.conftest import Serve

SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
TEN_MINUTES = 600_000_000


async def check(client: httpx.AsyncClient, name: str) -> tuple[str, str]:
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    found: dict[str, Any] = answer.json()["checks"][name]
    return found["status"], found["detail"]


async def test_a_job_that_no_worker_takes_is_named(client: httpx.AsyncClient, application: FastAPI) -> None:
    resources = application.state.serving.resources

    def older(connection: Connection) -> None:
        columns = training_jobs.c
        earlier = {"created_at": columns.created_at - TEN_MINUTES, "lease_until": columns.lease_until - TEN_MINUTES}
        connection.execute(update(training_jobs).values(earlier))

    assert await check(client, "training") == ("ok", "no training job waits")
    await client.post("/training-jobs")
    assert await check(client, "training") == ("ok", "1 training job waits")
    await resources.database.write(older)
    waits = "1 training job has waited for 10 minutes, and no worker takes one: start `braid worker`"
    assert await check(client, "training") == ("degraded", waits)
    await resources.training_jobs.claim("w", "v")
    assert await check(client, "training") == ("ok", "a worker runs a training job; 0 wait")
    await resources.database.write(older)
    status, detail = await check(client, "training")
    assert (status, "no worker takes one" in detail) == ("degraded", True)


@SQLITE_ONLY
async def test_a_process_that_lags_is_named(
    client: httpx.AsyncClient, application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await check(client, "change_feed"))[0] == "ok"
    monkeypatch.setattr("app.services.monitoring.operation_checks._LAG_SECONDS", 0.0)
    status, detail = await check(client, "change_feed")
    assert (status, "s behind: what other processes store" in detail) == ("degraded", True)
    assert "braid_change_feed_lag_seconds" in (await client.get("/metrics")).text


async def test_event_types_that_the_settings_lack_are_named(
    serve: Serve, application: FastAPI, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"user_id": "u", "item_id": "i", "event_type": kind} for kind in ("skip", "skip", "<b>", "view")]
    async with serve():
        database = application.state.serving.resources.database
        await database.write(lambda connection: connection.execute(insert(interactions), rows))
    async with serve() as client:
        await application.state.serving.event_types_of_log.compare()
        status, detail = await check(client, "event_types")
        assert status == "degraded"
        assert "BRAID_EVENT_TYPES: <b> (1), skip (2); they count for nothing" in detail
        page = (await client.get("/console")).text
        assert "&lt;b&gt; (1), skip (2)" in page
        assert "<b>" not in page


@SQLITE_ONLY
async def test_a_check_of_a_healthy_service_is_not_on_the_console(client: httpx.AsyncClient) -> None:
    assert "takes writes" not in (await client.get("/console")).text
