"""Files of a data-set folder, read chunk by chunk so that memory stays bounded."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from models.data.errors import DataSetError
from models.data.folder import (
    EXPORTED,
    INTERACTIONS,
    ITEMS,
    NO_INTERACTIONS,
    USERS,
    DataSet,
    find_file,
    open_csv,
    reading,
    require_columns,
    require_folder,
    typed,
)
from models.data.order import is_order

CHUNK_ROWS = 50_000


@dataclass(frozen=True)
class FileChunks:
    """A file or a table as chunks, the same ones at each reading.

    `exported` tells whether Braid wrote it, `only_order` whether it says that its `timestamp` is only an order.
    """

    source: Path | pa.Table
    exported: bool = False
    only_order: bool = False

    def tables(self) -> Iterator[tuple[pa.Table, float]]:
        """Read chunk after chunk, each with the share of the file that has been read, between 0 and 1.

        Raises
        ------
        DataSetError
            The file cannot be read, or has no rows.
        """
        done = 0
        for table, share in self._read():
            done += table.num_rows
            yield table, share
        if not done:
            raise DataSetError(f"{self.source}: has no rows")

    def _read(self) -> Iterator[tuple[pa.Table, float]]:
        if isinstance(self.source, pa.Table):
            rows = self.source.num_rows
            for start in range(0, rows, CHUNK_ROWS):
                yield self.source.slice(start, CHUNK_ROWS), min((start + CHUNK_ROWS) / rows, 1.0)
            return
        path = self.source
        with reading(path):
            if path.suffix == ".parquet":
                file = pyarrow.parquet.ParquetFile(path)
                rows, done = file.metadata.num_rows, 0
                for batch in file.iter_batches(CHUNK_ROWS):
                    done += batch.num_rows
                    yield typed(pa.Table.from_batches([batch]), path), done / rows
            else:
                size, done = path.stat().st_size, 0
                for batch in open_csv(path, pyarrow.csv.open_csv):
                    done += batch.nbytes
                    if batch.num_rows:
                        yield typed(pa.Table.from_batches([batch]), path), min(done / size, 1.0)


@dataclass(frozen=True)
class Files:
    """The files of an import; `fingerprint` (SHA-256) is of all of them, None for tables in memory."""

    interactions: FileChunks
    items: FileChunks | None = None
    users: FileChunks | None = None
    folder: Path | None = None
    fingerprint: str | None = None


def open_folder(folder: Path) -> Files:
    """Open a data-set folder, to be read in chunks.

    Raises
    ------
    DataSetError
        A file is missing, cannot be read or lacks a column.
    """
    require_folder(folder)
    found = {name: find_file(folder, name) for name in (INTERACTIONS, ITEMS, USERS)}
    interactions = found[INTERACTIONS]
    if interactions is None:
        raise DataSetError(f"{folder}: {NO_INTERACTIONS}")
    paths = {name: path for name, path in found.items() if path is not None}
    chunks = {name: _open(path, name) for name, path in paths.items()}
    digest = hashlib.sha256()
    for name, path in paths.items():
        with path.open("rb") as stream:
            digest.update(name.encode() + hashlib.file_digest(stream, "sha256").digest())
    return Files(chunks[INTERACTIONS], chunks.get(ITEMS), chunks.get(USERS), folder, digest.hexdigest())


def in_memory(dataset: DataSet) -> Files:
    """Return the tables of a data set as chunks."""
    items, users = (None if table is None else FileChunks(table) for table in (dataset.items, dataset.users))
    return Files(FileChunks(dataset.interactions), items, users)


def _open(path: Path, name: str) -> FileChunks:
    """Check the columns of a file."""
    with reading(path):
        if path.suffix == ".parquet":
            schema = pyarrow.parquet.read_schema(path)
        else:
            schema = open_csv(path, pyarrow.csv.open_csv).schema
    require_columns(schema.names, name, path)
    return FileChunks(path, exported=EXPORTED in (schema.metadata or {}), only_order=is_order(schema))
