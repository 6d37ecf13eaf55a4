"""Writes a published bundle anew with some other arrays, under the same version."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.bundle.loader import Bundle, file_sha256, load_bundle
from models.bundle.manifest import MANIFEST_FILE, FileEntry
from models.bundle.writing import exchange_folders, partial_folder, sync_file, sync_folder, write_synced


def rewrite(bundle: Bundle, arrays: Mapping[str, npt.NDArray[np.generic]], root: Path) -> None:
    """Exchange the folder of a bundle for one with other arrays, atomically; the other files are the same ones.

    Parameters
    ----------
    root
        The store; whoever calls this has its lock.
    """
    entries = dict(bundle.manifest.files)
    with partial_folder(root, bundle.version) as partial:
        for name in entries:
            path = partial / name
            array = arrays.get(path.stem) if path.suffix == ".npy" else None
            if array is None:
                os.link(bundle.folder / name, path)
                continue
            np.save(path, np.ascontiguousarray(array), allow_pickle=False)
            sync_file(path)
            entries[name] = FileEntry(sha256=file_sha256(path), size=path.stat().st_size)
        manifest = bundle.manifest.model_copy(update={"files": entries})
        write_synced(partial / MANIFEST_FILE, manifest.model_dump_json(indent=2).encode())
        load_bundle(partial)
        partial.chmod(0o755)
        sync_folder(partial)
        exchange_folders(partial, bundle.folder)
        sync_folder(root)
