"""Versions of bundles over HTTP."""

import asyncio
import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.errors import BundleRefusedError
from app.process import factory
from app.process.resources import Resources
from app.process.serving_state import serving_state
from models.bundle.manifest import MANIFEST_FILE
from models.bundle.store import CURRENT_FILE, BundleStore
from models.bundle.verdict import GateCheck, Verdict

NEWER, REFUSED, DAMAGED = "99990101T000000000001Z", "99990101T000000000002Z", "99990101T000000000003Z"
FAILED = Verdict(checks=(GateCheck(name="own_validation", outcome="failed", detail="NDCG@10 is too low"),))
Refused = Callable[..., dict[str, Any]]
SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def old(bundles: BundleStore) -> str:
    """The active version, with newer ones beside it: a good one, one that the gate has refused and a damaged one."""
    version = str(bundles.active_version())
    for name in (NEWER, REFUSED, DAMAGED):
        folder = bundles.root / name
        shutil.copytree(bundles.root / version, folder)
        manifest = orjson.loads((folder / MANIFEST_FILE).read_bytes()) | {"version": name}
        if name == REFUSED:
            manifest["gate"] = FAILED.model_dump()
        (folder / MANIFEST_FILE).write_bytes(orjson.dumps(manifest))
    (bundles.root / DAMAGED / "item_ids.npy").write_bytes(b"damaged")
    return version


@SQLITE_ONLY
async def test_versions_are_listed_newest_first_with_what_is_known_of_them(
    old: str, client: httpx.AsyncClient, bundles: BundleStore, documented: Any
) -> None:
    (bundles.root / DAMAGED / MANIFEST_FILE).write_text("{}")
    page = (await client.get("/bundles")).json()
    documented("BundleVersions", page)
    assert [item["version"] for item in page["items"]] == [DAMAGED, REFUSED, NEWER, old]
    damaged, refused, newer, active = page["items"]
    assert "version: Field required" in damaged["problem"]
    assert (refused["gate"]["passed"], refused["gate"]["reason"]) == (False, "NDCG@10 is too low")
    assert [item["active"] for item in page["items"]] == [False, False, False, True]
    assert (active["activated_by"], active["activated_at"]) == (None, None)
    assert newer["metrics"]["braid"]["ndcg@10"] > newer["metrics"]["popularity"]["ndcg@10"]
    assert newer["data"]["users"] == 120
    assert newer["gate"]["passed"]
    assert newer["settings"]["blend"]
    assert newer["recipe"]["kind"] == "full"
    assert newer["size_bytes"] > 10_000


async def test_an_activation_is_served_at_once_recorded_and_followed_by_others(
    old: str, serve: Any, settings: Settings, client: httpx.AsyncClient
) -> None:
    async with serving_state(settings) as other:
        await other.start()
        for version in (NEWER, old):
            activated = (await client.post(f"/bundles/{version}/activate")).json()
            assert (activated["version"], activated["active"], activated["activated_by"]) == (version, True, "api")
            assert (await client.get("/recommend/u")).json()["bundle_version"] == version
            until = time.monotonic() + 2
            while other.bundle.serving.version != version:
                assert time.monotonic() < until
                await asyncio.sleep(0.01)
    listed = {item["version"]: item["activated_at"] for item in (await client.get("/bundles")).json()["items"]}
    assert listed[old] > listed[NEWER]


@SQLITE_ONLY
async def test_what_the_gate_refused_needs_force(old: str, client: httpx.AsyncClient, refused: Refused) -> None:
    problem = refused(await client.post(f"/bundles/{REFUSED}/activate"), 409, "bundle_refused")
    assert "NDCG@10 is too low" in problem["detail"]
    assert (await client.get("/recommend/u")).json()["bundle_version"] == old
    forced = (await client.post(f"/bundles/{REFUSED}/activate", params={"force": True})).json()
    assert (forced["active"], forced["forced"]) == (True, True)
    assert (await client.get("/recommend/u")).json()["bundle_version"] == REFUSED


@SQLITE_ONLY
@pytest.mark.parametrize("force", [False, True])
async def test_what_is_damaged_or_absent_changes_nothing(
    old: str, client: httpx.AsyncClient, refused: Refused, force: bool
) -> None:
    damaged = refused(await client.post(f"/bundles/{DAMAGED}/activate", params={"force": force}), 409, "bundle_refused")
    assert "item_ids.npy: has 7 bytes" in damaged["detail"]
    for name in ("none", "..", "%2e%2e%2fetc"):
        refused(await client.post(f"/bundles/{name}/activate", params={"force": force}), 404, "not_found")
    refused(await client.post(f"/bundles/{'x' * 65}/activate"), 422, "invalid_request", "version")
    refused(await client.post(f"/bundles/{NEWER}/activate", params={"force": "maybe"}), 422, "invalid_request", "force")
    assert (await client.get("/recommend/u")).json()["bundle_version"] == old
    assert (await client.get("/health/ready")).status_code == 200


@SQLITE_ONLY
async def test_only_the_newest_and_the_active_one_are_kept(
    old: str, application: FastAPI, serve: Any, bundles: BundleStore
) -> None:
    async with serve():
        versions = factory.versions(application.state.serving.resources)
        versions._keep = 2
        await versions.prune()
        assert bundles.versions() == [old, REFUSED, DAMAGED]
        versions._keep = 1
        await versions.prune([REFUSED])
    assert bundles.versions() == [old, REFUSED, DAMAGED]


@SQLITE_ONLY
async def test_what_was_compared_with_another_bundle_than_the_active_one_is_not_taken(
    old: str, bundles: BundleStore, resources: Resources
) -> None:
    manifest = bundles.root / NEWER / MANIFEST_FILE
    document = orjson.loads(manifest.read_bytes())
    for against, taken in (("another", False), (None, False), (old, True)):
        document["gate"]["against"] = against
        manifest.write_bytes(orjson.dumps(document))
        if taken:
            await factory.versions(resources).take(NEWER, "job 1")
        else:
            with pytest.raises(BundleRefusedError, match=f"bundle {old} became the active one"):
                await factory.versions(resources).take(NEWER, "job 1")
        assert bundles.active_version() == (NEWER if taken else old)
    # Whoever died before telling of it tells of it now.
    await factory.versions(resources).take(NEWER, "job 1")


@SQLITE_ONLY
async def test_without_bundles_there_are_none(client: httpx.AsyncClient, refused: Refused) -> None:
    assert (await client.get("/bundles")).json() == {"items": [], "next_cursor": None}
    refused(await client.post("/bundles/v/activate"), 404, "not_found")


def flipped(folder: Path) -> None:
    content = bytearray((folder / "item_ids.npy").read_bytes())
    content[-1] ^= 1
    (folder / "item_ids.npy").write_bytes(content)


def truncated(folder: Path) -> None:
    (folder / "item_ids.npy").write_bytes((folder / "item_ids.npy").read_bytes()[:-3])


def replaced(array: Any, name: str = "popularity_counts.npy", *, pickled: bool = False) -> Callable[[Path], None]:
    """Put another array where the manifest vouches for it."""

    def damage(folder: Path) -> None:
        np.save(folder / name, array, allow_pickle=pickled)
        content = (folder / name).read_bytes()
        manifest = orjson.loads((folder / MANIFEST_FILE).read_bytes())
        manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        (folder / MANIFEST_FILE).write_bytes(orjson.dumps(manifest))

    return damage


def edited(**changes: Any) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        manifest = orjson.loads((folder / MANIFEST_FILE).read_bytes())
        (folder / MANIFEST_FILE).write_bytes(orjson.dumps(manifest | changes))

    return damage


def escaping(folder: Path) -> None:
    manifest = orjson.loads((folder / MANIFEST_FILE).read_bytes())
    manifest["files"]["../escaped.npy"] = {"sha256": "0" * 64, "size": 1}
    (folder / MANIFEST_FILE).write_bytes(orjson.dumps(manifest))


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flipped, "its checksum differs from the manifest's"),
        (truncated, "the manifest says"),
        (replaced(np.ones(3, dtype=np.float32)), "its arrays are of different numbers of items or users"),
        (replaced(np.ones((2, 2), dtype=np.float32)), "expected 1 dimension(s) of float32, found 2 of float32"),
        (replaced(np.full(60, np.nan, dtype=np.float32)), "holds values that are not finite"),
        (edited(schema_version=99), "schema_version 99 is newer than"),
        (escaping, "which is not a plain file name"),
        (replaced(np.array([{"a": 1}], dtype=object), pickled=True), "is not a readable array"),
    ],
    ids=[
        "flipped byte",
        "truncated",
        "other length",
        "other shape",
        "NaN",
        "future schema",
        "escaping path",
        "pickled",
    ],
)
async def test_a_damaged_bundle_is_refused_for_its_own_reason_and_the_old_one_keeps_serving(
    old: str,
    bundles: BundleStore,
    client: httpx.AsyncClient,
    refused: Refused,
    damage: Callable[[Path], None],
    reason: str,
) -> None:
    damage(bundles.root / NEWER)
    for force in (False, True):
        problem = refused(
            await client.post(f"/bundles/{NEWER}/activate", params={"force": force}), 409, "bundle_refused"
        )
        assert reason in problem["detail"]
    # Whoever makes it the active one behind the service's back gains nothing by it.
    (bundles.root / CURRENT_FILE).write_text(f"{NEWER}\n")
    until = time.monotonic() + 5
    while reason not in (ready := (await client.get("/health/ready")).json())["checks"]["bundle"]["detail"]:
        assert time.monotonic() < until, ready
        await asyncio.sleep(0.05)
    assert ready["status"] == "ok"
    assert (await client.get("/recommend/u")).json()["bundle_version"] == old
