"""Bundles in object storage, by URL; they are copied to a local folder before they are verified and read."""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import numpy.typing as npt

from models import DISTRIBUTION
from models.bundle.errors import BundleDamagedError, BundleError, BundleUnreadableError, StoreUnreachableError
from models.bundle.loader import Bundle, file_sha256, load_bundle, plain_name, read_checked
from models.bundle.manifest import MANIFEST_FILE, Manifest, read_manifest
from models.bundle.naming import checked, is_version, version_named
from models.bundle.store import CURRENT_FILE, BundleStore, Judge
from models.bundle.writing import exchange_folders, locked, partial_folder, replace_file

_log = logging.getLogger(__name__)
_STALE_SECONDS = 86_400
_EXTRAS = {"s3": "s3", "gs": "gcs"}


class RemoteBundleStore(BundleStore):
    """A store under a URL, with the layout of a folder.

    An object appears complete or not at all. A version exists if its manifest does, which is written last and removed
    first.

    Parameters
    ----------
    url
        As fsspec reads it; credentials come from the environment, as the library documents.
    cache
        Folder for local copies.

    Raises
    ------
    BundleError
        The library for URLs of this kind is not installed.
    """

    def __init__(self, url: str, cache: Path) -> None:
        super().__init__(cache)
        self._url = url.rstrip("/")
        try:
            self._files, self._base = fsspec.core.url_to_fs(self._url, use_listings_cache=False)
        except ImportError as error:
            extra = _EXTRAS.get(self._url.partition("://")[0], "s3")
            raise BundleError(
                f"{self._url}: its library is not installed: pip install '{DISTRIBUTION}[{extra}]'"
            ) from error
        except ValueError as error:
            raise BundleError(f"{self._url}: {error}") from error

    @property
    def place(self) -> str:
        """The URL of the store, for messages."""
        return self._url

    def published(self) -> list[str]:
        """List all published versions, oldest first."""
        with self._readable_errors(self._url):
            found = self._files.glob(f"{self._base}/*/{MANIFEST_FILE}")
        names = [str(path).split("/")[-2] for path in found]
        return sorted(name for name in names if is_version(name))

    def active_version(self) -> str | None:
        """Read which version is active; None before the first activation."""
        place = f"{self._url}/{CURRENT_FILE}"
        try:
            with self._readable_errors(place):
                return version_named(self._files.cat_file(f"{self._base}/{CURRENT_FILE}"), place)
        except FileNotFoundError:
            return None

    def manifest(self, version: str) -> Manifest:
        """Read the manifest of a version, and nothing else of it."""
        if (self.root / checked(version) / MANIFEST_FILE).exists():
            return super().manifest(version)
        with partial_folder(self.root, version) as partial:
            self._fetch(version, MANIFEST_FILE, partial)
            return read_manifest(partial)

    def digest(self, version: str) -> str:
        """Return the checksum of the manifest at the URL."""
        place = f"{self._url}/{checked(version)}/{MANIFEST_FILE}"
        try:
            with self._readable_errors(place):
                found = bytes(self._files.cat_file(f"{self._base}/{version}/{MANIFEST_FILE}"))
        except FileNotFoundError as error:
            raise BundleDamagedError(f"{place}: there is no such file") from error
        return hashlib.sha256(found).hexdigest()

    def read_array(self, version: str, name: str) -> npt.NDArray[Any]:
        """Copy one array of a version, verify and read it, or that of the local copy."""
        if (self.root / checked(version)).is_dir() and not self._is_outdated(version):
            return super().read_array(version, name)
        with partial_folder(self.root, version) as partial:
            self._fetch(version, MANIFEST_FILE, partial)
            self._fetch(version, f"{name}.npy", partial)
            entry = read_manifest(partial).files.get(f"{name}.npy")
            if entry is None or entry.sha256 != file_sha256(partial / f"{name}.npy"):
                raise BundleDamagedError(f"{self._url}/{version}/{name}.npy: is not that of the manifest")
            found: npt.NDArray[Any] = np.load(partial / f"{name}.npy", allow_pickle=False)
            return found

    def read_file(self, version: str, name: str) -> bytes | None:
        """Copy one file of a version, verify and read it, or that of the local copy."""
        if (self.root / checked(version)).is_dir() and not self._is_outdated(version):
            return super().read_file(version, name)
        with partial_folder(self.root, version) as partial:
            self._fetch(version, MANIFEST_FILE, partial)
            entry = read_manifest(partial).files.get(name)
            if entry is None:
                return None
            self._fetch(version, name, partial)
            return read_checked(partial / name, entry)

    def load(self, version: str) -> Bundle:
        """Copy a version unless there is a copy, then verify and load it; a damaged copy is made again once.

        An outdated copy stays until a verified one takes its place, and where what is at the URL is damaged.
        """
        folder = self.root / checked(version)
        if folder.is_dir() and not self._is_outdated(version):
            try:
                return super().load(version)
            except BundleDamagedError:
                pass
        try:
            self._copy(version, folder)
        except BundleDamagedError as error:
            try:
                kept = super().load(version)
            except BundleError:
                raise error from None
            _log.warning("the local copy of bundle %s is used: %s", version, error)
            return kept
        return super().load(version)

    def activate(self, version: str) -> None:
        """Make a version the active one, in one atomic step, after verifying it."""
        before = self.active_version()
        self.load(version)
        self._point_to(version)
        if version not in self.versions() and before is not None:
            # Another machine has removed it meanwhile.
            self._point_to(before)
            raise BundleError(f"{self._url}/{version}: was removed")

    def _point_to(self, version: str) -> None:
        with self._readable_errors(f"{self._url}/{CURRENT_FILE}"):
            self._files.pipe_file(f"{self._base}/{CURRENT_FILE}", f"{version}\n".encode())

    def publish(
        self,
        manifest: Manifest,
        arrays: Mapping[str, npt.NDArray[np.generic]],
        files: Iterable[Path] = (),
        judge: Judge | None = None,
    ) -> Bundle:
        """Write a version to the local folder, then copy it to the URL; it appears when it is complete."""
        if manifest.version in self.published():
            raise BundleError(f"{self._url}/{manifest.version}: this version exists already")
        shutil.rmtree(self.root / checked(manifest.version), ignore_errors=True)
        bundle = super().publish(manifest, arrays, files, judge)
        for name in [*bundle.manifest.files, MANIFEST_FILE]:
            with self._readable_errors(f"{self._url}/{bundle.version}/{name}"):
                self._files.put_file(str(bundle.folder / name), f"{self._base}/{bundle.version}/{name}")
        return bundle

    def replace_arrays(self, version: str, changed: Callable[[Bundle], Mapping[str, npt.NDArray[np.generic]]]) -> bool:
        """Replace arrays in the local copy, then at the URL, the manifest last; one machine at a time may do so.

        Who copies the version meanwhile finds that its checksums differ, and tries again later.
        """
        self.load(version)
        if self._is_outdated(version):
            raise BundleDamagedError(f"{self._url}/{version}: is damaged, and the local copy is an older one")
        replace_file(self._unfinished(version), self.digest(version).encode())
        replaced = super().replace_arrays(version, changed)
        return self.finish_replacing(version) or replaced

    def finish_replacing(self, version: str) -> bool:
        """Copy replaced arrays to the URL, unless another machine has replaced them since; return whether it did."""
        unfinished = self._unfinished(version)
        if not unfinished.exists():
            return False
        there, here = self.digest(version), super().digest(version)
        pending = there == unfinished.read_text() and there != here
        if pending:
            with partial_folder(self.root, version) as partial:
                self._fetch(version, MANIFEST_FILE, partial)
                before = read_manifest(partial).files
            after = super().load(version).manifest.files
            for name in [*(name for name in after if after[name] != before.get(name)), MANIFEST_FILE]:
                with self._readable_errors(f"{self._url}/{version}/{name}"):
                    self._files.put_file(str(self.root / version / name), f"{self._base}/{version}/{name}")
        unfinished.unlink(missing_ok=True)
        return pending

    def _unfinished(self, version: str) -> Path:
        """Return the file that names the manifest at the URL that the local copy is to replace."""
        return self.root / f"{checked(version)}.unfinished"

    def remove(self, version: str) -> None:
        """Remove a version and its local copy."""
        super().remove(version)
        self._unfinished(version).unlink(missing_ok=True)
        folder = f"{self._base}/{checked(version)}"
        with self._readable_errors(f"{self._url}/{version}"):
            if self._files.exists(f"{folder}/{MANIFEST_FILE}"):
                self._files.rm_file(f"{folder}/{MANIFEST_FILE}")
            if self._files.exists(folder):
                self._files.rm(folder, recursive=True)

    def sweep(self) -> None:
        """Remove leftovers of killed runs; versions only after a day, as another process may be writing them."""
        super().sweep()
        there = set(self.published())
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            if folder.name in there and self._is_outdated(folder.name):
                shutil.rmtree(folder, ignore_errors=True)
        before = time.time() - _STALE_SECONDS
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            if folder.name not in there and is_version(folder.name) and folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)
        with self._readable_errors(self._url):
            for path in self._files.ls(self._base, detail=False) if self._files.exists(self._base) else ():
                name = str(path).rstrip("/").rpartition("/")[2]
                if name not in there and is_version(name) and self._files.isdir(path) and self._is_old(path, before):
                    self._files.rm(path, recursive=True)

    def _is_old(self, path: str, before: float) -> bool:
        written = [self._files.modified(file).timestamp() for file in self._files.find(path)]
        return max(written, default=0.0) < before

    def _is_outdated(self, version: str) -> bool:
        """Tell whether another machine has replaced arrays since a version was copied."""
        try:
            there = self.digest(version)
            if there == super().digest(version):
                return False
            unfinished = self._unfinished(version)
            return not (unfinished.exists() and unfinished.read_text() == there)
        except BundleError:
            return False

    def _copy(self, version: str, folder: Path) -> None:
        with partial_folder(self.root, version) as partial:
            self._fetch(version, MANIFEST_FILE, partial)
            for name in [plain_name(name, self.place) for name in read_manifest(partial).files]:
                self._fetch(version, name, partial)
            try:
                load_bundle(partial)
            except BundleUnreadableError:
                # It stays, so that it is not copied each time; who loads it is told.
                pass
            except BundleDamagedError as error:
                raise BundleDamagedError(str(error).replace(str(partial), f"{self._url}/{version}")) from error
            partial.chmod(0o755)
            with locked(self.root):
                if folder.is_dir():
                    exchange_folders(partial, folder)
                else:
                    partial.rename(folder)

    def _fetch(self, version: str, name: str, folder: Path) -> None:
        place = f"{self._url}/{version}/{name}"
        try:
            with self._readable_errors(place):
                self._files.get_file(f"{self._base}/{version}/{name}", str(folder / name))
        except FileNotFoundError as error:
            raise BundleDamagedError(f"{place}: there is no such file") from error

    @contextmanager
    def _readable_errors(self, place: str) -> Iterator[None]:
        """Turn errors of a storage library into errors that a user can understand."""
        try:
            yield
        except (BundleError, FileNotFoundError):
            raise
        except Exception as error:
            raise StoreUnreachableError(f"{place}: cannot be reached: {type(error).__name__}: {error}") from error
