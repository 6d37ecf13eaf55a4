"""The store of bundles: publish a version, activate one, find the active one."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.bundle.errors import BundleError
from models.bundle.loader import Bundle, file_sha256, load_bundle
from models.bundle.manifest import MANIFEST_FILE, FileEntry, Manifest, library_versions

CURRENT_FILE = "CURRENT"
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}")


def new_version() -> str:
    """Name a version after this moment, so that names sort by age."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")


class BundleStore:
    """A folder of bundles, one folder for each version, and the name of the active one.

    Parameters
    ----------
    root
        The folder; it need not exist before the first bundle is published.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def versions(self) -> list[str]:
        """List the published versions, oldest first."""
        if not self.root.is_dir():
            return []
        names = [path.parent.name for path in self.root.glob(f"*/{MANIFEST_FILE}")]
        return sorted(name for name in names if _VERSION.fullmatch(name))

    def active_version(self) -> str | None:
        """Read which version is active; None before the first activation.

        Raises
        ------
        BundleError
            The file that names it is damaged.
        """
        path = self.root / CURRENT_FILE
        try:
            name = path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise BundleError(f"{path}: cannot be read: {error}") from error
        if not _VERSION.fullmatch(name):
            raise BundleError(f"{path}: {name[:80]!r} is not the name of a version")
        return name

    def load(self, version: str) -> Bundle:
        """Verify and load a version.

        Raises
        ------
        BundleError
            There is no such version, or it is damaged.
        """
        if not _VERSION.fullmatch(version):
            raise BundleError(f"{version[:80]!r} is not the name of a version")
        folder = self.root / version
        if not folder.is_dir():
            raise BundleError(f"{folder}: there is no such bundle")
        bundle = load_bundle(folder)
        if bundle.version != version:
            raise BundleError(f"{folder}: its manifest is that of version {bundle.version!r}")
        return bundle

    def load_active(self) -> Bundle | None:
        """Verify and load the active version; None before the first activation.

        Raises
        ------
        BundleError
            The active version is missing or damaged.
        """
        version = self.active_version()
        return None if version is None else self.load(version)

    def activate(self, version: str) -> None:
        """Make a version the active one, in one atomic step, after verifying it.

        Raises
        ------
        BundleError
            There is no such version, or it is damaged.
        """
        self.load(version)
        temporary = self.root / f".{CURRENT_FILE}.{os.getpid()}"
        _write_synced(temporary, f"{version}\n".encode())
        temporary.replace(self.root / CURRENT_FILE)
        _sync_folder(self.root)

    def publish(
        self, manifest: Manifest, arrays: Mapping[str, npt.NDArray[np.generic]], files: Iterable[Path] = ()
    ) -> Bundle:
        """Write a version, atomically: it appears complete and verified, or not at all.

        Parameters
        ----------
        manifest
            Its `files` and `libraries` are filled in here.
        arrays
            Name to array; the name becomes that of an `.npy` file.
        files
            Further files, copied under their own names.

        Raises
        ------
        BundleError
            The version has an impossible name or exists already, or an array did not pass the checks.
        """
        if not _VERSION.fullmatch(manifest.version):
            raise BundleError(f"{manifest.version[:80]!r} is not the name of a version")
        self.root.mkdir(parents=True, exist_ok=True)
        target = self.root / manifest.version
        if target.exists():
            raise BundleError(f"{target}: this version exists already")
        partial = Path(tempfile.mkdtemp(prefix=f".{manifest.version}.", dir=self.root))
        try:
            for name, array in arrays.items():
                np.save(partial / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
            for path in files:
                shutil.copyfile(path, partial / path.name)
            entries = {
                path.name: FileEntry(sha256=file_sha256(path), size=path.stat().st_size)
                for path in sorted(partial.iterdir())
            }
            complete = manifest.model_copy(update={"files": entries, "libraries": library_versions()})
            for path in partial.iterdir():
                _sync_file(path)
            _write_synced(partial / MANIFEST_FILE, complete.model_dump_json(indent=2).encode())
            load_bundle(partial)
            partial.chmod(0o755)
            _sync_folder(partial)
            partial.rename(target)
            _sync_folder(self.root)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return self.load(manifest.version)


def _write_synced(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _sync_file(path)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
