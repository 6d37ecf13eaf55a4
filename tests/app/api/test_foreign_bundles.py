"""A bundle of another database: refused unless forced, at activation and at start."""

import asyncio
import shutil
import time
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from app.config import Settings
from app.errors import BundleRefusedError
from app.process import factory
from app.process.resources import Resources
from app.process.serving_state import ServingState, serving_state
from app.services.state import bundle_origin
from app.storage.rows import Row
from app.worker.training_run import Order, run_training
from models.bundle.errors import BundleError
from models.bundle.manifest import MANIFEST_FILE
from models.bundle.store import BundleStore
from models.data.progress import silent

OTHER = "99990101T000000000001Z"
Refused = Callable[..., dict[str, Any]]


@pytest.fixture
def own(bundles: BundleStore) -> list[str]:
    """The items of the active bundle; another version of the same items lies beside it."""
    version = str(bundles.active_version())
    folder = bundles.root / OTHER
    shutil.copytree(bundles.root / version, folder)
    document = orjson.loads((folder / MANIFEST_FILE).read_bytes()) | {"version": OTHER}
    (folder / MANIFEST_FILE).write_bytes(orjson.dumps(document))
    return [name.decode() for name in bundles.load(version).arrays["item_ids"]]


async def mention(resources: Resources, items: list[str]) -> None:
    await resources.interactions.store([Row("somebody", item, "view", timestamp=1) for item in items])


async def bundle_check(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/health/ready")
    assert answer.status_code == 200, answer.text
    check: dict[str, Any] = answer.json()["checks"]["bundle"]
    return check


@pytest.mark.parametrize("share", [0.0, 0.4, 0.5, 1.0])
async def test_at_start_a_bundle_needs_half_of_its_items_in_the_catalogue(
    own: list[str], resources: Resources, bundles: BundleStore, serve: Any, share: float
) -> None:
    there = own[: round(share * len(own))]
    await mention(resources, [*there, *(f"shop-{number}" for number in range(5))])
    async with serve() as client:
        check = await bundle_check(client)
        answer = (await client.get("/recommend/u")).json()
        if share >= 0.5:
            assert check == {"status": "ok", "detail": bundles.active_version()}
            assert answer["bundle_version"] == bundles.active_version()
            return
        assert check["status"] == "foreign"
        assert f"{len(there)} of its {len(own)} items are in this catalogue" in check["detail"]
        assert "braid train" in check["detail"]
        assert (answer["bundle_version"], answer["strategy"]) == (None, "popular")
        assert {item["item_id"] for item in answer["items"]} <= {*there, *(f"shop-{number}" for number in range(5))}


async def test_an_activation_is_refused_unless_forced_and_then_served_by_all(
    own: list[str], resources: Resources, settings: Settings, bundles: BundleStore, serve: Any, refused: Refused
) -> None:
    await mention(resources, ["shop-1", *own[:3]])
    async with serve() as client, serving_state(settings) as other:
        await other.start()
        problem = refused(await client.post(f"/bundles/{OTHER}/activate"), 409, "bundle_refused")
        assert f"bundle {OTHER} is of another database: 3 of its {len(own)} items" in problem["detail"]
        assert "`force` activates it" in problem["detail"]
        assert bundles.active_version() != OTHER
        forced = (await client.post(f"/bundles/{OTHER}/activate", params={"force": True})).json()
        assert (forced["active"], forced["forced"]) == (True, True)
        assert (await client.get("/recommend/u")).json()["bundle_version"] == OTHER
        await until(lambda: other.bundle.state == ("ok", OTHER))
    async with serve() as client:
        assert await bundle_check(client) == {"status": "ok", "detail": OTHER}


async def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not reached():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_worker_does_not_activate_it(own: list[str], resources: Resources, bundles: BundleStore) -> None:
    await mention(resources, ["shop-1"])
    document = orjson.loads((bundles.root / OTHER / MANIFEST_FILE).read_bytes())
    document["gate"]["against"] = bundles.active_version()
    (bundles.root / OTHER / MANIFEST_FILE).write_bytes(orjson.dumps(document))
    with pytest.raises(BundleRefusedError, match="is of another database"):
        await factory.versions(resources).take(OTHER, "job 1")
    assert bundles.active_version() != OTHER


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_its_settings_are_not_kept_by_a_refresh(own: list[str], resources: Resources) -> None:
    await mention(resources, ["shop-1"])
    with pytest.raises(BundleError, match=r"is of another database: .* train in full first"):
        await run_training(resources, Order(kind="refresh"), silent)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_once_the_catalogue_is_there_the_bundle_is_used(
    own: list[str], resources: Resources, state: ServingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.state.active_bundle._RETRY_SECONDS", 0.0)
    await mention(resources, ["shop-1"])
    await state.bundle.load()
    found = [state.bundle.state[0]]
    await mention(resources, own)
    await state.bundle.load()
    assert [*found, state.bundle.state[0]] == ["foreign", "ok"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_with_an_empty_catalogue_there_is_nothing_to_compare(own: list[str], state: ServingState) -> None:
    await state.bundle.load()
    assert state.bundle.state[0] == "ok"


async def test_deleted_items_were_in_the_catalogue_and_a_large_one_is_sampled(
    own: list[str], resources: Resources, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mention(resources, [*own, "shop-1"])
    for item in own:
        assert (await client.delete(f"/items/{item}")).status_code == 204
    monkeypatch.setattr(bundle_origin, "_SAMPLE", 7)
    assert (await client.post(f"/bundles/{OTHER}/activate")).status_code == 200
    async with resources.database.writing() as connection:
        await connection.exec_driver_sql("DELETE FROM items WHERE item_id <> 'shop-1'")
    answer = await client.post(f"/bundles/{OTHER}/activate")
    assert "0 of 7 of its items are in this catalogue" in answer.json()["detail"]
