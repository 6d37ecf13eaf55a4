import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.bundle.errors import BundleDamagedError, BundleError, BundleUnreadableError
from models.bundle.loader import load_bundle
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(store: BundleStore) -> Path:
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    arrays: dict[str, npt.NDArray[Any]] = {
        "numbers": np.array([1.5, 2.5], dtype=np.float32),
        "grid": np.zeros((2, 2), dtype=np.int64),
    }
    return store.publish(manifest, arrays).folder


def refusal(folder: Path, file: str, kind: type[BundleError] = BundleDamagedError) -> str:
    """Give the reason, once it is seen that the text names the file."""
    with pytest.raises(kind) as caught:
        load_bundle(folder)
    start, text = f"{folder / file}: ", str(caught.value)
    assert text.startswith(start)
    assert "\n" not in text
    return text.removeprefix(start)


def edit(folder: Path, change: Edit) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def replace(folder: Path, name: str, content: bytes) -> None:
    """Put other content where the manifest vouches for it."""
    (folder / name).write_bytes(content)
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    edit(folder, lambda manifest: manifest["files"].update({name: entry}))


def test_one_changed_byte_is_found_by_the_checksum(folder: Path) -> None:
    content = bytearray((folder / "numbers.npy").read_bytes())
    content[-1] ^= 1
    (folder / "numbers.npy").write_bytes(content)
    assert "its checksum differs" in refusal(folder, "numbers.npy")


def test_a_truncated_file_is_found_by_its_size(folder: Path) -> None:
    content = (folder / "numbers.npy").read_bytes()
    (folder / "numbers.npy").write_bytes(content[:-3])
    assert refusal(folder, "numbers.npy") == f"has {len(content) - 3} bytes, the manifest says {len(content)}"


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "numbers.npy").unlink()
    assert refusal(folder, "numbers.npy") == "cannot be read: No such file or directory"


def test_a_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    (folder / "numbers.npy").unlink()
    (folder / "numbers.npy").mkdir()
    assert refusal(folder, "numbers.npy").startswith("cannot be read: ")


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04junk", b"\x93NUMPY\x01\x00"])
def test_a_file_that_is_no_array_is_named(folder: Path, content: bytes) -> None:
    replace(folder, "numbers.npy", content)
    assert refusal(folder, "numbers.npy").startswith("is not a readable array: ")


def test_an_array_shorter_than_its_header_says_is_named(folder: Path) -> None:
    replace(folder, "numbers.npy", (folder / "numbers.npy").read_bytes()[:-4])
    assert refusal(folder, "numbers.npy").startswith("is not a readable array: ")


def test_pickled_objects_are_never_loaded(folder: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    replace(folder, "numbers.npy", (tmp_path / "objects.npy").read_bytes())
    assert refusal(folder, "numbers.npy").startswith("is not a readable array: ")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(folder: Path, tmp_path: Path, bad: float) -> None:
    np.save(tmp_path / "bad.npy", np.array([1.0, bad], dtype=np.float32))
    replace(folder, "numbers.npy", (tmp_path / "bad.npy").read_bytes())
    assert refusal(folder, "numbers.npy") == "holds values that are not finite"


@pytest.mark.parametrize("name", ["../secret.npy", "/etc/hostname", "a/b.npy", "..", ".", "", ".hidden", "a\0b"])
def test_names_that_leave_the_folder_are_refused(folder: Path, name: str) -> None:
    (folder.parent / "secret.npy").write_bytes(b"secret")
    entry = {"sha256": hashlib.sha256(b"secret").hexdigest(), "size": 6}
    edit(folder, lambda manifest: manifest["files"].update({name: entry}))
    with pytest.raises(BundleDamagedError) as caught:
        load_bundle(folder)
    assert str(caught.value).startswith(str(folder))


def test_a_missing_manifest_is_named(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert refusal(folder, "manifest.json") == "cannot be read: No such file or directory"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_manifest_that_is_none_is_named(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    assert refusal(folder, "manifest.json").startswith("the document: ")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda found: found.pop("schema_version"), "schema_version"),
        (lambda found: found.pop("version"), "version"),
        (lambda found: found["files"]["grid.npy"].update(sha256="../x"), "files.grid.npy.sha256"),
        (lambda found: found["files"]["grid.npy"].update(size=-1), "files.grid.npy.size"),
    ],
)
def test_a_wrong_part_of_the_manifest_is_named(folder: Path, change: Edit, where: str) -> None:
    edit(folder, change)
    assert refusal(folder, "manifest.json").startswith(f"{where}: ")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda found: found.pop("settings"), "settings"),
        (lambda found: found.update(surprise=1), "surprise"),
        (lambda found: found.update(created_at="2026-01-01T00:00:00"), "created_at"),
    ],
)
def test_a_manifest_with_other_fields_is_one_of_another_version(folder: Path, change: Edit, where: str) -> None:
    edit(folder, change)
    assert refusal(folder, "manifest.json", BundleUnreadableError).startswith(f"{where}: ")


@pytest.mark.parametrize("more", [{}, {"a_part_of_the_future": True}])
def test_a_newer_format_asks_for_an_upgrade(folder: Path, more: dict[str, bool]) -> None:
    edit(folder, lambda manifest: manifest.update(schema_version=3, **more))
    assert refusal(folder, "manifest.json", BundleUnreadableError).startswith("schema_version 3 is newer than 2")


def test_an_older_format_asks_for_a_training_run(folder: Path) -> None:
    edit(folder, lambda manifest: manifest.update(schema_version=1))
    assert refusal(folder, "manifest.json", BundleUnreadableError).endswith(
        "schema_version 1 is older than 2, which this version of Braid reads: train again"
    )


@pytest.mark.parametrize(
    ("name", "dtype", "ndim", "reason"),
    [
        ("missing", np.float32, 1, "missing.npy is missing"),
        ("numbers", np.float64, 1, "numbers.npy: expected 1 dimension(s) of float64, found 1 of float32"),
        ("numbers", "S", 1, "found 1 of float32"),
        ("numbers", np.float32, 2, "expected 2 dimension(s) of float32, found 1 of float32"),
        ("grid", np.int64, 1, "grid.npy: expected 1 dimension(s) of int64, found 2 of int64"),
    ],
)
def test_an_array_of_another_kind_is_refused(folder: Path, name: str, dtype: Any, ndim: int, reason: str) -> None:
    with pytest.raises(BundleUnreadableError) as caught:
        load_bundle(folder).array(name, dtype, ndim)
    assert reason in str(caught.value)


def test_a_file_that_the_manifest_does_not_list_is_refused(folder: Path) -> None:
    (folder / "extra.bin").write_bytes(b"extra")
    with pytest.raises(BundleError, match=r"the manifest lists no extra\.bin"):
        load_bundle(folder).file("extra.bin")
