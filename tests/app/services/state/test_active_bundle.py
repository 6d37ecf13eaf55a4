"""The bundle in use while others are activated."""

import json
import shutil
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from app.process.serving_state import ServingState
from app.services.state import active_bundle
from models.bundle.store import CURRENT_FILE, BundleStore

NEWER = "29990101T000000000000Z"
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def newer(bundles: BundleStore) -> Path:
    """A second version, beside the active one and not active."""
    folder = bundles.root / NEWER
    shutil.copytree(bundles.root / str(bundles.active_version()), folder)
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"version": NEWER}))
    return folder


def activate_unchecked(bundles: BundleStore, version: str) -> None:
    (bundles.root / CURRENT_FILE).write_text(f"{version}\n")


async def test_another_activated_version_takes_the_place(
    bundles: BundleStore, newer: Path, state: ServingState
) -> None:
    active = state.bundle
    await active.load()
    assert active.state == ("ok", bundles.active_version())
    bundles.activate(NEWER)
    await active.load()
    assert active.state == ("ok", NEWER)


async def test_a_damaged_new_version_is_refused_while_the_old_one_stays_and_taken_once_mended(
    bundles: BundleStore, newer: Path, state: ServingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(active_bundle, "_RETRY_SECONDS", 0.0)
    old = str(bundles.active_version())
    active = state.bundle
    await active.load()
    path = newer / "item_ids.npy"
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    activate_unchecked(bundles, NEWER)
    await active.load()
    status, detail = active.state
    assert (status, active.ranker and active.ranker.version) == ("ok", old)
    assert detail.startswith(old)
    assert "item_ids.npy" in detail
    path.write_bytes(good)
    await active.load()
    assert active.state == ("ok", NEWER)


async def test_a_refused_version_that_is_deactivated_leaves_no_refusal(
    bundles: BundleStore, state: ServingState
) -> None:
    old = str(bundles.active_version())
    active = state.bundle
    await active.load()
    activate_unchecked(bundles, NEWER)
    await active.load()
    assert "there is no such bundle" in active.state[1]
    activate_unchecked(bundles, old)
    await active.load()
    assert active.state == ("ok", old)


async def test_a_version_that_cannot_be_read_is_logged_with_what_to_do_and_not_read_again(
    bundles: BundleStore,
    newer: Path,
    state: ServingState,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(active_bundle, "_RETRY_SECONDS", 0.0)
    old = bundles.root / str(bundles.active_version()) / "manifest.json"
    document = json.loads(old.read_text())
    document["settings"]["blend"]["oracle"] = 0.5
    old.write_text(json.dumps(document))
    written = LogCapture()
    monkeypatch.setattr(active_bundle, "_log", structlog.wrap_logger(None, processors=[written]))
    await state.bundle.load()
    loads: list[str] = []
    with monkeypatch.context() as during:
        during.setattr(state.bundle.store, "load", loads.append)
        await state.bundle.load()
    assert loads == []
    lines = written.entries
    assert [(line["event"], line["log_level"], line["in_use"]) for line in lines] == [("bundle refused", "error", None)]
    assert "settings.blend.oracle" in lines[0]["reason"]
    assert "run `braid train`" in lines[0]["advice"]
    bundles.activate(NEWER)
    await state.bundle.load()
    assert state.bundle.state == ("ok", NEWER)


async def test_an_unreadable_new_version_leaves_the_old_one_in_use(
    bundles: BundleStore, newer: Path, state: ServingState
) -> None:
    await state.bundle.load()
    old = str(bundles.active_version())
    manifest = newer / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"schema_version": 99}))
    activate_unchecked(bundles, NEWER)
    await state.bundle.load()
    status, detail = state.bundle.state
    assert status == "ok"
    assert detail.startswith(f"{old}; ")
    assert "schema_version 99 is newer" in detail
