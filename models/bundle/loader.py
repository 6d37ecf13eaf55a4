"""Reads a bundle: checksums, shapes and finiteness first, then memory-mapped arrays."""

import hashlib
import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.bundle.errors import BundleDamagedError, BundleUnreadableError
from models.bundle.manifest import FileEntry, Manifest, read_manifest

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Bundle:
    """One trained, versioned set of artifacts, verified; its arrays are memory-mapped and read-only."""

    folder: Path
    manifest: Manifest
    arrays: dict[str, npt.NDArray[np.generic]]

    @property
    def version(self) -> str:
        """Name of this version."""
        return self.manifest.version

    def file(self, name: str) -> Path:
        """Find a file of the bundle that is not an array.

        Raises
        ------
        BundleUnreadableError
            The manifest lists no such file.
        """
        if name not in self.manifest.files:
            raise BundleUnreadableError(f"{self.folder}: the manifest lists no {name}")
        return self.folder / name

    def release(self) -> None:
        """Release the memory of pages read so far; they stay in the file cache, shared with other processes."""
        for array in self.arrays.values():
            mapped = array.base.base if isinstance(array.base, np.memmap) else array.base
            if isinstance(mapped, mmap.mmap):
                mapped.madvise(mmap.MADV_DONTNEED)

    def array(self, name: str, dtype: npt.DTypeLike, ndim: int = 1) -> npt.NDArray[np.generic]:
        """Return an array, checked against the type and the number of dimensions its reader expects.

        Raises
        ------
        BundleUnreadableError
            The array is missing, or of another type or shape.
        """
        if name not in self.arrays:
            raise BundleUnreadableError(f"{self.folder}: {name}.npy is missing")
        found = self.arrays[name]
        expected = np.dtype(dtype)
        same = found.dtype.kind == expected.kind if expected.itemsize == 0 else found.dtype == expected
        if not same or found.ndim != ndim:
            raise BundleUnreadableError(
                f"{self.folder / name}.npy: expected {ndim} dimension(s) of {expected.name},"
                f" found {found.ndim} of {found.dtype.name}"
            )
        return found


def load_bundle(folder: Path) -> Bundle:
    """Verify a bundle and map its arrays into memory.

    Raises
    ------
    BundleDamagedError
        A file is missing, damaged, not finite, or has a name that leaves the folder.
    BundleUnreadableError
        The manifest has another format than this version of Braid reads.
    """
    manifest = read_manifest(folder)
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name, entry in manifest.files.items():
        path = folder / plain_name(name, str(folder))
        try:
            size = path.stat().st_size
            digest = file_sha256(path)
        except OSError as error:
            raise BundleDamagedError(f"{path}: cannot be read: {error.strerror}") from error
        if size != entry.size:
            raise BundleDamagedError(f"{path}: has {size} bytes, the manifest says {entry.size}")
        if digest != entry.sha256:
            raise BundleDamagedError(f"{path}: its checksum differs from the manifest's: the file is damaged")
        if path.suffix == ".npy":
            arrays[path.stem] = _map_array(path)
    return Bundle(folder=folder, manifest=manifest, arrays=arrays)


def plain_name(name: str, place: str) -> str:
    """Return the name of a file that a manifest lists, if it is a plain file name.

    Raises
    ------
    BundleDamagedError
        The name leaves the folder, or is hidden.
    """
    if Path(name).name != name or name.startswith(".") or "\0" in name:
        raise BundleDamagedError(f"{place}: the manifest names {name!r}, which is not a plain file name")
    return name


def file_sha256(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def read_checked(path: Path, entry: FileEntry) -> bytes:
    """Read a file, and compare it with the manifest.

    Raises
    ------
    BundleDamagedError
        It cannot be read, or is another one.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BundleDamagedError(f"{path}: cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise BundleDamagedError(f"{path}: is not that of the manifest")
    return content


def _map_array(path: Path) -> npt.NDArray[np.generic]:
    try:
        # A plain view: compiled code dispatches faster on it than on the memmap class.
        array: npt.NDArray[np.generic] = np.asarray(np.lib.format.open_memmap(path, mode="r"))
    except (ValueError, OSError) as error:
        raise BundleDamagedError(f"{path}: is not a readable array: {error}") from error
    if array.dtype.kind == "f" and not _is_finite(array):
        raise BundleDamagedError(f"{path}: holds values that are not finite")
    return array


def _is_finite(array: npt.NDArray[np.generic]) -> bool:
    # A block at a time: the mask for the whole array would take a quarter of its memory.
    flat = array.reshape(-1, order="A")
    return all(bool(np.isfinite(flat[start : start + _BLOCK]).all()) for start in range(0, len(flat), _BLOCK))
