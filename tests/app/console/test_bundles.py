"""The console's pages of bundles and training jobs."""

from collections.abc import Mapping
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from app.console.bundles import CHECKS
from models.bundle.manifest import MANIFEST_FILE
from models.bundle.store import BundleStore
from models.bundle.verdict import GateCheck, Verdict

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
OWN = {"origin": "http://127.0.0.1"}


def rewrite(bundles: BundleStore, changes: Mapping[str, Any]) -> str:
    version = str(bundles.active_version())
    manifest = bundles.root / version / MANIFEST_FILE
    manifest.write_bytes(orjson.dumps(orjson.loads(manifest.read_bytes()) | changes))
    return version


async def test_an_empty_service_says_what_to_do(client: httpx.AsyncClient) -> None:
    page = (await client.get("/console/bundles")).text
    assert "No bundle yet" in page
    assert "Nobody has asked for one" in page


async def test_a_version_is_shown_with_its_intervals_gate_and_report(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    version = str(bundles.active_version())
    intervals = bundles.manifest(version).metrics["intervals"]["braid"]["ndcg@10"]
    listed = await client.get("/console/bundles")
    assert listed.status_code == 200
    assert f"{intervals[0]:.4f} to {intervals[1]:.4f}" in listed.text
    page = (await client.get(f"/console/bundles/{version}")).text
    assert "It is active" in page
    assert f"{intervals[0]:.4f} to {intervals[1]:.4f}" in page
    gate = bundles.manifest(version).gate
    assert gate is not None
    for check in gate.checks:
        assert CHECKS[check.name] in page
    report = await client.get(f"/console/bundles/{version}/report")
    assert report.status_code == 200
    assert version in report.text
    policy = report.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy


async def test_what_there_is_not_is_a_page(client: httpx.AsyncClient) -> None:
    for path in ("/console/bundles/20260101T000000Z", "/console/bundles/x/report", "/console/bundles/jobs/x"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")


async def test_a_refused_bundle_is_activated_only_with_its_own_tick(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    failed = GateCheck(name="size", outcome="failed", detail="<b>too large</b>")
    version = rewrite(bundles, {"gate": Verdict(checks=(failed,)).model_dump()})
    path = f"/console/bundles/{version}/activate"
    (bundles.root / "CURRENT").unlink()
    page = (await client.get(f"/console/bundles/{version}")).text
    assert "Activate it all the same" in page
    assert "&lt;b&gt;too large" in page
    answer = await client.post(path, headers=OWN)
    assert answer.status_code == 422
    assert "the gate has refused it" in answer.text
    answer = await client.post(path, data={"force": "yes"}, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/bundles")
    found = (await client.get("/bundles")).json()["items"][0]
    assert (found["active"], found["forced"], found["activated_by"]) == (True, True, "console")
    act = (await client.get("/audit-log")).json()["items"][0]
    assert (act["action"], act["subject"]) == ("POST", path)


async def test_a_training_is_started_followed_and_cancelled(client: httpx.AsyncClient, application: FastAPI) -> None:
    form = {"kind": "full", "seed": "3", "budget": "1.5"}
    answer = await client.post("/console/bundles/jobs", data=form, headers=OWN)
    assert answer.status_code == 303
    place = answer.headers["location"]
    job = (await client.get("/training-jobs")).json()["items"][0]
    assert (job["seed"], job["budget"], place) == (3, 1.5, f"/console/bundles/jobs/{job['job_id']}")
    assert "Waiting" in (await client.get(place)).text
    store = application.state.serving.resources.training_jobs
    claimed = await store.claim("w", "v")
    await store.renew(claimed, "tuning neighbours", 0.25, ["reading the log: done after 1.5 s", "<i>said</i>"])
    part = await client.get(f"{place}/progress?refreshed")
    assert "hx-refresh" not in part.headers
    for text in ("tuning neighbours", "25 %", "1.5 s", "&lt;i&gt;said&lt;/i&gt;", "every 1s"):
        assert text in part.text
    assert (await client.post(f"{place}/cancel", headers=OWN)).status_code == 303
    assert "cancelling" in (await client.get(place)).text
    await store.finish(claimed, "cancelled")
    ended = await client.get(f"{place}/progress?refreshed")
    assert ended.headers["hx-refresh"] == "true"
    assert "every 1s" not in ended.text
    assert (await client.get("/console/bundles")).text.count(">cancelled</span>") == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "full", "seed": "x"}, "seed: &#39;x&#39; is not a whole number"),
        ({"kind": "full", "seed": "-1"}, "seed: "),
        ({"kind": "full", "budget": "1e9"}, "budget: "),
        ({"kind": "refresh"}, "there is no active bundle to refresh"),
        ({"kind": "again", "from_manifest": "v"}, "there is no bundle"),
        ({"kind": "best"}, "kind: "),
    ],
)
async def test_a_training_that_cannot_be_is_told_and_not_queued(
    client: httpx.AsyncClient, form: dict[str, str], said: str
) -> None:
    answer = await client.post("/console/bundles/jobs", data=form, headers=OWN)
    assert answer.status_code == 422
    assert said in answer.text
    assert (await client.get("/training-jobs")).json()["items"] == []
