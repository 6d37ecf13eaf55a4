"""Bytes of files, unpacked: gzip, Zstandard, the members of ZIP files and the streams of a dump of Gorse."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from models.data.reading import gorse

PACKED = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd", ".bz2": "bz2"}
ZIP = ".zip"
_HIDDEN = ("__MACOSX/", ".")


@dataclass(frozen=True)
class Place:
    """Where a file is: a path, and the name within it where that is a ZIP file or a dump."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """The file name without the suffix of its compression."""
        own = Path(self.member).name if self.member is not None else self.path.name
        return own.removesuffix(suffix) if (suffix := Path(own).suffix) and suffix.lower() in PACKED else own

    @property
    def packed(self) -> str | None:
        """How it is compressed, apart from ZIP."""
        return PACKED.get(Path(self.member or self.path.name).suffix.lower())

    @property
    def is_plain(self) -> bool:
        """Whether its bytes are those on the disk."""
        return self.member is None and self.packed is None

    def __str__(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}/{self.member}"

    @contextmanager
    def open(self) -> Iterator[tuple[IO[bytes], Any]]:
        """Open the unpacked bytes, beside the stream on the disk whose place tells the progress."""
        with self.path.open("rb") as disk:
            if self.member is not None and self.path.suffix.lower() != ZIP:
                yield cast("IO[bytes]", gorse.DumpStream(disk, self.member)), disk
            elif self.member is not None:
                with zipfile.ZipFile(disk) as archive, archive.open(self.member) as member:
                    yield _unpacked(member, self.packed), disk
            else:
                yield _unpacked(disk, self.packed), disk


def _unpacked(stream: IO[bytes], how: str | None) -> IO[bytes]:
    return stream if how is None else cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), how))


def places(path: Path) -> list[Place]:
    """List the files at a path: itself, the members of a ZIP file, or the streams of a dump."""
    if path.suffix.lower() != ZIP:
        return [Place(path, name) for name in gorse.members(path)] if gorse.is_dump(path) else [Place(path)]
    with zipfile.ZipFile(path) as archive:
        names = sorted(one.filename for one in archive.infolist() if not one.is_dir())
    return [
        Place(path, name) for name in names if not name.startswith(_HIDDEN[0]) and not Path(name).name.startswith(".")
    ]
