"""Arrays of a published version are replaced in one step: who reads has the old version or the new one, whole."""

from pathlib import Path

import numpy as np
import pytest

from models.bundle import rewriting, writing
from models.bundle.errors import BundleDamagedError
from models.bundle.loader import Bundle
from models.bundle.store import BundleStore
from tests.models.bundle.test_store import ARRAYS, manifest

NAME = next(iter(ARRAYS))


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    store = BundleStore(tmp_path / "bundles")
    store.publish(manifest("v1"), ARRAYS)
    store.activate("v1")
    return store


def shorter(bundle: Bundle) -> dict[str, np.ndarray]:
    return {NAME: np.array(bundle.arrays[NAME])[:-1]}


@pytest.mark.parametrize("atomic", [True, False])
def test_who_has_mapped_the_old_arrays_keeps_them_and_who_loads_has_the_new_ones(
    store: BundleStore, monkeypatch: pytest.MonkeyPatch, atomic: bool
) -> None:
    if not atomic:
        monkeypatch.setattr(writing, "_exchanged_at_once", lambda *_: False)
    before, digest = store.load("v1"), store.digest("v1")
    assert store.replace_arrays("v1", shorter)
    after = store.load("v1")
    assert len(after.arrays[NAME]) == len(before.arrays[NAME]) - 1
    assert (np.asarray(before.arrays[NAME]) == ARRAYS[NAME]).all()
    assert (store.read_array("v1", NAME) == after.arrays[NAME]).all()
    assert store.digest("v1") != digest
    assert {**after.manifest.files, NAME: 0}.keys() == {**before.manifest.files, NAME: 0}.keys()
    assert [path.name for path in store.root.iterdir() if path.is_dir()] == ["v1"]
    store.activate("v1")


def test_where_nothing_changes_nothing_is_written(store: BundleStore) -> None:
    digest = store.digest("v1")
    assert not store.replace_arrays("v1", lambda _: {})
    assert store.digest("v1") == digest


def test_an_interruption_leaves_the_old_version(store: BundleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rewriting, "exchange_folders", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.replace_arrays("v1", shorter)
    assert (np.asarray(store.load("v1").arrays[NAME]) == ARRAYS[NAME]).all()
    assert [path.name for path in store.root.iterdir() if path.is_dir()] == ["v1"]


def test_a_damaged_version_is_not_rewritten(store: BundleStore) -> None:
    path = store.root / "v1" / f"{NAME}.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(BundleDamagedError):
        store.replace_arrays("v1", shorter)
