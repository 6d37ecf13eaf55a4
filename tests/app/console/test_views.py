"""The console's page."""

import httpx
import orjson
from fastapi import FastAPI

from models.bundle.manifest import MANIFEST_FILE
from models.bundle.store import BundleStore
from models.bundle.verdict import GateCheck, Verdict


async def test_an_empty_service_says_what_there_is_not(client: httpx.AsyncClient) -> None:
    answer = await client.get("/console")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for text in ("There is none yet", "Nobody has asked for one", "No impression"):
        assert text in answer.text


async def test_bundles_jobs_and_measures_are_shown_and_escaped(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI
) -> None:
    version = str(bundles.active_version())
    manifest = bundles.root / version / MANIFEST_FILE
    failed = GateCheck(name="size", outcome="failed", detail="<b>too large</b>")
    document = orjson.loads(manifest.read_bytes()) | {"gate": Verdict(checks=(failed,)).model_dump()}
    manifest.write_bytes(orjson.dumps(document))
    await client.post("/training-jobs")
    store = application.state.serving.resources.training_jobs
    job = await store.claim("w", "v")
    await store.renew(job, "tuning neighbours", 0.25, [])
    listed = (await client.get("/recommend/somebody")).json()
    shown = {"user_id": "somebody", "item_id": listed["items"][0]["item_id"], "request_id": listed["request_id"]}
    for kind in ("shown", "click"):
        await client.post("/interactions", json=shown | {"event_type": kind})
    page = (await client.get("/console")).text
    assert f"{version} (active)" in page
    assert "refused: &lt;b&gt;too large&lt;/b&gt;" in page
    assert "<b>" not in page
    assert job.job_id in page
    assert "tuning neighbours, 25 %" in page
    assert "100.00 %" in page
    assert "Lists for users whom the bundle was not trained on" in page
