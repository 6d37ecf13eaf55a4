"""Health, and a service whose bundle or database is not as it should be."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.main import create_app
from app.services.state import active_bundle
from models.bundle.store import CURRENT_FILE, BundleStore

Damage = Callable[[Path], str]
Edit = Callable[[dict[str, Any]], object]
SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def edit_manifest(folder: Path, change: Edit) -> None:
    path = folder / "manifest.json"
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


def rewrite_array(folder: Path, name: str, array: npt.NDArray[Any]) -> None:
    """Write another array, with the checksum that belongs to it: the bundle is whole."""
    path = folder / f"{name}.npy"
    np.save(path, array, allow_pickle=False)
    content = path.read_bytes()
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    edit_manifest(folder, lambda document: document["files"].update({path.name: entry}))


def missing_array(folder: Path) -> str:
    (folder / "item_ids.npy").unlink()
    return "item_ids.npy"


def flipped_byte(folder: Path) -> str:
    path = folder / "network.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return "network.onnx"


def truncated_manifest(folder: Path) -> str:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-20])
    return "manifest.json"


def not_finite(folder: Path) -> str:
    rewrite_array(folder, "scaler_mean", np.load(folder / "scaler_mean.npy") * np.nan)
    return "scaler_mean.npy"


def no_folder(folder: Path) -> str:
    folder.rename(folder.with_name("elsewhere"))
    return folder.name


def bad_name(folder: Path) -> str:
    (folder.parent / CURRENT_FILE).write_text("../../etc\n")
    return CURRENT_FILE


def active_folder(bundles: BundleStore) -> Path:
    version = bundles.active_version()
    assert version is not None
    return bundles.root / version


async def test_a_process_that_runs_is_live(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_without_a_bundle_yet_the_process_takes_traffic(
    client: httpx.AsyncClient, documented: Callable[[str, object], None]
) -> None:
    answer = await client.get("/health/ready")
    documented("Ready", answer.json())
    checks = answer.json()["checks"]
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert {name: check["status"] for name, check in checks.items()} == {
        "database": "ok",
        "migrations": "ok",
        "bundle": "none",
        "background": "ok",
        "storage": "ok",
        "change_feed": "ok",
        "training": "ok",
        "event_types": "ok",
    }


async def test_a_bundle_in_use_is_named(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/ready")
    assert answer.json()["checks"]["bundle"] == {"status": "ok", "detail": bundles.active_version()}


@pytest.mark.parametrize("damage", [missing_array, flipped_byte, truncated_manifest, not_finite, no_folder, bad_name])
async def test_a_refused_bundle_leaves_a_process_that_serves_popular_items(
    bundles: BundleStore, application: FastAPI, serve: Any, damage: Damage
) -> None:
    named = damage(active_folder(bundles))
    async with serve() as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (503, "failed")
        check = answer.json()["checks"]["bundle"]
        assert check["status"] == "failed"
        assert named in check["detail"]
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/recommend/u")).json()["strategy"] == "none"
        body = {"user_id": "a", "item_id": "x", "event_type": "view"}
        assert (await client.post("/interactions", json=body)).status_code == 201
        popular = (await client.get("/recommend/u")).json()
        assert (popular["strategy"], popular["items"][0]["item_id"]) == ("popular", "x")


OTHER_MANIFESTS: dict[str, tuple[Edit, str]] = {
    "newer": (lambda document: document.update(schema_version=99), "schema_version 99 is newer"),
    "newer, with a new field": (lambda document: document.update(schema_version=99, more=1), "schema_version 99"),
    "older": (lambda document: document.update(schema_version=1), "schema_version 1 is older"),
    "an unknown field": (lambda document: document.update(more=1), "more: Extra inputs"),
    "an unknown recommender": (lambda document: document["settings"].update(oracle={"k": 3}), "settings.oracle: "),
    "an unknown weight": (lambda document: document["settings"]["blend"].update(oracle=0.4), "settings.blend.oracle: "),
    "an unknown measure": (
        lambda document: document["settings"]["item_knn"].update(measure="oracle"),
        "settings.item_knn.measure: ",
    ),
    "a file that it does not have": (lambda document: document["files"].pop("item_ids.npy"), "item_ids.npy is missing"),
    "data of another form": (lambda document: document["data"].update(window="all"), "could not convert"),
}


def other_type(folder: Path) -> str:
    name = next(iter(sorted(folder.glob("*_indices.npy")))).stem
    rewrite_array(folder, name, np.load(folder / f"{name}.npy").astype(np.int64))
    return f"{name}.npy: expected"


def other_features(folder: Path) -> str:
    for name in ("scaler_mean", "scaler_scale"):
        rewrite_array(folder, name, np.load(folder / f"{name}.npy")[:-1])
    return "network.onnx: the network and its scaler read"


def other_size(folder: Path) -> str:
    rewrite_array(folder, "item_ids", np.load(folder / "item_ids.npy")[:-1])
    return "different numbers of items or users"


async def serves_without_the_bundle(serve: Any, documented: Any, named: str) -> None:
    async with serve() as client:
        answer = await client.get("/health/ready")
        documented("Ready", answer.json())
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        check = answer.json()["checks"]["bundle"]
        assert check["status"] == "unreadable"
        assert named in check["detail"]
        assert "run `braid train`" in check["detail"]
        body = {"user_id": "a", "item_id": "x", "event_type": "view"}
        assert (await client.post("/interactions", json=body)).status_code == 201
        popular = (await client.get("/recommend/u")).json()
        assert (popular["strategy"], popular["items"][0]["item_id"]) == ("popular", "x")
        assert (await client.get("/popular")).json()["items"][0]["item_id"] == "x"
        assert (await client.get("/items/x/similar")).status_code == 200
        assert (await client.get("/bundles")).json()["items"][0]["active"]
        assert (await client.get("/metrics")).status_code == 200


@SQLITE_ONLY
@pytest.mark.parametrize("case", OTHER_MANIFESTS)
async def test_a_manifest_of_another_version_leaves_a_process_that_is_ready(
    bundles: BundleStore, serve: Any, documented: Any, case: str
) -> None:
    change, named = OTHER_MANIFESTS[case]
    edit_manifest(active_folder(bundles), change)
    await serves_without_the_bundle(serve, documented, named)


@SQLITE_ONLY
@pytest.mark.parametrize("change", [other_type, other_features, other_size])
async def test_arrays_of_another_version_leave_a_process_that_is_ready(
    bundles: BundleStore, serve: Any, documented: Any, change: Damage
) -> None:
    await serves_without_the_bundle(serve, documented, change(active_folder(bundles)))


async def test_an_activation_is_followed_and_a_damaged_one_refused(
    bundles: BundleStore, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(active_bundle, "_POLL_SECONDS", 0.02)
    current = bundles.root / CURRENT_FILE
    name = current.read_text()
    current.unlink()

    async def becomes(client: httpx.AsyncClient, word: str) -> dict[str, Any]:
        for _ in range(200):
            check: dict[str, Any] = (await client.get("/health/ready")).json()["checks"]["bundle"]
            if word in check["detail"]:
                return check
            await asyncio.sleep(0.02)
        pytest.fail(f"the bundle's check never said {word!r}: {check}")

    async with serve() as client:
        assert (await client.get("/health/ready")).json()["checks"]["bundle"]["status"] == "none"
        current.write_text(name)
        assert (await becomes(client, name.strip()))["status"] == "ok"
        current.write_text("20990101T000000Z\n")
        check = await becomes(client, "there is no such bundle")
        assert check["status"] == "ok"
        assert check["detail"].startswith(name.strip())
        assert (await client.get("/recommend/u")).json()["bundle_version"] == name.strip()


async def test_without_the_database_requests_fail_as_problems(
    tmp_path: Path, refused: Callable[..., dict[str, Any]], free_port: int
) -> None:
    url = f"postgresql://braid:s3cret@127.0.0.1:{free_port}/braid"
    app = create_app(Settings(database_url=url, bundles=str(tmp_path / "bundles"), log_level="error"))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"]["status"] == "failed"
        assert "s3cret" not in answer.text
        away = await client.get("/recommend/u")
        refused(away, 503, "database_unavailable")
        assert away.headers["retry-after"] == "1"
        body = {"user_id": "a", "item_id": "x", "event_type": "view"}
        refused(await client.post("/interactions", json=body), 503, "database_unavailable")


async def test_an_unexpected_error_shows_no_traceback(
    settings: Settings, refused: Callable[..., dict[str, Any]]
) -> None:
    application = create_app(settings)

    @application.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a secret of the code")

    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        problem = refused(await client.get("/broken"), 500, "internal_error")
        assert "secret" not in json.dumps(problem)
        refused(await client.get("/nowhere"), 404, "not_found")
        refused(await client.delete("/interactions"), 405, "method_not_allowed")


async def test_without_tables_a_request_says_what_is_missing(
    make_database: Callable[..., str], tmp_path: Path, refused: Callable[..., dict[str, Any]]
) -> None:
    url = make_database(migrated=False)
    app = create_app(Settings(database_url=url, bundles=str(tmp_path / "bundles"), log_level="error"))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        problem = refused(await client.get("/recommend/u"), 503, "database_not_migrated")
        assert "braid migrate" in problem["detail"]
