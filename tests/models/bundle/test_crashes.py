"""A process that is killed at any step of writing leaves the store readable and the old version active."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from models.bundle.store import CURRENT_FILE, BundleStore
from models.bundle.writing import replace_file

WRITER = """
import os, sys
from pathlib import Path
import numpy as np
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.bundle.verdict import Verdict

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "shutil.copyfile",
         "shutil.rmtree", "tempfile.mkdtemp", "tempfile.mkstemp", "fcntl.flock", "os.scandir", "os.listdir"}
root, what, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = BundleStore(root)
network = root.parent / "network.onnx"
network.write_bytes(b"network")
arrays = {"numbers": np.arange(5, dtype=np.float32), "ids": np.array([b"a", b"b"])}
manifest = Manifest(version="v2", data={}, settings={}, metrics={}, protocol="random")
count = 0

def die(event, args):
    global count
    if event in STEPS and any(str(root) in str(arg) for arg in args) or event == "fcntl.flock":
        count += 1
        if count == last:
            os._exit(9)

def publish():
    store.publish(manifest, arrays, [network], lambda written: Verdict())

if what in ("activate", "remove"):
    publish()
sys.addaudithook(die)
if what == "publish":
    publish()
elif what == "activate":
    store.activate("v2")
else:
    store.remove("v2")
print(count)
"""


def run(root: Path, what: str, last: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WRITER, str(root), what, str(last)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def hidden(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if path.name.startswith(".braid-"))


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    from tests.models.bundle.test_store import ARRAYS, manifest  # noqa: PLC0415 - what a bundle of this folder is

    store = BundleStore(tmp_path / "bundles")
    store.publish(manifest("v1"), ARRAYS)
    store.activate("v1")
    return store


@pytest.mark.slow
@pytest.mark.parametrize("what", ["publish", "activate", "remove"])
def test_killed_at_every_step(store: BundleStore, what: str) -> None:
    whole = run(store.root, what, 0)
    assert whole.returncode == 0, whole.stderr
    steps = int(whole.stdout)
    assert steps >= 5
    for last in range(1, steps + 1):
        if store.active_version() != "v1":
            store.activate("v1")
        if "v2" in store.versions():
            store.remove("v2")
        killed = run(store.root, what, last)
        assert killed.returncode == 9, (last, killed.stderr)
        active = store.load_active()
        assert active is not None
        assert active.version in ({"v1", "v2"} if what == "activate" else {"v1"})
        for version in store.versions():
            assert store.load(version).array("numbers", "f4").shape
        store.sweep()
        assert hidden(store.root) == []
        assert store.active_version() == active.version


def test_what_a_living_process_writes_is_not_swept(store: BundleStore) -> None:
    with store.scratch() as folder:
        (folder / "kept").touch()
        store.sweep()
        assert (folder / "kept").exists()
    assert not folder.exists()
    (store.root / ".braid-v3.left").mkdir()
    (store.root / ".braid-CURRENT.left").touch()
    for name in (".git", ".cache"):
        (store.root / name).mkdir()
    (store.root / ".env").touch()
    store.sweep()
    assert hidden(store.root) == []
    assert {".git", ".cache", ".env"} <= {path.name for path in store.root.iterdir()}


def test_what_is_swept_before_it_is_locked_is_made_anew(store: BundleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sweeps between the making of a name and its lock."""
    flock, calls = fcntl.flock, 0

    def lock(what: object, how: int) -> None:
        nonlocal calls
        calls += 1
        if calls in {1, 3}:
            for path in store.root.glob(".braid-*"):
                path.rmdir() if path.is_dir() else path.unlink()
        flock(what, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", lock)
    with store.scratch() as folder:
        assert folder.is_dir()
    replace_file(store.root / CURRENT_FILE, b"v1\n")
    assert store.active_version() == "v1"
    assert calls >= 4


def test_removing_twice_is_no_error(store: BundleStore) -> None:
    store.remove("v2")
    assert store.versions() == ["v1"]
