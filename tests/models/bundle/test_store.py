from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.naming import new_version
from models.bundle.store import BundleStore

ARRAYS = {"numbers": np.array([1.5, 2.5], dtype=np.float32), "ids": np.array([b"a", b"bc"])}


def manifest(version: str) -> Manifest:
    return Manifest(version=version, data={"users": 2}, settings={"a": 1}, metrics={"b": 0.5}, protocol="random")


def test_what_is_published_is_loaded(store: BundleStore, tmp_path: Path) -> None:
    (tmp_path / "network.onnx").write_bytes(b"network")
    published = store.publish(manifest("v1"), ARRAYS, [tmp_path / "network.onnx"])
    loaded = store.load("v1")
    assert loaded.manifest == published.manifest
    assert loaded.version == "v1"
    assert loaded.manifest.data == {"users": 2}
    assert loaded.array("numbers", np.float32).tolist() == [1.5, 2.5]
    assert loaded.array("ids", "S").tolist() == [b"a", b"bc"]
    assert loaded.file("network.onnx").read_bytes() == b"network"


def test_the_manifest_lists_files_sizes_and_libraries(store: BundleStore) -> None:
    found = store.publish(manifest("v1"), ARRAYS).manifest
    assert sorted(found.files) == ["ids.npy", "numbers.npy"]
    assert found.files["ids.npy"].size == (store.root / "v1" / "ids.npy").stat().st_size
    assert found.libraries["numpy"] == np.__version__


def test_loaded_arrays_cannot_be_written(store: BundleStore) -> None:
    loaded = store.publish(manifest("v1"), ARRAYS)
    with pytest.raises(ValueError, match="read-only"):
        loaded.array("numbers", np.float32)[0] = 3.0


def test_empty_arrays_survive(store: BundleStore) -> None:
    loaded = store.publish(manifest("v1"), {"none": np.empty((0, 3), dtype=np.float32)})
    assert loaded.array("none", np.float32, ndim=2).shape == (0, 3)


def test_arrays_in_any_memory_order_survive(store: BundleStore) -> None:
    grid = np.arange(6, dtype=np.int32).reshape(2, 3)
    loaded = store.publish(manifest("v1"), {"turned": grid.T, "strided": grid[:, ::2]})
    assert loaded.array("turned", np.int32, ndim=2).tolist() == [[0, 3], [1, 4], [2, 5]]
    assert loaded.array("strided", np.int32, ndim=2).tolist() == [[0, 2], [3, 5]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_failing_publish_leaves_nothing(store: BundleStore, bad: float) -> None:
    store.publish(manifest("v1"), ARRAYS)
    store.activate("v1")
    with pytest.raises(BundleError, match=r"numbers\.npy: holds values that are not finite"):
        store.publish(manifest("v2"), {**ARRAYS, "numbers": np.array([1.0, bad])})
    assert sorted(path.name for path in store.root.iterdir()) == ["CURRENT", "v1"]
    assert store.active_version() == "v1"


def test_a_publish_that_lacks_a_file_leaves_nothing(store: BundleStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.publish(manifest("v1"), ARRAYS, [tmp_path / "missing.onnx"])
    assert list(store.root.iterdir()) == []


def test_objects_are_never_stored(store: BundleStore) -> None:
    with pytest.raises(ValueError, match="pickle"):
        store.publish(manifest("v1"), {"objects": np.array([{}], dtype=object)})
    assert list(store.root.iterdir()) == []


def test_a_version_is_never_overwritten(store: BundleStore) -> None:
    store.publish(manifest("v1"), ARRAYS)
    with pytest.raises(BundleError, match="v1: this version exists already"):
        store.publish(manifest("v1"), {"numbers": np.zeros(1)})
    assert store.load("v1").array("numbers", np.float32).tolist() == [1.5, 2.5]


@pytest.mark.parametrize("version", ["", "../v1", "a/b", ".hidden", "v1\n", "-v", "x" * 65])
def test_impossible_versions_are_neither_published_nor_loaded(store: BundleStore, version: str) -> None:
    uses: list[Callable[[], object]] = [
        lambda: store.publish(manifest(version), ARRAYS),
        lambda: store.load(version),
    ]
    for use in uses:
        with pytest.raises(BundleError, match="is not the name of a version"):
            use()
    assert not store.root.exists()


def test_versions_are_listed_oldest_first_without_unfinished_ones(store: BundleStore) -> None:
    assert store.versions() == []
    for version in ("v2", "v1"):
        store.publish(manifest(version), ARRAYS)
    unfinished = store.root / ".v3.partial"
    unfinished.mkdir()
    (unfinished / "manifest.json").write_bytes((store.root / "v1" / "manifest.json").read_bytes())
    (store.root / "not-a-bundle").mkdir()
    assert store.versions() == ["v1", "v2"]


def test_new_versions_sort_by_age_and_can_be_published(store: BundleStore) -> None:
    first, second = new_version(), new_version()
    assert first < second
    assert store.publish(manifest(first), ARRAYS).version == first


def test_nothing_is_active_before_the_first_activation(store: BundleStore) -> None:
    store.publish(manifest("v1"), ARRAYS)
    assert store.active_version() is None
    assert store.load_active() is None


def test_activation_switches_and_switches_back(store: BundleStore) -> None:
    for version in ("v1", "v2", "v1"):
        if version not in store.versions():
            store.publish(manifest(version), ARRAYS)
        store.activate(version)
        active = store.load_active()
        assert active is not None
        assert active.version == store.active_version() == version
    assert sorted(path.name for path in store.root.iterdir()) == ["CURRENT", "v1", "v2"]


def test_a_missing_or_damaged_version_is_not_activated(store: BundleStore) -> None:
    for version in ("v1", "v2"):
        store.publish(manifest(version), ARRAYS)
    store.activate("v1")
    (store.root / "v2" / "numbers.npy").write_bytes(b"damaged")
    with pytest.raises(BundleError, match=r"v2/numbers\.npy"):
        store.activate("v2")
    with pytest.raises(BundleError, match="v3: there is no such bundle"):
        store.activate("v3")
    assert store.active_version() == "v1"


@pytest.mark.parametrize("content", [b"", b"../elsewhere\n", b"v1\nv2\n", b"\xff\xfe"])
def test_a_damaged_current_is_named(store: BundleStore, content: bytes) -> None:
    store.publish(manifest("v1"), ARRAYS)
    (store.root / "CURRENT").write_bytes(content)
    with pytest.raises(BundleError, match="CURRENT: ") as caught:
        store.load_active()
    assert str(store.root / "CURRENT") in str(caught.value)


def test_a_current_that_names_a_missing_version_is_an_error(store: BundleStore) -> None:
    store.publish(manifest("v1"), ARRAYS)
    (store.root / "CURRENT").write_text("v9\n")
    with pytest.raises(BundleError, match="v9: there is no such bundle"):
        store.load_active()


def test_a_bundle_in_the_folder_of_another_version_is_refused(store: BundleStore) -> None:
    store.publish(manifest("v1"), ARRAYS)
    (store.root / "v1").rename(store.root / "v2")
    with pytest.raises(BundleError, match="v2: its manifest is that of version 'v1'"):
        store.load("v2")


def test_one_file_is_read_and_compared_with_the_manifest(store: BundleStore, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(b"<h1>v1</h1>")
    store.publish(manifest("v1"), ARRAYS, [tmp_path / "report.html"])
    assert store.read_file("v1", "report.html") == b"<h1>v1</h1>"
    assert store.read_file("v1", "../CURRENT") is None
    (store.root / "v1/report.html").write_bytes(b"<h1>v2</h1>")
    with pytest.raises(BundleError, match=r"v1/report\.html: is not that of the manifest"):
        store.read_file("v1", "report.html")
    with pytest.raises(BundleError, match="no such bundle"):
        store.read_file("v2", "report.html")
