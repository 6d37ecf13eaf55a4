"""What several workers of one server count, they count together."""

import shutil
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.end_to_end.conftest import Running

ASKED = 60


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_two_workers_count_together(running: Running, isolated: Path, database_url: str, trained_bundles: Path) -> None:
    shutil.copytree(trained_bundles, isolated / "bundles")
    settings = {"BRAID_DATABASE_URL": database_url, "BRAID_BUNDLES": isolated / "bundles", "TMPDIR": isolated}
    with running("serve", "--workers", "2", **settings) as (client, _):
        for number in range(ASKED):
            # Each on a connection of its own, so that both workers are asked.
            answer = client.get(f"/recommend/a-stranger-{number}", headers={"connection": "close"})
            assert answer.status_code == 200
        for _ in range(5):
            text = client.get("/metrics", headers={"connection": "close"}).text
            families = {family.name: family for family in text_string_to_metric_families(text)}
            lists = families["braid_recommendations"].samples
            assert sum(sample.value for sample in lists if sample.name.endswith("_total")) == ASKED
        page = client.get("/console").text
        assert f"100.0% of {ASKED}" in page
    assert not list(isolated.glob("braid-metrics-*"))
