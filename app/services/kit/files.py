"""Folders, and files that appear when they are complete."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """Give a name to write to; what was written takes the place of a file when all of it is there."""
    if path.is_dir():
        # Better known before the work than after.
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    writing = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield writing
        writing.replace(path)
    finally:
        writing.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none."""
    folder.mkdir(parents=True, exist_ok=True)


def remove(path: Path) -> None:
    """Remove a file."""
    path.unlink()
