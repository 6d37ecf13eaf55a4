"""Files as chunks of rows with the columns that they have, whatever their format, encoding and compression."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from models.data.errors import DataSetError
from models.data.reading import delimiters, encodings
from models.data.reading.compression import Place
from models.data.reading.rows import BadRow, Line, csv_rows, json_rows, lines_of

ROW = "_row"
"""The place of a row among those of its file that can be read, from 0."""
Kind = Literal["csv", "jsonl", "parquet"]
_KINDS: dict[str, Kind] = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
_HEAD_BYTES = 1 << 20
_HEAD_LINES = 100
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

    `names` are its columns. `fast` tells whether Arrow reads it; a file that Arrow refuses, such as one with ragged
    rows, is read line by line.
    """

    place: Place
    kind: Kind
    names: list[str]
    encoding: str = encodings.UTF_8
    delimiter: str = delimiters.COMMA
    has_header: bool = True
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
                yield chunk.share
            if self.kind == "csv" and self.fast and last is not None and self._may_be_open(last):
                raise pa.ArrowInvalid("a quote may be open at the end")
        except (pa.ArrowException, UnicodeDecodeError) as error:
            if self.kind == "parquet" or not self.fast:
                raise DataSetError(f"{self.place}: cannot be read: {_first_line(error)}") from error
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
        """Read chunk after chunk, of so many rows at most."""
        if self.kind == "parquet":
            yield from self._parquet(rows)
        elif self.fast and self.kind == "csv":
            yield from self._csv(rows)
        else:
            yield from self._by_line(rows)

    def first(self, rows: int) -> pa.Table:
        """Return the first rows that can be read, as a table."""
        if self.kind == "parquet":
            return next(iter(self._parquet(rows))).table
        lines = (line for line in self._lines() if isinstance(line, Line))
        return _numbered(self._table(list(islice(lines, rows))), 0)

    def sample(self) -> list[dict[str, Any]]:
        """Return the first rows that can be read, by the names of the columns."""
        if self.kind == "parquet":
            for chunk in self._parquet(SAMPLE_ROWS):
                return list(chunk.table.to_pylist())
            return []
        lines = islice(self._lines(), SAMPLE_ROWS)
        return [self._named(line) for line in lines if isinstance(line, Line)]

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
            while block := stream.read(_HEAD_BYTES):
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
            skip = int(self.has_header)
            yield from csv_rows(stream, self.encoding, self.delimiter, len(self.names), skip, str(self.place))

    def _csv(self, rows: int) -> Iterator[RawChunk]:
        kinds = dict.fromkeys(self.names, pa.string())
        with self.place.open() as (stream, disk):
            size, done, row = self.place.path.stat().st_size or 1, 0, 0
            reader = pyarrow.csv.open_csv(
                self.place.path if self.place.is_plain else pa.PythonFile(stream, mode="r"),
                read_options=pyarrow.csv.ReadOptions(
                    block_size=_BLOCK_BYTES, column_names=self.names, skip_rows=int(self.has_header)
                ),
                parse_options=pyarrow.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=kinds, strings_can_be_null=True, null_values=[""]
                ),
            )
            for batch in reader:
                done = done + batch.nbytes if self.place.is_plain else disk.tell()
                for start in range(0, batch.num_rows, rows):
                    part = pa.Table.from_batches([batch.slice(start, rows)])
                    yield RawChunk(_numbered(part, row), min(done / size, 1.0))
                    row += part.num_rows

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


def look_at(
    place: Place, *, encoding: str | None = None, delimiter: str | None = None, names: Sequence[str] | None = None
) -> Source:
    """Look at the beginning of a file: its format, encoding, delimiter and columns.

    Parameters
    ----------
    names
        The columns of a file without a header.

    Raises
    ------
    DataSetError
        It cannot be read, or has no rows.
    """
    kind = _KINDS.get(_suffix(place), "csv")
    try:
        if kind == "parquet":
            with place.open() as (stream, _):
                schema = pyarrow.parquet.read_schema(place.path if place.is_plain else stream)
            return Source(place, kind, list(schema.names), schema=schema)
        with place.open() as (stream, _):
            head = stream.read(_HEAD_BYTES)
    except (pa.ArrowException, OSError, EOFError, ValueError) as error:
        raise DataSetError(f"{place}: cannot be read: {_first_line(error)}") from error
    found = encodings.known(encoding) if encoding is not None else encodings.detect(head)
    lines = re.split(r"\r\n|\r|\n", head.decode(found, errors="replace").removeprefix("\ufeff"))
    lines = [line for line in (lines[:-1] if len(head) == _HEAD_BYTES else lines) if line.strip()][:_HEAD_LINES]
    if not lines:
        raise DataSetError(f"{place}: has no rows")
    if kind == "jsonl" or lines[0].startswith("{"):
        source = Source(place, "jsonl", [], found, fast=False)
        sample = source.sample()
        source.names = list(dict.fromkeys(name for row in sample for name in row))
        if not source.names:
            raise DataSetError(f"{place}: cannot be read: its first lines are not JSON objects, one in a line")
        return source
    delimiter = delimiters.known(delimiter) if delimiter is not None else delimiters.detect(lines)
    fast = found == encodings.UTF_8 and len(delimiter) == 1
    if names is not None:
        return Source(place, "csv", list(names), found, delimiter, has_header=False, fast=fast)
    header = [name.strip() for name in delimiters.cells(lines[0], delimiter)]
    if len(lines) == 1:
        raise DataSetError(f"{place}: has no rows")
    while header and not header[-1]:
        header.pop()
    header = [name or f"column {position}" for position, name in enumerate(header, 1)]
    return Source(place, "csv", header, found, delimiter, fast=fast)


def _suffix(place: Place) -> str:
    return "." + place.name.rsplit(".", 1)[-1].lower() if "." in place.name else ""


def _numbered(table: pa.Table, first: int) -> pa.Table:
    return table.append_column(ROW, pa.array(np.arange(first, first + table.num_rows)))


def _json_cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    return orjson.dumps(value).decode()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
