"""Bundles in object storage, against a real S3 server on this machine."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import s3fs
from moto.server import ThreadedMotoServer

from models.bundle import remote
from models.bundle.errors import BundleDamagedError, BundleError, BundleUnreadableError
from models.bundle.manifest import MANIFEST_FILE
from models.bundle.opening import open_store
from models.bundle.store import BundleStore
from tests.models.bundle.test_store import ARRAYS, manifest


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def files(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> s3fs.S3FileSystem:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "of-the-test",
        "AWS_SECRET_ACCESS_KEY": "of-the-test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem(use_listings_cache=False)
    files.mkdir(tmp_path.name.replace("_", "-"))
    return files


@pytest.fixture
def url(files: s3fs.S3FileSystem, tmp_path: Path) -> str:
    return f"s3://{tmp_path.name.replace('_', '-')}/some/bundles"


@pytest.fixture
def store(url: str, tmp_path: Path) -> BundleStore:
    return open_store(url, tmp_path / "cache")


@pytest.fixture
def elsewhere(url: str, tmp_path: Path) -> BundleStore:
    """The same store on another machine."""
    return open_store(url, tmp_path / "another-cache")


def test_an_empty_store_has_nothing(store: BundleStore) -> None:
    assert (store.versions(), store.active_version(), store.load_active()) == ([], None, None)
    with pytest.raises(BundleError, match=r"s3://.*/v1/manifest.json: there is no such file"):
        store.load("v1")


def test_what_is_published_here_is_loaded_there(store: BundleStore, elsewhere: BundleStore, tmp_path: Path) -> None:
    (tmp_path / "network.onnx").write_bytes(b"network")
    store.publish(manifest("v1"), ARRAYS, [tmp_path / "network.onnx"])
    store.publish(manifest("v2"), ARRAYS)
    assert elsewhere.versions() == ["v1", "v2"]
    assert elsewhere.active_version() is None
    elsewhere.activate("v1")
    assert store.active_version() == "v1"
    bundle = elsewhere.load_active()
    assert bundle is not None
    assert bundle.array("numbers", np.float32).tolist() == [1.5, 2.5]
    assert bundle.file("network.onnx").read_bytes() == b"network"
    assert elsewhere.manifest("v2").version == "v2"
    with pytest.raises(BundleError, match="exists already"):
        elsewhere.publish(manifest("v2"), ARRAYS)


def test_what_is_damaged_there_is_refused_and_a_damaged_copy_is_made_anew(
    store: BundleStore, elsewhere: BundleStore, files: s3fs.S3FileSystem, url: str
) -> None:
    store.publish(manifest("v1"), ARRAYS)
    elsewhere.load("v1")
    (elsewhere.root / "v1" / "numbers.npy").write_bytes(b"damaged")
    assert elsewhere.load("v1").array("numbers", np.float32).tolist() == [1.5, 2.5]
    store.publish(manifest("v2"), ARRAYS)
    files.pipe_file(f"{url}/v2/numbers.npy", b"damaged")
    with pytest.raises(BundleError, match=r"numbers\.npy: has 7 bytes"):
        elsewhere.activate("v2")
    text = files.cat_file(f"{url}/v1/{MANIFEST_FILE}").decode()
    files.pipe_file(f"{url}/v3/{MANIFEST_FILE}", text.replace("numbers.npy", "../../escaped").encode())
    with pytest.raises(BundleError, match="not a plain file name"):
        elsewhere.load("v3")
    assert store.active_version() is None


def test_a_copy_that_another_version_of_braid_reads_is_not_made_anew(
    store: BundleStore, files: s3fs.S3FileSystem, url: str
) -> None:
    path = store.publish(manifest("v1"), ARRAYS).folder / MANIFEST_FILE
    files.rm(f"{url}/v1", recursive=True)
    path.write_bytes(path.read_bytes().replace(b'"schema_version": 2', b'"schema_version": 1'))
    with pytest.raises(BundleUnreadableError, match="train again"):
        store.load("v1")
    assert path.exists()


def test_a_version_whose_manifest_is_not_there_is_none_and_is_swept_a_day_later(
    store: BundleStore, files: s3fs.S3FileSystem, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish(manifest("v1"), ARRAYS)
    files.pipe_file(f"{url}/v2/numbers.npy", b"half of it")
    (store.root / "v2").mkdir()
    assert store.versions() == ["v1"]
    store.sweep()
    assert files.exists(f"{url}/v2/numbers.npy")
    monkeypatch.setattr(remote, "_STALE_SECONDS", -60)
    store.sweep()
    assert not files.exists(f"{url}/v2/numbers.npy")
    assert not (store.root / "v2").exists()
    assert store.load("v1").version == "v1"


def test_old_versions_are_removed_with_their_copies(store: BundleStore, files: s3fs.S3FileSystem, url: str) -> None:
    for number in range(4):
        store.publish(manifest(f"v{number}"), ARRAYS)
    store.activate("v0")
    assert store.prune(2) == ["v1"]
    assert store.versions() == ["v0", "v2", "v3"]
    assert not files.exists(f"{url}/v1")
    assert not (store.root / "v1").exists()
    with pytest.raises(BundleError, match="active"):
        store.remove("v0")


def test_storage_that_is_away_is_named(
    store: BundleStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    away = open_store(url, tmp_path / "third")
    with pytest.raises(BundleError, match=r"s3://.*cannot be reached"):
        away.versions()
    with pytest.raises(BundleError, match="nothing"):
        open_store("nothing://bucket/bundles", tmp_path)


def test_paths_and_file_urls_are_folders(tmp_path: Path) -> None:
    for location in (str(tmp_path / "a b"), f"file://{tmp_path}/a%20b"):
        store = open_store(location, tmp_path / "cache")
        assert (type(store), store.root) == (BundleStore, tmp_path / "a b")


def test_arrays_that_one_machine_replaces_are_replaced_at_the_url_and_in_the_copies_of_others(
    store: BundleStore, elsewhere: BundleStore
) -> None:
    name = next(iter(ARRAYS))
    store.publish(manifest("v1"), ARRAYS)
    before = np.array(elsewhere.load("v1").arrays[name])
    digest = elsewhere.digest("v1")
    assert store.replace_arrays("v1", lambda _: {name: before[:-1]})
    assert elsewhere.digest("v1") != digest
    assert (elsewhere.read_array("v1", name) == before[:-1]).all()
    assert (np.asarray(elsewhere.load("v1").arrays[name]) == before[:-1]).all()


def test_a_copy_of_old_arrays_goes_even_if_nobody_loads_the_version(store: BundleStore, elsewhere: BundleStore) -> None:
    name = next(iter(ARRAYS))
    store.publish(manifest("v1"), ARRAYS)
    before = np.array(elsewhere.load("v1").arrays[name])
    elsewhere.sweep()
    assert (elsewhere.root / "v1").exists()
    store.replace_arrays("v1", lambda _: {name: before[:-1]})
    elsewhere.sweep()
    assert not (elsewhere.root / "v1").exists()


@pytest.mark.parametrize("puts", [0, 1])
def test_an_interrupted_replacement_is_finished_and_nobody_loses_a_good_copy(
    store: BundleStore, elsewhere: BundleStore, url: str, monkeypatch: pytest.MonkeyPatch, puts: int
) -> None:
    name = next(iter(ARRAYS))
    store.publish(manifest("v1"), ARRAYS)
    before = np.array(elsewhere.load("v1").arrays[name])
    there = store._files  # type: ignore[attr-defined]
    put = there.put_file
    done: list[object] = []

    def interrupted(*arguments: object) -> None:
        if len(done) == puts:
            raise KeyboardInterrupt
        done.append(put(*arguments))

    monkeypatch.setattr(there, "put_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.replace_arrays("v1", lambda _: {name: before[:-1]})
    monkeypatch.setattr(there, "put_file", put)
    newcomer = open_store(url, store.root.parent / "third-cache")
    if puts:
        with pytest.raises(BundleDamagedError, match=rf"{url}/v1/{name}\.npy"):
            newcomer.load("v1")
        with pytest.raises(BundleDamagedError, match="not that of the manifest"):
            newcomer.read_array("v1", name)
    # Each of the two has a whole copy, and goes on with it.
    assert len(elsewhere.load("v1").arrays[name]) == len(before)
    assert len(store.load("v1").arrays[name]) == len(before) - 1
    assert store.finish_replacing("v1")
    assert not store.finish_replacing("v1")
    for one in (newcomer, elsewhere, store):
        assert (np.asarray(one.load("v1").arrays[name]) == before[:-1]).all()


def test_an_outdated_copy_stays_where_what_is_at_the_url_is_damaged(
    store: BundleStore, elsewhere: BundleStore, files: s3fs.S3FileSystem, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = next(iter(ARRAYS))
    store.publish(manifest("v1"), ARRAYS)
    before = np.array(elsewhere.load("v1").arrays[name])
    store.replace_arrays("v1", lambda _: {name: before[:-1]})
    files.pipe_file(f"{url}/v1/{name}.npy", b"damaged")
    with caplog.at_level("WARNING", "models.bundle.remote"):
        assert len(elsewhere.load("v1").arrays[name]) == len(before)
    assert "the local copy of bundle v1 is used" in caplog.text
    # Users who were erased meanwhile would come back.
    with pytest.raises(BundleDamagedError, match="an older one"):
        elsewhere.replace_arrays("v1", lambda _: {name: before[:-2]})


def test_what_another_machine_has_replaced_since_is_not_overwritten(store: BundleStore, elsewhere: BundleStore) -> None:
    name = next(iter(ARRAYS))
    store.publish(manifest("v1"), ARRAYS)
    before = np.array(elsewhere.load("v1").arrays[name])
    (store.root / "v1.unfinished").write_text(store.digest("v1"))
    elsewhere.replace_arrays("v1", lambda _: {name: before[:-1]})
    assert not store.finish_replacing("v1")
    assert len(store.load("v1").arrays[name]) == len(before) - 1


def test_one_file_is_read_without_a_copy_of_the_version(
    store: BundleStore, elsewhere: BundleStore, tmp_path: Path
) -> None:
    (tmp_path / "report.html").write_bytes(b"<h1>v1</h1>")
    store.publish(manifest("v1"), ARRAYS, [tmp_path / "report.html"])
    assert elsewhere.read_file("v1", "report.html") == b"<h1>v1</h1>"
    assert elsewhere.read_file("v1", "other.html") is None
    assert not (elsewhere.root / "v1").exists()
    assert store.read_file("v1", "report.html") == b"<h1>v1</h1>"
