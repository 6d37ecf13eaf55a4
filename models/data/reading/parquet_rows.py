"""Rows of Parquet files in bounded pieces: a file of some hundred bytes can hold gigabytes of text."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from models.data.errors import DataSetError
from models.data.reading.rows import MAX_LINE

_UNGUARDED_BYTES = 1 << 25
"""Text of a chunk of rows, at most, that is read as it comes."""
_HELD_BYTES = 1 << 23
"""Text of a piece: it is copied several times on its way."""


def pieces(file: Path | IO[bytes], rows: int, place: object) -> Iterator[tuple[pa.Table, float]]:
    """Yield the rows and how much has been read, in pieces that are smaller where texts are long.

    A text that is stored once may be repeated in all rows. Where long ones are, they stay in their dictionaries until
    it is known how long the rows are together, which takes longer.

    Raises
    ------
    DataSetError
        A text is longer than a line of a text file may be.
    """
    plain = pyarrow.parquet.ParquetFile(file)
    schema = plain.schema_arrow
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    opened = pyarrow.parquet.ParquetFile(file, read_dictionary=texts)
    rows = min(rows, max(_UNGUARDED_BYTES // max(_average_row(opened.metadata), 1), 1))
    if _longest_row(opened, texts) * rows <= _UNGUARDED_BYTES:
        opened = plain
    total, done = opened.metadata.num_rows, 0
    for batch in opened.iter_batches(rows):
        table = pa.Table.from_batches([batch])
        held = [name for name in texts if pa.types.is_dictionary(table.schema.field(name).type)]
        for start, length in _cuts(table, held, place, done):
            piece = table.slice(start, length)
            for name in held:
                cells = piece[name].cast(schema.field(name).type)
                piece = piece.set_column(piece.column_names.index(name), name, cells)
            done += length
            yield piece, done / total


def _longest_row(opened: pyarrow.parquet.ParquetFile, texts: list[str]) -> int:
    """Return how many bytes a row may have whose texts are the longest of all dictionaries."""
    longest = dict.fromkeys(texts, 0)
    for group in range(opened.num_row_groups if texts else 0):
        # The first row comes with the whole dictionary.
        for batch in islice(opened.iter_batches(1, row_groups=[group], columns=texts), 1):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                if pa.types.is_dictionary(column.type):
                    longest[name] = max(longest[name], pc.max(pc.binary_length(column.dictionary)).as_py() or 0)
    return sum(longest.values())


def _average_row(metadata: pyarrow.parquet.FileMetaData) -> int:
    """Return how many bytes a row has, in the row group with the longest ones."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    return max((group.total_byte_size // max(group.num_rows, 1) for group in groups), default=0)


def _cuts(table: pa.Table, held: list[str], place: object, before: int) -> Iterator[tuple[int, int]]:
    """Yield where pieces start and how many rows they have."""
    sizes = np.zeros(table.num_rows, np.int64)
    for name in held:
        lengths = _lengths(table[name])
        if lengths.max(initial=0) > MAX_LINE:
            row = before + int(lengths.argmax()) + 1
            raise DataSetError(f"{place}: row {row:,}, column {name}: a text may have at most {MAX_LINE:,} bytes")
        sizes += lengths
    ends, start = np.cumsum(sizes), 0
    while start < table.num_rows:
        held_before = ends[start - 1] if start else 0
        end = max(int(np.searchsorted(ends, held_before + _HELD_BYTES, side="right")), start + 1)
        yield start, end - start
        start = end


def _lengths(column: pa.ChunkedArray) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    found = [
        pc.fill_null(pc.binary_length(chunk.dictionary).take(chunk.indices), 0).to_numpy(zero_copy_only=False)
        for chunk in column.chunks
    ]
    return np.concatenate(found).astype(np.int64) if found else np.zeros(0, np.int64)
