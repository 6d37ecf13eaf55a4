"""Writes folders and files so that a crash at any point leaves them absent or complete.

Unfinished folders and files have a name that begins with `.braid-`, and a lock that their process holds. A lock ends
with its process: unlocked ones are leftovers, which `sweep` removes.
"""

import ctypes
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".braid-"
# Of Linux: the present folder, and to exchange instead of to replace.
_HERE, _RENAME_EXCHANGE = -100, 2


@contextmanager
def partial_folder(root: Path, name: str) -> Iterator[Path]:
    """Make a hidden folder; it is removed at the end, unless it was renamed by then."""
    root.mkdir(parents=True, exist_ok=True)
    path, lock = _held_folder(root, name)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _held_folder(root: Path, name: str) -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}.", dir=root))
        # Another process may sweep it before it is locked.
        with suppress(FileNotFoundError):
            lock = os.open(path, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                return path, lock
            os.close(lock)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one atomic step."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=f"{_PREFIX}{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX)
                stream.write(content)
                stream.flush()
                os.fchmod(stream.fileno(), 0o644)
                os.fsync(stream.fileno())
                # As above.
                with suppress(FileNotFoundError):
                    Path(name).replace(path)
                    sync_folder(path.parent)
                    return
            finally:
                Path(name).unlink(missing_ok=True)


@contextmanager
def locked(root: Path, *, shared: bool = False) -> Iterator[None]:
    """Let one process at a time activate, change or remove versions; those that read may share the lock."""
    root.mkdir(parents=True, exist_ok=True)
    lock = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def exchange_folders(first: Path, second: Path) -> None:
    """Exchange two folders of one file system: in one atomic step where the system can, else in three."""
    if _exchanged_at_once(first, second):
        return
    aside = first.with_name(f"{first.name}-aside")
    second.rename(aside)
    first.rename(second)
    aside.rename(first)


def _exchanged_at_once(first: Path, second: Path) -> bool:
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    return rename is not None and not rename(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _RENAME_EXCHANGE)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file, and wait until it is on the disk."""
    path.write_bytes(content)
    sync_file(path)


def sync_file(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the names of a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(root: Path) -> None:
    """Remove leftovers of processes that have ended."""
    for path in sorted(root.glob(f"{_PREFIX}*")) if root.is_dir() else ():
        with suppress(OSError):
            lock = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            finally:
                os.close(lock)
