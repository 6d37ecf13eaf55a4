"""The console's first page."""

import httpx
from fastapi import FastAPI

from models.bundle.store import BundleStore


async def test_an_empty_service_says_what_to_do(client: httpx.AsyncClient) -> None:
    answer = await client.get("/console")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'; style-src 'self'" in answer.headers["content-security-policy"]
    for text in ("There is none yet", "No impression", "Lists by strategy"):
        assert text in answer.text


async def test_bundle_measures_and_what_needs_attention_are_shown_and_escaped(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI
) -> None:
    listed = (await client.get("/recommend/somebody")).json()
    shown = {"user_id": "somebody", "item_id": listed["items"][0]["item_id"], "request_id": listed["request_id"]}
    for kind in ("shown", "click"):
        await client.post("/interactions", json=shown | {"event_type": kind})
    state = application.state.serving
    state.event_types_of_log.check = state.event_types_of_log.check.model_copy(
        update={"status": "degraded", "detail": "<b>wish</b> (3)"}
    )
    page = (await client.get("/console")).text
    assert str(bundles.active_version()) in page
    assert "&lt;b&gt;wish&lt;/b&gt; (3)" in page
    assert "<b>" not in page
    assert "100.00 %" in page
    assert "Unknown users" in page


async def test_the_part_that_changes_comes_alone(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await client.get("/recommend/somebody")
    part = (await client.get("/console/live?refreshed")).text
    assert "<html" not in part
    assert "personalized" in part or "popular" in part
