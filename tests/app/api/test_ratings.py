"""What the value of a rating says, in a shop whose bundle was trained without ratings and in one without a bundle."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from models.bundle.store import BundleStore
from tests.app.api.asking import ask, item_ids
from tests.app.conftest import Serve


async def rate(client: httpx.AsyncClient, user: str, item: str, value: float) -> None:
    body: dict[str, Any] = {"user_id": user, "item_id": item, "event_type": "rating", "value": value}
    assert (await client.post("/interactions", json=body)).status_code == 201


async def test_a_bundle_without_ratings_leaves_one_star_a_dislike(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    first, second, *_ = item_ids(await ask(client, "new"))
    await rate(client, "new", first, 1.0)
    answer = await ask(client, "new", exclude_seen="false")
    assert answer["bundle_version"] == bundles.active_version()
    assert answer["strategy"] == "popular"
    assert first not in item_ids(answer)
    await rate(client, "new", second, 4.0)
    answer = await ask(client, "new", exclude_seen="false", explain="true")
    assert answer["strategy"] == "personalized"
    assert first not in item_ids(answer)
    named = {own["item_id"] for item in answer["items"] for reason in item["reasons"] for own in reason["because"]}
    assert named == {second}


async def test_low_ratings_do_not_make_an_item_popular_without_a_bundle(client: httpx.AsyncClient) -> None:
    for user in "abc":
        await rate(client, user, "bad", 1.0)
        await rate(client, user, "good", 5.0)
    await rate(client, "d", "bad", 4.0)
    answer = await ask(client, "new")
    assert [(item["item_id"], item["score"]) for item in answer["items"]] == [("good", 3.0), ("bad", 1.0)]
    trending = (await client.get("/popular", params={"window": "7d"})).json()
    assert [item["item_id"] for item in trending["items"]] == ["good", "bad"]


async def test_low_ratings_since_the_bundle_do_not_make_an_item_popular(
    followed: BundleStore, client: httpx.AsyncClient
) -> None:
    top, *_ = item_ids(await ask(client, "new"))

    async def count() -> float:
        await client.get("/popular")
        found = (await client.get("/popular", params={"limit": 100})).json()
        return float(next(item["score"] for item in found["items"] if item["item_id"] == top))

    before = await count()
    for user in ("one", "two"):
        await rate(client, user, top, 1.0)
    await rate(client, "three", top, 5.0)
    assert await count() == before + 1


@pytest.mark.parametrize(("declared", "kept"), [(None, True), ("1..10", False), ("amounts", True)])
async def test_the_declared_scale_decides(
    serve: Serve, application: FastAPI, settings: Settings, declared: str | None, kept: bool
) -> None:
    application.state.settings = settings.model_copy(update={"rating_scale": declared})
    async with serve() as client:
        await rate(client, "a", "x", 4.0)
        assert ("x" in item_ids(await ask(client, "a", exclude_seen="false"))) is kept
        assert item_ids(await ask(client, "new")) == (["x"] if kept else [])
