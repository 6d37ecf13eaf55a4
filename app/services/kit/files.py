"""Folders, and files that appear only when they are complete."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def complete_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; the complete file then replaces the one at `path` in one step."""
    if path.is_dir():
        # Fail before the work, not after it.
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    writing = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield writing
        writing.replace(path)
    finally:
        writing.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Create a folder if it does not exist."""
    folder.mkdir(parents=True, exist_ok=True)


def remove(path: Path) -> None:
    """Remove a file."""
    path.unlink()
