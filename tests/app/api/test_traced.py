"""Traces: a span for each request, its phases and its statements, and nothing of a user in them."""

import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from app import tracing
from app.api.traced import Traced
from app.config import Settings
from app.main import create_app
from app.services.users.profiles import Profiles
from app.tracing import traces
from models.bundle.store import BundleStore

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")

from tests.collector import CLIENT, INTERNAL, SERVER, Collector, collecting

USER, ITEM, TRACE, PARENT = "someone-not-in-logs", "item-not-in-traces", "4b" * 16, "0f" * 8


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        for name, value in collector.environment.items():
            monkeypatch.setenv(name, value)
        yield collector


@asynccontextmanager
async def serving(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Serve with traces; leaving sends what is left of them."""
    transport = httpx.ASGITransport(Traced(application), raise_app_exceptions=False)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client
    assert not traces.on


async def test_a_request_is_a_span_below_the_callers_with_phases_below_it(
    application: FastAPI, bundles: BundleStore, collector: Collector
) -> None:
    async with serving(application) as client:
        answer = await client.get(f"/recommend/{USER}", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
        assert answer.status_code == 200
    (span,) = collector.named("GET /recommend/{user_id}")
    assert (span.kind, span.trace_id, span.parent_id, span.failed) == (SERVER, TRACE, PARENT, False)
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/recommend/{user_id}",
        "http.response.status_code": 200,
        "url.path": "/recommend/{user_id}",
        "url.scheme": "http",
    }
    assert answer.headers["traceparent"] == f"00-{TRACE}-{span.span_id}-01"
    below = collector.below(span)
    phases = [one.name for one in below if one.kind == INTERNAL]
    assert sorted(phases) == ["list candidates", "list rank", "list read", "list write"]
    assert {one.trace_id for one in below} == {TRACE}
    assert span.resource["service.name"] == "braid"


async def test_statements_are_spans_that_name_their_tables(
    application: FastAPI, backend: str, collector: Collector
) -> None:
    async with serving(application) as client:
        assert (await client.put(f"/users/{USER}", json={"attributes": {"plan": "a"}})).status_code == 201
        assert (await client.get(f"/users/{USER}")).status_code == 200
    (put,), (get,) = collector.named("PUT /users/{user_id}"), collector.named("GET /users/{user_id}")
    assert "INSERT users" in {one.name for one in collector.below(put)}
    (read,) = [one for one in collector.below(get) if one.name == "SELECT users"]
    assert read.kind == CLIENT
    assert read.attributes == {
        "db.system.name": backend,
        "db.operation.name": "SELECT",
        "db.collection.name": "users",
        "db.query.summary": "SELECT users",
    }


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_no_span_holds_a_user_an_item_a_secret_or_the_text_of_an_error(
    application: FastAPI, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(application) as client:
        event = {"user_id": USER, "item_id": ITEM, "event_type": "view"}
        assert (await client.post("/interactions", json=event)).status_code == 201
        for path in (f"/recommend/{USER}?context={USER}", f"/users/{USER}/export", f"/nowhere/{USER}"):
            await client.get(path, headers={"User-Agent": USER, "Authorization": "Bearer braid_sk_of-nobody"})
        assert (await client.request("BREW", f"/users/{USER}")).status_code >= 400
        assert (await client.get(f"/users/{USER}")).status_code == 200

        async def broken(*_: object) -> None:
            raise RuntimeError("a-secret reason")

        monkeypatch.setattr(Profiles, "get", broken)
        assert (await client.get(f"/users/{USER}")).status_code == 500
    assert len(collector.spans) > 10
    assert not [secret for secret in (USER, ITEM, "braid_sk_", "a-secret") if secret.encode() in collector.raw]
    (unknown,) = collector.named("GET")
    assert (unknown.attributes["http.response.status_code"], "url.path" in unknown.attributes) == (404, False)
    methods = {span.attributes["http.request.method"] for span in collector.spans if span.kind == SERVER}
    assert methods == {"GET", "POST", "_OTHER"}
    (failed,) = [span for span in collector.named("GET /users/{user_id}") if span.failed]
    assert (failed.attributes["http.response.status_code"], failed.attributes["error.type"]) == (500, "RuntimeError")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_statement_that_fails_is_a_failed_span(
    application: FastAPI, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(application) as client:
        database = application.state.serving.resources.database
        async with database.writing() as connection:
            await connection.exec_driver_sql("DROP TABLE training_jobs")
        assert (await client.get("/training-jobs")).status_code == 503
    (failed,) = [span for span in collector.spans if span.failed and span.kind == CLIENT]
    assert failed.name == "SELECT training_jobs"
    assert failed.attributes["error.type"] == "OperationalError"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_callers_that_are_not_sampled_cost_no_spans_and_names_can_be_set(
    application: FastAPI, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop-lists")
    async with serving(application) as client:
        await client.get("/popular", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
        assert "traceparent" in (await client.get("/popular")).headers
    assert {span.resource["service.name"] for span in collector.spans} == {"shop-lists"}
    assert len(collector.named("GET /popular")) == 1
    assert TRACE not in {span.trace_id for span in collector.spans}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_collector_that_is_away_delays_neither_answers_nor_the_end(
    application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_END_SECONDS", 0.1)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    async with serving(application) as client:
        for _ in range(20):
            assert (await client.get(f"/recommend/{USER}")).status_code == 200
        began = time.monotonic()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_only_a_named_collector_puts_spans_in_front_of_the_application(
    variables: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    middleware = create_app(Settings(database_url="sqlite://", log_level="error")).user_middleware
    assert (str(middleware[0].cls) == str(Traced)) == wanted


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_without_the_extra_a_line_says_so_and_the_service_runs(
    application: FastAPI, collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    async with serving(application) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert not traces.on
    assert collector.spans == []
    (line,) = [record for record in caplog.records if "no traces are sent" in str(record.msg)]
    assert "pip install 'braid-recommender[otel]'" in str(line.msg)
