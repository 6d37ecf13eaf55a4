"""Real servers send traces of what all their processes do."""

import time

import pytest

from tests.end_to_end.conftest import STARTED_WITHIN, Running

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")

from tests.collector import SERVER, Collector, collecting

NAME, USER = "GET /recommend/{user_id}", "someone-not-in-logs"
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def processes(collector: Collector) -> set[int]:
    """Return the processes that have sent a span of a list."""
    return {span.resource["process.pid"] for span in collector.named(NAME)}


def test_several_processes_send_their_requests(running: Running, database_url: str) -> None:
    with collecting() as collector:
        # The framework could send traces too, with all that is in the address of a request.
        settings = {**collector.environment, "FASTAPI_OTEL_AUTO_CONFIGURE": "true", "BRAID_DATABASE_URL": database_url}
        with running("serve", "--workers", "2", **settings) as (client, log):
            asked, until = 0, time.monotonic() + STARTED_WITHIN
            # The other process may take longer to start.
            while len(processes(collector)) < 2:
                assert time.monotonic() < until, log()
                assert client.get(f"/recommend/{USER}", headers={"connection": "close"}).status_code == 200
                asked += 1
                time.sleep(0.01)
        spans = collector.named(NAME)
    assert len(spans) == asked
    assert {span.attributes["http.route"] for span in collector.spans if span.kind == SERVER} == {
        "/recommend/{user_id}",
        "/health/live",
    }
    assert USER.encode() not in collector.raw
    assert USER not in log()
