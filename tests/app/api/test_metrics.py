"""`/metrics`: what monitoring reads."""

import re
from typing import Any

import httpx
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from app.services.monitoring.exposition import own_registry
from app.services.recommending.drift import Drift, drift_of
from models.bundle.store import BundleStore

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scraped(client: httpx.AsyncClient) -> Samples:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def grown(before: Samples, after: Samples, name: str, **labels: str) -> float:
    key = (name, tuple(sorted(labels.items())))
    return after[key] - before.get(key, 0.0)


async def test_jobs_and_bundles_are_counted(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI
) -> None:
    version = str(bundles.active_version())
    await client.post("/training-jobs")
    store = application.state.serving.resources.training_jobs
    job = await store.claim("w", "v")
    await store.finish(job, "refused", "it is worse")
    await client.post("/training-jobs")
    found = await scraped(client)
    of = (("bundle_version", version),)
    assert found["braid_training_jobs", (("status", "refused"),)] == 1
    assert found["braid_training_jobs", (("status", "queued"),)] == 1
    assert found["braid_training_jobs", (("status", "failed"),)] == 0
    assert found["braid_bundle_active", of] == 1
    assert found["braid_bundle_refused", of] == 0
    assert found["braid_bundle_created_timestamp_seconds", of] > 1.7e9
    assert 0 < found["braid_bundle_ndcg_at_10", of] < 1


async def test_lists_and_their_users_and_items_are_counted(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    known = bundles.load(str(bundles.active_version()))
    user, item = known.arrays["user_ids"][0].decode(), known.arrays["item_ids"][0].decode()
    before = await scraped(client)
    await client.post("/interactions", json={"user_id": user, "item_id": item, "event_type": "view"})
    for name in (user, user, user, "a-stranger"):
        assert (await client.get(f"/recommend/{name}")).status_code == 200
    await client.post("/recommend", json={"session_items": [item, "never-seen"]})
    await client.get(f"/items/{item}/similar")
    after = await scraped(client)
    assert grown(before, after, "braid_recommendations_total", strategy="personalized", known_user="true") == 3
    assert grown(before, after, "braid_recommendations_total", strategy="popular", known_user="false") == 1
    assert grown(before, after, "braid_recommendations_total", strategy="session", known_user="none") == 1
    assert grown(before, after, "braid_requested_items_total", known="true") == 2
    assert grown(before, after, "braid_requested_items_total", known="false") == 1
    assert grown(before, after, "braid_top_score_count") == 4
    drift = drift_of(own_registry())
    # Other tests of the process count too, and their scores may be below 0.
    assert all(re.match(r"-?[\d.]+", text) for text in (drift.users, drift.items, drift.score))


async def test_candidates_and_the_network_are_phases_of_ranking(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    item = bundles.load(str(bundles.active_version())).arrays["item_ids"][0].decode()
    before = await scraped(client)
    # Popular items have no use for the network.
    await client.get("/recommend/a-stranger")
    await client.post("/recommend", json={"session_items": [item]})
    after = await scraped(client)
    name = "braid_list_phase_seconds"
    counts = {phase: grown(before, after, f"{name}_count", phase=phase) for phase in ("rank", "candidates", "network")}
    assert counts == {"rank": 2, "candidates": 2, "network": 1}
    seconds = {phase: grown(before, after, f"{name}_sum", phase=phase) for phase in counts}
    assert 0 < seconds["candidates"] + seconds["network"] < seconds["rank"]


async def test_impressions_are_counted_by_the_bundle_that_recommended(
    bundles: BundleStore, client: httpx.AsyncClient, documented: Any
) -> None:
    listed = (await client.get("/recommend/somebody")).json()
    shown = {"user_id": "somebody", "item_id": listed["items"][0]["item_id"], "request_id": listed["request_id"]}
    await client.post("/interactions", json=shown | {"event_type": "shown", "position": 1})
    await client.post("/interactions", json=shown | {"event_type": "click"})
    found = await scraped(client)
    of = (("bundle_version", str(bundles.active_version())),)
    assert found["braid_bundle_impressions", of] == found["braid_bundle_clicks", of] == 1
    assert found["braid_bundle_conversions", of] == 0


def test_without_requests_there_is_no_drift() -> None:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415

    assert drift_of(CollectorRegistry()) == Drift("none yet", "none yet", "none yet")
