"""The store of bundles: publish a version, activate one, find the active one, remove old ones."""

import shutil
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.bundle.errors import BundleDamagedError, BundleError, StoreUnreachableError
from models.bundle.loader import Bundle, file_sha256, load_bundle, read_checked
from models.bundle.manifest import MANIFEST_FILE, FileEntry, Manifest, library_versions, read_manifest
from models.bundle.naming import checked, is_version, version_named, version_of_goal
from models.bundle.rewriting import rewrite
from models.bundle.verdict import Verdict
from models.bundle.writing import locked, partial_folder, replace_file, sweep, sync_file, sync_folder, write_synced

CURRENT_FILE = "CURRENT"
_STALE_SECONDS = 86_400
Judge = Callable[[Bundle], Verdict]


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
        return [name for name in self.published() if not version_of_goal(name)]

    def published(self) -> list[str]:
        """List all published versions, oldest first."""
        if not self.root.is_dir():
            return []
        names = [path.parent.name for path in self.root.glob(f"*/{MANIFEST_FILE}")]
        return sorted(name for name in names if is_version(name))

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
        return read_manifest(self._folder(version))

    def _folder(self, version: str) -> Path:
        folder = self.root / checked(version)
        if not folder.is_dir():
            raise BundleError(f"{folder}: there is no such bundle")
        return folder

    def digest(self, version: str) -> str:
        """Return the checksum of a version's manifest: another one where its arrays were replaced.

        Raises
        ------
        BundleError
            There is no such version.
        """
        path = self._folder(version) / MANIFEST_FILE
        try:
            return file_sha256(path)
        except OSError as error:
            raise BundleDamagedError(f"{path}: cannot be read: {error.strerror}") from error

    def read_array(self, version: str, name: str) -> npt.NDArray[Any]:
        """Read one array of a version, and nothing else of it; its checksum is not compared.

        Raises
        ------
        BundleDamagedError
            It cannot be read.
        """
        path = self.root / checked(version) / f"{name}.npy"
        try:
            found: npt.NDArray[Any] = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise BundleDamagedError(f"{path}: cannot be read: {error}") from error
        return found

    def read_file(self, version: str, name: str) -> bytes | None:
        """Read one file of a version, and nothing else of it; None where it has no such file.

        Raises
        ------
        BundleError
            There is no such version, or the file is damaged.
        """
        entry = self.manifest(version).files.get(name)
        return None if entry is None else read_checked(self.root / checked(version) / name, entry)

    def load(self, version: str) -> Bundle:
        """Verify and load a version.

        Raises
        ------
        BundleError
            There is no such version, or it is damaged.
        """
        with locked(self.root, shared=True) if self.root.is_dir() else nullcontext():
            return self._load(version)

    def _load(self, version: str) -> Bundle:
        folder = self._folder(version)
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
            self._load(version)
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

    def replace_arrays(self, version: str, changed: Callable[[Bundle], Mapping[str, npt.NDArray[np.generic]]]) -> bool:
        """Replace arrays of a version in one atomic step; who has mapped the present ones keeps them.

        Parameters
        ----------
        changed
            Called with the verified bundle; returns its new arrays by name, none where all may stay.

        Returns
        -------
        bool
            Whether arrays were replaced.

        Raises
        ------
        BundleError
            There is no such version, or it is damaged.
        """
        with locked(self.root):
            bundle = self._load(version)
            arrays = changed(bundle)
            if arrays:
                rewrite(bundle, arrays, self.root)
        return bool(arrays)

    def finish_replacing(self, version: str) -> bool:  # noqa: ARG002 - here it is one step
        """Finish a replacement of arrays that was interrupted; return whether there was one."""
        return False

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
            if (own := version_of_goal(name)) is not None and own == version:
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
            own = version_of_goal(name)
            if own is not None and own not in there and self._published_before(name, time.time() - _STALE_SECONDS):
                self.remove(name)

    def _published_before(self, version: str, moment: float) -> bool:
        """Return whether a version was published before a moment, in seconds since 1970."""
        try:
            return self.manifest(version).created_at.timestamp() < moment
        except BundleError:
            return True
