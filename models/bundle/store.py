"""The store of bundles: publish a version, activate one, find the active one, remove old ones."""

import re
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.bundle.errors import BundleError, StoreUnreachableError
from models.bundle.loader import Bundle, file_sha256, load_bundle
from models.bundle.manifest import MANIFEST_FILE, FileEntry, Manifest, library_versions, read_manifest
from models.bundle.verdict import Verdict
from models.bundle.writing import locked, partial_folder, replace_file, sweep, sync_file, sync_folder, write_synced

CURRENT_FILE = "CURRENT"
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}")
_OF_GOAL = re.compile(r"(?P<version>.+)\.goal\d+")
_STALE_SECONDS = 86_400
Judge = Callable[[Bundle], Verdict]


def new_version() -> str:
    """Return a version name made from the present time, so that names sort by age."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def goal_version(version: str, place: int) -> str:
    """Return the version of the bundle of a further goal of a bundle; `place` counts the goals from 1."""
    return f"{version}.goal{place}"


class BundleStore:
    """A folder of bundles, one folder for each version, and the name of the active one.

    Parameters
    ----------
    root
        The folder; it need not exist before the first bundle is published.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def place(self) -> str:
        """The path of the store, for messages."""
        return str(self.root)

    def versions(self) -> list[str]:
        """List the published versions, oldest first, without those of further goals, which go with another one."""
        return [name for name in self.published() if not _OF_GOAL.fullmatch(name)]

    def published(self) -> list[str]:
        """List all published versions, oldest first."""
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
            return version_named(path.read_bytes(), str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnreachableError(f"{path}: cannot be read: {error}") from error

    def manifest(self, version: str) -> Manifest:
        """Read the manifest of a version, and nothing else of it.

        Raises
        ------
        BundleError
            There is no such version, or its manifest is damaged.
        """
        folder = self.root / checked(version)
        if not folder.is_dir():
            raise BundleError(f"{folder}: there is no such bundle")
        return read_manifest(folder)

    def load(self, version: str) -> Bundle:
        """Verify and load a version.

        Raises
        ------
        BundleError
            There is no such version, or it is damaged.
        """
        folder = self.root / checked(version)
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
        with locked(self.root):
            self.load(version)
            replace_file(self.root / CURRENT_FILE, f"{version}\n".encode())

    def publish(
        self,
        manifest: Manifest,
        arrays: Mapping[str, npt.NDArray[np.generic]],
        files: Iterable[Path] = (),
        judge: Judge | None = None,
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
        judge
            Called with the written bundle before it appears; its verdict becomes the manifest's `gate`.

        Raises
        ------
        BundleError
            The version has an impossible name or exists already, or an array did not pass the checks.
        """
        target = self.root / checked(manifest.version)
        if target.exists():
            raise BundleError(f"{target}: this version exists already")
        with partial_folder(self.root, manifest.version) as partial:
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
                sync_file(path)
            write_synced(partial / MANIFEST_FILE, complete.model_dump_json(indent=2).encode())
            written = load_bundle(partial)
            if judge is not None:
                complete = complete.model_copy(update={"gate": judge(written)})
                write_synced(partial / MANIFEST_FILE, complete.model_dump_json(indent=2).encode())
            partial.chmod(0o755)
            sync_folder(partial)
            partial.rename(target)
            sync_folder(self.root)
        return BundleStore.load(self, manifest.version)

    def remove(self, version: str) -> None:
        """Remove a version, and those of its further goals.

        Raises
        ------
        BundleError
            It is the active one.
        """
        if version == self.active_version():
            raise BundleError(f"bundle {version} is active: activate another one before it is removed")
        for name in self.published():
            if (own := _OF_GOAL.fullmatch(name)) is not None and own["version"] == version:
                self.remove(name)
        folder = self.root / checked(version)
        # Another process may be removing the same version.
        with partial_folder(self.root, version) as gone, suppress(FileNotFoundError):
            folder.rename(gone / version)

    def prune(self, keep: int, spared: Collection[str] = ()) -> list[str]:
        """Remove all versions except the newest, the active one and those spared; return those that were removed."""
        with locked(self.root):
            active = self.active_version()
            old = [version for version in self.versions()[:-keep] if version not in {active, *spared}]
            for version in old:
                self.remove(version)
        return old

    def scratch(self) -> AbstractContextManager[Path]:
        """Make a temporary folder for a run; it is removed at the end."""
        return partial_folder(self.root, "work")

    def sweep(self) -> None:
        """Remove leftovers of killed runs; bundles of further goals only after a day, as their run may be going on."""
        sweep(self.root)
        there = self.published()
        for name in there:
            own = _OF_GOAL.fullmatch(name)
            if (
                own is not None
                and own["version"] not in there
                and self._published_before(name, time.time() - _STALE_SECONDS)
            ):
                self.remove(name)

    def _published_before(self, version: str, moment: float) -> bool:
        """Return whether a version was published before a moment, in seconds since 1970."""
        try:
            return self.manifest(version).created_at.timestamp() < moment
        except BundleError:
            return True


def checked(version: str) -> str:
    """Return the name of a version, if it is valid.

    Raises
    ------
    BundleError
        It is not the name of a version.
    """
    if not _VERSION.fullmatch(version):
        raise BundleError(f"{version[:80]!r} is not the name of a version")
    return version


def version_named(content: bytes, place: str) -> str:
    """Read the name of the active version.

    Raises
    ------
    BundleError
        It is not the name of a version.
    """
    name = content.decode("utf-8", errors="replace").strip()
    if not _VERSION.fullmatch(name):
        raise BundleError(f"{place}: {name[:80]!r} is not the name of a version")
    return name
