"""What several workers of one server count, they count together."""

import shutil
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.end_to_end.conftest import Running
from tests.postgresql import unused_port

ASKED = 60


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_two_workers_count_together_and_on_a_port_of_its_own(
    running: Running, isolated: Path, database_url: str, trained_bundles: Path
) -> None:
    shutil.copytree(trained_bundles, isolated / "bundles")
    port = unused_port()
    settings = {"BRAID_DATABASE_URL": database_url, "BRAID_BUNDLES": isolated / "bundles", "TMPDIR": isolated}
    settings |= {"BRAID_METRICS_PORT": port}
    with running("serve", "--workers", "2", **settings) as (client, _):
        for number in range(ASKED):
            # Each on a connection of its own, so that both workers are asked.
            answer = client.get(f"/recommend/not-in-logs-{number}", headers={"connection": "close"})
            assert answer.status_code == 200
        for _ in range(5):
            for url in ("/metrics", f"http://127.0.0.1:{port}/metrics"):
                text = client.get(url, headers={"connection": "close"}).text
                families = {family.name: family for family in text_string_to_metric_families(text)}
                lists = families["braid_recommendations"].samples
                assert sum(sample.value for sample in lists if sample.name.endswith("_total")) == ASKED
                assert families["braid_database_connections_limit"].samples[0].value == 20
        page = client.get("/console").text
        assert f"100.0% of {ASKED}" in page
    assert not list(isolated.glob("braid-metrics-*"))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_one_process_answers_on_both_ports(running: Running, database_url: str) -> None:
    port = unused_port()
    with running("serve", BRAID_DATABASE_URL=database_url, BRAID_METRICS_PORT=port) as (client, log):
        metrics = f"http://127.0.0.1:{port}"
        assert "braid_http_requests_total" in client.get(f"{metrics}/metrics").text
        assert client.get(f"{metrics}/health/live").status_code == 404
        assert client.get("/health/live").status_code == 200
        assert f"metrics: {metrics}/metrics" in log()
