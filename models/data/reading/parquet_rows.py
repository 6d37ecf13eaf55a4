"""Rows of Parquet files in bounded pieces: a file of some hundred bytes can hold gigabytes of text."""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from models.data.errors import DataSetError
from models.data.reading.cell_sizes import column_sizes
from models.data.reading.cell_types import holds_text, read_as
from models.data.reading.rows import MAX_LINE

_UNGUARDED_BYTES = 1 << 25
"""Bytes of a chunk of rows, at most, that is read as it comes."""
_HELD_BYTES = 1 << 23
"""Bytes of a piece: it is copied several times on its way."""
_BYTES, _FIXED_BYTES = "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, _BYTES: 4}
"""Bytes of a value in memory where they are not 8; a text that is held is a number in its dictionary."""


class _Leaf(NamedTuple):
    """A column of values, of which a column of lists or objects has several; `row_bytes` in the group with most."""

    path: str
    is_text: bool
    row_bytes: int


def pieces(
    file: Path | IO[bytes], rows: int, place: object, wanted: Collection[str] | None = None
) -> Iterator[tuple[pa.Table, float]]:
    """Yield the rows and how much has been read, in pieces that are smaller where cells are long.

    A text that is stored once may be repeated in all rows, and in all members of a list. Where long ones are, they stay
    in their dictionaries until it is known how long the rows are together, which takes longer.

    Parameters
    ----------
    wanted
        The columns that are read; None for all.

    Raises
    ------
    DataSetError
        A cell is longer than a line of a text file may be, or of a type that is not known.
    """
    plain = pyarrow.parquet.ParquetFile(file)
    types = _types(plain.schema_arrow, place, wanted)
    leaves = [leaf for leaf in _leaves(plain.metadata) if _is_of(leaf.path, types)]
    # Texts of extensions, such as JSON, come in dictionaries where these are read as what they hold.
    opened = pyarrow.parquet.ParquetFile(
        file, read_dictionary=[leaf.path for leaf in leaves if leaf.is_text], arrow_extensions_enabled=False
    )
    texts = [name for name, kind in types.items() if holds_text(kind)]
    # Of others no dictionary says how long a row may be.
    guarded = [name for name, kind in types.items() if pa.types.is_nested(kind) or pa.types.is_dictionary(kind)]
    guarded += [name for name, kind in types.items() if pa.types.is_fixed_size_binary(kind)]
    rows = min(rows, max(_UNGUARDED_BYTES // max(sum(leaf.row_bytes for leaf in leaves), 1), 1))
    if not guarded and _longest_row(opened, texts) * rows <= _UNGUARDED_BYTES:
        opened = plain
    total, done = plain.metadata.num_rows, 0
    for batch in opened.iter_batches(rows, columns=list(types)):
        # Where a column of objects has the name of another one up to a full stop, a part of it is read as well.
        table = pa.Table.from_batches([batch]).select(list(types))
        if opened is plain:
            table = _cast(table, types)
        held = [name for name, kind in types.items() if table.schema.field(name).type != kind]
        for start, length in _cuts(table, [*dict.fromkeys((*held, *guarded))], place, done):
            done += length
            yield _cast(table.slice(start, length), types), done / total


def whole(file: Path | IO[bytes], schema: pa.Schema, place: object, wanted: Collection[str] | None = None) -> pa.Table:
    """Read all rows at once; see `pieces`.

    Raises
    ------
    DataSetError
        A column has a type that is not known.
    """
    types = _types(schema, place, wanted)
    table = pyarrow.parquet.read_table(file, columns=None if wanted is None else list(types))
    return _cast(table.select(list(types)), types)


def _types(schema: pa.Schema, place: object, wanted: Collection[str] | None) -> dict[str, pa.DataType]:
    """Return as which types the columns are read."""
    types = {}
    for field in schema:
        if wanted is None or field.name in wanted:
            try:
                types[field.name] = read_as(field.type)
            except DataSetError as error:
                raise DataSetError(f"{place}: column {field.name}: {error}") from error
    return types


def _cast(table: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    for number, (name, kind) in enumerate(types.items()):
        if table.schema.field(number).type != kind:
            table = table.set_column(number, name, table.column(number).cast(kind))
    return table


def _is_of(path: str, names: Collection[str]) -> bool:
    """Return whether one of the columns has this leaf: `a.b` is a column, or a field of the objects in `a`."""
    parts = path.split(".")
    return any(".".join(parts[:number]) in names for number in range(1, len(parts) + 1))


def _leaves(metadata: pyarrow.parquet.FileMetaData) -> list[_Leaf]:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    found = []
    for number in range(metadata.num_columns):
        about = metadata.schema.column(number)
        width = about.length if about.physical_type == _FIXED_BYTES else _WIDTHS.get(about.physical_type, 8)
        most = 0
        for group in groups:
            column = group.column(number)
            size = max(column.total_uncompressed_size, column.num_values * width)
            most = max(most, size // max(group.num_rows, 1))
        found.append(_Leaf(about.path, about.physical_type == _BYTES, most))
    return found


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


def _cuts(table: pa.Table, names: list[str], place: object, before: int) -> Iterator[tuple[int, int]]:
    """Yield where pieces start and how many rows they have."""
    sizes = np.zeros(table.num_rows, np.int64)
    for name in names:
        lengths = column_sizes(table[name])
        if lengths.max(initial=0) > MAX_LINE:
            row = before + int(lengths.argmax()) + 1
            raise DataSetError(f"{place}: row {row:,}, column {name}: a cell may have at most {MAX_LINE:,} bytes")
        sizes += lengths
    ends, start = np.cumsum(sizes), 0
    while start < table.num_rows:
        held_before = ends[start - 1] if start else 0
        end = max(int(np.searchsorted(ends, held_before + _HELD_BYTES, side="right")), start + 1)
        yield start, end - start
        start = end
