"""Folders of uploads: the files as they were sent, and how they are to be imported."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from app.services.transfer.import_rows import Timestamps
from app.services.transfer.upload_check import MAPPING
from models.bundle.writing import sync_folder, write_synced
from models.data.errors import DataSetError
from models.data.reading.opening import data_suffix

_ORDER, _REPLACE, _KEY = "ORDER", "REPLACE", "KEY"


def keep(
    folder: Path,
    files: Mapping[str, tuple[str, BinaryIO]],
    timestamps: Timestamps,
    replace: bool,
) -> None:
    """Write what was sent into a folder.

    Raises
    ------
    DataSetError
        A file is of no format that is read.
    """
    keep_wishes(folder, timestamps, replace)
    for name, (filename, content) in files.items():
        suffix = ".toml" if name == MAPPING.removesuffix(".toml") else data_suffix(filename)
        if suffix is None:
            known = ".csv, .tsv, .jsonl, .json or .parquet, also in .gz, .zst or .zip"
            raise DataSetError(f"{name}: the file {filename!r} ends in none of {known}")
        write(folder / f"{name}{suffix}", content)


def write(path: Path, content: BinaryIO) -> None:
    """Write a file that was sent, and wait until it is on the disk."""
    with path.open("wb") as target:
        shutil.copyfileobj(content, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())


def keep_wishes(folder: Path, timestamps: Timestamps, replace: bool) -> None:
    """Keep how the files are to be imported, in place of what was kept before."""
    for name, wanted in ((_ORDER, timestamps == "order"), (_REPLACE, replace)):
        if wanted:
            (folder / name).touch()
        else:
            (folder / name).unlink(missing_ok=True)
    (folder / _KEY).unlink(missing_ok=True)


def timestamps_of(folder: Path) -> Timestamps:
    """Return what numbers in `timestamp` are."""
    return "order" if (folder / _ORDER).exists() else "seconds"


def replaces(folder: Path) -> bool:
    """Return whether items and users take the place of those that are there."""
    return (folder / _REPLACE).exists()


def kept_key(folder: Path) -> str | None:
    """Return the key of its import; None where nobody has looked at its files."""
    kept = folder / _KEY
    return kept.read_text(encoding="ascii") if kept.exists() else None


def keep_key(folder: Path, key: str) -> None:
    """Keep the key, so that the files are looked at only once."""
    write_synced(folder / _KEY, key.encode())


def show(partial: Path, folder: Path) -> None:
    """Let the processes that import see a folder that is complete."""
    sync_folder(partial)
    partial.rename(folder)
    sync_folder(folder.parent)


def waiting_folders(root: Path) -> list[Path]:
    """List the folders that are not imported yet."""
    return (
        sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
        if root.is_dir()
        else []
    )
