"""Requests are counted, timed and logged by their routes, and nothing of a user is in metrics or logs."""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from structlog.testing import capture_logs

from app.api import problems
from app.api.answer_headers import AnswerHeaders
from app.api.observed import Observed
from app.config import Settings
from app.errors import DatabaseError
from app.process.resources import Resources
from tests.app.api.test_metrics import Samples, grown, scraped

USER, ITEM, TRACE = "someone-not-in-logs", "some-item", "4bf92f3577b34da6a3ce929d0e0e4736"
EVENT = {"user_id": USER, "item_id": ITEM, "event_type": "view"}


@pytest.fixture
def logged(application: FastAPI, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    application.state.settings = settings.model_copy(update={"access_log": True})
    # A logger keeps how logging was set up when it was first used, which may have been in another test.
    monkeypatch.setattr(problems, "_log", structlog.get_logger(problems.__name__))
    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        yield lines


def requests_of(before: Samples, after: Samples, route: str, status: int, method: str = "GET") -> float:
    return grown(before, after, "braid_http_requests_total", method=method, route=route, status=str(status))


async def test_requests_are_counted_and_timed_by_route_and_status(client: httpx.AsyncClient) -> None:
    before = await scraped(client)
    await client.post("/interactions", json=EVENT)
    for _ in range(3):
        await client.get(f"/recommend/{USER}")
    await client.head(f"/users/{USER}")
    await client.get("/users/unknown-one")
    await client.get("/recommend/x?limit=nothing")
    await client.get("/no/such/path")
    await client.request("BREW", "/popular")
    after = await scraped(client)
    assert requests_of(before, after, "/interactions", 201, "POST") == 1
    assert requests_of(before, after, "/recommend/{user_id}", 200) == 3
    assert requests_of(before, after, "/recommend/{user_id}", 422) == 1
    assert requests_of(before, after, "/users/{user_id}", 200, "HEAD") == 1
    assert requests_of(before, after, "/users/{user_id}", 404) == 1
    assert requests_of(before, after, "none", 404) == 1
    assert grown(before, after, "braid_http_request_duration_seconds_count", route="/recommend/{user_id}") == 4
    assert grown(before, after, "braid_group_commit_rows_count") == 1
    for phase in ("read", "rank", "write"):
        assert grown(before, after, "braid_list_phase_seconds_count", phase=phase) >= 1
    routes = {labels for name, labels in after if name == "braid_http_requests_total"}
    assert not [labels for labels in routes if USER in str(labels) or "BREW" in str(labels)]


@pytest.mark.parametrize(("error", "status"), [(None, 499), (ClientDisconnect, 499), (RuntimeError, 500)])
async def test_clients_that_go_away_are_no_errors_of_the_server(
    client: httpx.AsyncClient, error: type[Exception] | None, status: int
) -> None:
    async def unanswered(*_: object) -> None:
        if error is not None:
            raise error

    async def nothing(*_: object) -> Any:
        raise AssertionError

    before = await scraped(client)
    with nullcontext() if error is None else pytest.raises(error):
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        await AnswerHeaders(Observed(unanswered, lambda: False))(scope, nothing, nothing)
    assert requests_of(before, await scraped(client), "none", status) == 1


async def test_lists_are_counted_by_scenario_and_unknown_ones_are_not(client: httpx.AsyncClient) -> None:
    assert (await client.put("/scenarios/home", json={})).status_code == 201
    before = await scraped(client)
    assert (await client.get("/scenarios/home/recommend", params={"user_id": USER})).status_code == 200
    assert (await client.get("/scenarios/home/versions")).status_code == 200
    assert (await client.post("/scenarios/home/preview", json={"user_id": USER})).status_code == 200
    assert (await client.get("/scenarios/nowhere/recommend", params={"user_id": USER})).status_code == 404
    after = await scraped(client)
    assert grown(before, after, "braid_scenario_requests_total", scenario="home") == 1
    assert "nowhere" not in str(list(after))


async def test_a_request_id_and_a_trace_are_taken_over_and_sent_back(
    client: httpx.AsyncClient, logged: list[Any]
) -> None:
    trace = f"00-{TRACE}-00f067aa0ba902b7-01"
    answer = await client.get("/popular", headers={"X-Request-Id": "shop-1", "traceparent": trace})
    assert (answer.headers["x-request-id"], answer.headers["traceparent"]) == ("shop-1", trace)
    (line,) = [line for line in logged if line["event"] == "request"]
    assert (line["http_request_id"], line["trace_id"]) == ("shop-1", TRACE)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/popular", 200)
    assert line["ms"] > 0
    for bad in ("a b", "x" * 129, "é"):
        answer = await client.get("/popular", headers=[(b"X-Request-Id", bad.encode()), (b"traceparent", b"00-1-2-3")])
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
        assert "traceparent" not in answer.headers


async def test_no_line_of_the_log_names_a_user_or_an_item(
    client: httpx.AsyncClient, logged: list[Any], application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources: Resources = application.state.serving.resources

    async def ask_for_everything() -> None:
        await client.post("/interactions", json=EVENT)
        await client.put(f"/users/{USER}", json={"attributes": {"mail": f"{USER}@shop.example"}})
        for path in ("", "/export", "/interactions", "/similar"):
            await client.get(f"/users/{USER}{path}")
        await client.get(f"/recommend/{USER}")
        await client.get(f"/recommend/{USER}", params={"limit": USER})
        await client.get(f"/items/{ITEM}/similar")
        await client.post(f"/users/{USER}/merge", json={"into": f"{USER}-2"})
        await client.delete(f"/users/{USER}-2")

    await ask_for_everything()

    async def away(*_: object) -> None:
        raise DatabaseError("away")

    async def broken(*_: object) -> None:
        raise RuntimeError("broken")

    for failing in (away, broken):
        monkeypatch.setattr(resources.database, "write", failing)
        await ask_for_everything()
    assert {line["event"] for line in logged} >= {"request", "request failed", "unexpected error"}
    assert {line["route"] for line in logged if line["event"] == "request failed"} >= {"/users/{user_id}"}
    text = "\n".join(str({**line, "exc_info": None}) for line in logged)
    assert USER not in text
    assert ITEM not in text


async def test_errors_of_the_database_hide_the_values(resources: Resources) -> None:
    from sqlalchemy.exc import IntegrityError  # noqa: PLC0415

    await resources.users.put(USER, {})
    with pytest.raises(IntegrityError) as caught:
        async with resources.database.writing() as connection:
            await connection.exec_driver_sql("UPDATE users SET attributes = NULL")
    assert "parameters" not in str(caught.value)
