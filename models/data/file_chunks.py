"""Files to be imported, read chunk by chunk so that memory stays bounded."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from models.data.errors import DataSetError
from models.data.folder import EXPORTED, INTERACTIONS, ITEMS, USERS, DataSet, reading, typed
from models.data.order import is_order
from models.data.reading.mapping import as_toml
from models.data.reading.opening import Opened, Wishes, open_files
from models.data.reading.plans import Question
from models.data.reading.rows import BadRow

CHUNK_ROWS = 50_000


class Chunk(NamedTuple):
    """Rows of a file, how much has been read (0 to 1), rows that cannot be read, and the file."""

    table: pa.Table
    share: float
    bad: tuple[BadRow, ...] = ()
    opened: Opened | None = None


@dataclass(frozen=True)
class FileChunks:
    """Files of one kind, or a table, as chunks, the same ones at each reading.

    `exported` tells whether Braid wrote it, `only_order` whether it says that its `timestamp` is only an order.
    """

    source: pa.Table | tuple[Opened, ...]
    exported: bool = False
    only_order: bool = False

    def settle(self) -> Iterator[float]:
        """Read the files to their ends once, so that nothing is stored of one that breaks off.

        Raises
        ------
        DataSetError
            One cannot be read, or has no rows.
        """
        for number, opened in enumerate(self._files):
            with reading(opened.source.place):
                for share in opened.source.settle():
                    yield (number + share) / len(self._files)

    def tables(self) -> Iterator[Chunk]:
        """Read chunk after chunk.

        Raises
        ------
        DataSetError
            A file cannot be read, or has no rows.
        """
        if isinstance(self.source, pa.Table):
            rows = self.source.num_rows
            if not rows:
                raise DataSetError(f"{self.source}: has no rows")
            for start in range(0, rows, CHUNK_ROWS):
                yield Chunk(self.source.slice(start, CHUNK_ROWS), min((start + CHUNK_ROWS) / rows, 1.0))
            return
        for number, opened in enumerate(self._files):
            source, kind = opened.source, opened.plan.kind
            with reading(source.place):
                for _ in source.settle():
                    pass
                for raw in source.chunks(CHUNK_ROWS):
                    table = raw.table if self.exported else opened.plan.reading.apply(raw.table)
                    share = (number + raw.share) / len(self._files)
                    yield Chunk(typed(table, kind, source.place), share, raw.bad, opened)

    @property
    def _files(self) -> tuple[Opened, ...]:
        return () if isinstance(self.source, pa.Table) else self.source


@dataclass(frozen=True)
class Files:
    """The files of an import; `fingerprint` (SHA-256) is of all of them, None for tables in memory.

    `left` are the files that are not read, each with the reason.
    """

    interactions: FileChunks | None
    items: FileChunks | None = None
    users: FileChunks | None = None
    folder: Path | None = None
    fingerprint: str | None = None
    opened: tuple[Opened, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def questions(self) -> list[Question]:
        """What has to be said before the files are read."""
        return [question for one in self.opened for question in one.plan.questions]

    def require_answers(self) -> None:
        """Make sure that nothing has to be said before the files are read.

        Raises
        ------
        DataSetError
            Something has.
        """
        if self.questions:
            raise DataSetError("; ".join(map(str, self.questions)))

    def with_fingerprint(self) -> "Files":
        """Add the fingerprint: equal for the same files that are read in the same way."""
        digest = hashlib.sha256()
        by_path = {one.source.place.path: one.plan.kind for one in self.opened}
        for path, kind in sorted(by_path.items(), key=lambda pair: _ORDER.index(pair[1])):
            with path.open("rb") as stream:
                digest.update(kind.encode() + hashlib.file_digest(stream, "sha256").digest())
        # Where the files are says nothing about how they are read: mappings are numbered.
        mapped = [one.plan.mapping for one in self.opened if not one.plan.is_own]
        if mapped:
            digest.update(as_toml({str(number): mapping for number, mapping in enumerate(mapped)}).encode())
        return replace(self, fingerprint=digest.hexdigest())


_ORDER = (INTERACTIONS, ITEMS, USERS)


def open_paths(paths: Sequence[Path], wishes: Wishes | None = None) -> Files:
    """Open a folder or files, to be read in chunks; what has to be said first is in `questions`.

    Raises
    ------
    DataSetError
        A file is missing or cannot be read.
    """
    found = open_files(paths, wishes or Wishes())
    by_kind: dict[str, FileChunks] = {}
    for kind in _ORDER:
        ones = tuple(one for one in found.files if one.plan.kind == kind)
        if ones:
            schemas = [one.source.schema for one in ones if one.source.schema is not None]
            whole = len(schemas) == len(ones)
            exported = whole and all(EXPORTED in (schema.metadata or {}) for schema in schemas)
            by_kind[kind] = FileChunks(ones, exported, whole and all(map(is_order, schemas)))
    files = Files(
        by_kind.get(INTERACTIONS), by_kind.get(ITEMS), by_kind.get(USERS), paths[0], None, found.files, found.left
    )
    return files if files.questions else files.with_fingerprint()


def open_folder(folder: Path, wishes: Wishes | None = None) -> Files:
    """Open a data-set folder, to be read in chunks.

    Raises
    ------
    DataSetError
        A file is missing, cannot be read or lacks a column, or something has to be said first.
    """
    files = open_paths([folder], wishes)
    files.require_answers()
    return files


def in_memory(dataset: DataSet) -> Files:
    """Return the tables of a data set as chunks."""
    items, users = (None if table is None else FileChunks(table) for table in (dataset.items, dataset.users))
    return Files(FileChunks(dataset.interactions), items, users)
