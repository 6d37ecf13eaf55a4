"""Files as chunks of rows with the columns that they have, whatever their format, encoding and compression."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from models.data.errors import DataSetError
from models.data.reading import delimiters, encodings
from models.data.reading.compression import Place
from models.data.reading.rows import BadRow, Line, csv_rows, json_rows, lines_of
from models.data.reading.values import EMPTY

ROW = "_row"
"""The place of a row among those of its file that can be read, from 0."""
Kind = Literal["csv", "jsonl", "parquet"]
HEAD_BYTES = 1 << 20
_TAIL_BYTES = 1 << 16
SAMPLE_ROWS = 10_000
"""Rows that are looked at before a file is read."""
_BLOCK_BYTES = 8 << 20


class RawChunk(NamedTuple):
    """Rows with the columns of their file and `ROW`, how much of the file has been read, and rows that cannot be."""

    table: pa.Table
    share: float
    bad: tuple[BadRow, ...] = ()


@dataclass
class Source:
    """A file that has been looked at.

    `names` are its columns, `skip` the lines up to its header. `fast` tells whether Arrow reads it; a file that Arrow
    refuses, such as one with ragged rows, is read line by line.
    """

    place: Place
    kind: Kind
    names: list[str]
    encoding: str = encodings.UTF_8
    delimiter: str = delimiters.COMMA
    skip: int = 1
    fast: bool = True
    schema: pa.Schema | None = None
    late: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    settled: bool = False

    @property
    def described(self) -> str:
        """Its format, in words."""
        if self.kind == "parquet":
            return "Parquet"
        return f"JSON lines, {self.encoding}" if self.kind == "jsonl" else f"{self.delimiter!r}, {self.encoding}"

    def settle(self) -> Iterator[float]:
        """Read the file to its end once, to find how it has to be read; yield the share that has been read.

        Raises
        ------
        DataSetError
            It cannot be read, or has no rows.
        """
        if self.settled:
            return
        try:
            rows, last = 0, None
            for chunk in self.chunks(SAMPLE_ROWS):
                rows += chunk.table.num_rows + len(chunk.bad)
                last = chunk.table.slice(chunk.table.num_rows - 1)
                if self.kind == "csv" and self.fast and _may_be_escaped(chunk.table):
                    raise pa.ArrowInvalid("quotes may be written with a backslash")
                yield chunk.share
            if self.kind == "csv" and self.fast and last is not None and self._may_be_open(last):
                raise pa.ArrowInvalid("a quote may be open at the end")
        except (pa.ArrowException, UnicodeDecodeError) as error:
            if self.kind == "parquet" or not self.fast:
                raise DataSetError(f"{self.place}: cannot be read: {first_line(error)}") from error
            self.fast = False
            if self.encoding == encodings.UTF_8:
                with self.place.open() as (stream, _):
                    raw = (line for _, line in lines_of(stream, "latin-1"))
                    self.encoding = encodings.settled(str(line).encode("latin-1") for line in raw)
                if self.encoding != encodings.UTF_8:
                    self.notes.append(f"{self.place}: read as {self.encoding}, by its bytes (--encoding)")
            yield from self.settle()
            return
        if not rows:
            raise DataSetError(f"{self.place}: has no rows")
        self.settled = True
        self.notes += [
            f"{self.place}: not read: {name}, which is first in line {line:,}" for name, line in self.late.items()
        ]

    def has_width(self) -> bool:
        """Return whether the first line has as many cells as there are columns."""
        first = next(self._lines(), None)
        return isinstance(first, Line)

    def chunks(self, rows: int) -> Iterator[RawChunk]:
        """Read chunk after chunk, of so many rows or of some megabytes."""
        if self.kind == "parquet":
            yield from self._parquet(rows)
        elif self.fast and self.kind == "csv":
            yield from self._csv()
        else:
            yield from self._by_line(rows)

    def first(self, rows: int) -> pa.Table:
        """Return the first rows that can be read, as a table."""
        if self.kind == "parquet":
            return next(iter(self._parquet(rows))).table
        lines = (line for line in self._lines() if isinstance(line, Line))
        return _numbered(self._table(list(islice(lines, rows))), 0)

    def sample(self) -> list[dict[str, Any]]:
        """Return the first rows that can be read, by the names of the columns; empty cells are None."""
        if self.kind == "parquet":
            rows: list[dict[str, Any]] = next((one.table.to_pylist() for one in self._parquet(SAMPLE_ROWS)), [])
        else:
            lines = islice(self._lines(), SAMPLE_ROWS)
            rows = [self._named(line) for line in lines if isinstance(line, Line)]
        return [
            {name: None if isinstance(cell, str) and cell in EMPTY else cell for name, cell in row.items()}
            for row in rows
        ]

    def locate(self, wanted: Sequence[int]) -> dict[int, tuple[int, dict[str, Any]]]:
        """Find rows by their places: the line and the cells of each."""
        found: dict[int, tuple[int, dict[str, Any]]] = {}
        left, row = set(wanted), 0
        if self.kind == "parquet":
            for chunk in self._parquet(SAMPLE_ROWS):
                found |= {
                    place: (place + 1, chunk.table.slice(place - row, 1).to_pylist()[0])
                    for place in left
                    if row <= place < row + chunk.table.num_rows
                }
                row += chunk.table.num_rows
            return found
        for line in self._lines():
            if not left:
                break
            if isinstance(line, Line):
                if row in left:
                    left.discard(row)
                    found[row] = line.number, self._named(line)
                row += 1
        return found

    def _may_be_open(self, last: pa.Table) -> bool:
        """Return whether the last row may hold a quote that does not end, which Arrow takes for one that does."""
        cell = last[self.names[-1]][0].as_py()
        if cell is not None and cell.endswith(("\n", "\r")):
            return True
        with self.place.open() as (stream, _):
            if self.place.is_plain:
                stream.seek(max(0, self.place.path.stat().st_size - _TAIL_BYTES))
            tail = b""
            while block := stream.read(HEAD_BYTES):
                tail = (tail + block)[-_TAIL_BYTES:]
        return not tail.endswith((b"\n", b"\r")) and b'"' in tail.rsplit(b"\n", 1)[-1]

    def _named(self, line: Line) -> dict[str, Any]:
        return line.cells[0] if self.kind == "jsonl" else dict(zip(self.names, line.cells, strict=True))

    def _lines(self) -> Iterator[Line | BadRow]:
        with self.place.open() as (stream, _):
            yield from self._parsed(stream)

    def _parsed(self, stream: Any) -> Iterator[Line | BadRow]:
        if self.kind == "jsonl":
            yield from json_rows(stream, self.encoding, str(self.place))
        else:
            yield from csv_rows(stream, self.encoding, self.delimiter, len(self.names), self.skip, str(self.place))

    def _csv(self) -> Iterator[RawChunk]:
        kinds = dict.fromkeys(self.names, pa.string())
        with self.place.open() as (stream, disk):
            size, done, row = self.place.path.stat().st_size or 1, 0, 0
            reader = pyarrow.csv.open_csv(
                self.place.path if self.place.is_plain else pa.PythonFile(stream, mode="r"),
                read_options=pyarrow.csv.ReadOptions(
                    block_size=_BLOCK_BYTES, column_names=self.names, skip_rows=self.skip
                ),
                parse_options=pyarrow.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=kinds, strings_can_be_null=True, null_values=[""]
                ),
            )
            for batch in reader:
                done = done + batch.nbytes if self.place.is_plain else disk.tell()
                if batch.num_rows:
                    yield RawChunk(_numbered(pa.Table.from_batches([batch]), row), min(done / size, 1.0))
                    row += batch.num_rows

    def _parquet(self, rows: int) -> Iterator[RawChunk]:
        with self.place.open() as (stream, _):
            file = pyarrow.parquet.ParquetFile(self.place.path if self.place.is_plain else stream)
            total, row = file.metadata.num_rows, 0
            for batch in file.iter_batches(rows):
                yield RawChunk(_numbered(pa.Table.from_batches([batch]), row), (row + batch.num_rows) / total)
                row += batch.num_rows

    def _by_line(self, rows: int) -> Iterator[RawChunk]:
        with self.place.open() as (stream, disk):
            size, row = self.place.path.stat().st_size or 1, 0
            lines = self._parsed(stream)
            while found := list(islice(lines, rows)):
                good = [line for line in found if isinstance(line, Line)]
                bad = tuple(line for line in found if isinstance(line, BadRow))
                yield RawChunk(_numbered(self._table(good), row), min(disk.tell() / size, 1.0), bad)
                row += len(good)

    def _table(self, lines: Sequence[Line]) -> pa.Table:
        if self.kind == "jsonl":
            for line in lines:
                for name in line.cells[0].keys() - set(self.names):
                    self.late.setdefault(name, line.number)
            columns = [[_json_cell(line.cells[0].get(name)) for line in lines] for name in self.names]
        else:
            rows = (line.cells for line in lines)
            columns = [[cell or None for cell in column] for column in zip(*rows, strict=True)]
            columns = columns or [[] for _ in self.names]
        return pa.table([pa.array(column, pa.string()) for column in columns], names=self.names)


def _may_be_escaped(table: pa.Table) -> bool:
    """Return whether Arrow may have taken a quote behind a backslash for the end of a cell."""
    for column in table.drop_columns([ROW]).columns:
        quoted = column.filter(pc.fill_null(pc.match_substring(column, '"'), False))
        if len(quoted) and pc.any(pc.match_substring(quoted, "\\")).as_py():
            return True
    return False


def _numbered(table: pa.Table, first: int) -> pa.Table:
    return table.append_column(ROW, pa.array(np.arange(first, first + table.num_rows)))


def _json_cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    return orjson.dumps(value).decode()


def first_line(error: Exception) -> str:
    """Return what an error says in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
