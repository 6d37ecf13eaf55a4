"""A port of its own for metrics: no key is needed there, and nothing else answers."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.api.metrics_port import MetricsPort
from app.config import Settings
from app.main import create_app
from tests.app.api.access.conftest import Make
from tests.app.api.access.keys import bearer

PORT = 9100
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
async def metrics(application: FastAPI, client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the port for metrics, while the application is served."""
    transport = httpx.ASGITransport(MetricsPort(application, PORT), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as metrics:
        yield metrics


async def test_no_key_is_needed_there_and_one_is_elsewhere(
    client: httpx.AsyncClient, metrics: httpx.AsyncClient, make: Make, refused: Any
) -> None:
    await make("read")
    answer = await metrics.get("/metrics")
    assert (answer.status_code, "braid_http_requests_total" in answer.text) == (200, True)
    assert (await metrics.head("/metrics")).status_code == 200
    refused(await client.get("/metrics"), 401, "unauthorized")
    # Only the socket counts, not what a client says.
    refused(await client.get("/metrics", headers={"Host": f"127.0.0.1:{PORT}"}), 401, "unauthorized")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/metrics/"),
        ("GET", "/metrics/online"),
        ("GET", "/health/live"),
        ("GET", "/recommend/u"),
        ("GET", "/docs"),
        ("POST", "/metrics"),
        ("OPTIONS", "/metrics"),
        ("POST", "/interactions"),
        ("GET", "/%6Detrics/online"),
    ],
)
async def test_nothing_else_answers_there(
    metrics: httpx.AsyncClient, make: Make, refused: Any, method: str, path: str
) -> None:
    key = await make("admin")
    problem = refused(await metrics.request(method, path, headers=bearer(key)), 404, "not_found")
    assert problem["detail"] == "this port answers GET /metrics and nothing else"


async def test_a_page_cannot_read_it_by_a_name_that_leads_to_this_machine(
    metrics: httpx.AsyncClient, application: FastAPI, refused: Any
) -> None:
    refused(await metrics.get("/metrics", headers={"Host": f"evil.example:{PORT}"}), 403, "foreign_host")
    assert (await metrics.get("/metrics", headers={"Host": f"localhost:{PORT}"})).status_code == 200
    # Within a network it has whatever name the network gives it.
    transport = httpx.ASGITransport(MetricsPort(application, PORT))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://10.0.0.5:{PORT}") as client:
        assert (await client.get("/metrics", headers={"Host": f"api:{PORT}"})).status_code == 200


@pytest.mark.parametrize("port", [None, PORT])
def test_the_port_is_a_setting(backend: str, port: int | None) -> None:
    settings = Settings(database_url="sqlite://", log_level="error", metrics_port=port)
    found = [one.kwargs for one in create_app(settings).user_middleware if str(one.cls) == str(MetricsPort)]
    assert found == ([] if port is None else [{"port": port}])
