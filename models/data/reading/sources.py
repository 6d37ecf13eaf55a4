"""Files as chunks of rows with the columns that they have, whatever their format, encoding and compression."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv

from models.data.errors import DataSetError
from models.data.folder import EXPORTED, reading
from models.data.reading import arrow_csv, delimiters, encodings, parquet_rows
from models.data.reading.cell_types import holds_text, is_single
from models.data.reading.compression import Place
from models.data.reading.first_line import MAX_COLUMNS
from models.data.reading.rows import BadRow, Line, csv_rows, json_rows, lines_of
from models.data.reading.values import EMPTY, json_cell

ROW = "_row"
"""The place of a row among those of its file that can be read, from 0."""
Kind = Literal["csv", "jsonl", "parquet"]
SAMPLE_ROWS = 10_000
"""Rows that are looked at before a file is read."""
_NUMBERS_LOOKED_AT = 1000
_CHUNK_CHARACTERS = 1 << 24
"""Characters of the lines that are held at one time: rows may be long."""


class RawChunk(NamedTuple):
    """Rows with the columns of their file and `ROW`, how much of the file has been read, and rows that cannot be."""

    table: pa.Table
    share: float
    bad: tuple[BadRow, ...] = ()


@dataclass
class Source:
    """A file that has been looked at.

    `names` are its columns, `skip` the lines up to its header. `fast` tells whether Arrow reads it; a file that Arrow
    refuses, such as one with ragged rows, is read line by line. `wanted` are the columns of a Parquet file that are
    read, None for all.
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
    wanted: frozenset[str] | None = None

    @property
    def described(self) -> str:
        """Its format, in words."""
        if self.kind == "parquet":
            return "Parquet"
        return f"JSON lines, {self.encoding}" if self.kind == "jsonl" else f"{self.delimiter!r}, {self.encoding}"

    @property
    def is_exported(self) -> bool:
        """Whether Braid wrote it: its rows are taken over unchanged."""
        return self.schema is not None and EXPORTED in (self.schema.metadata or {})

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
                last = chunk.table if chunk.table.num_rows else last
                if self.kind == "csv" and self.fast and arrow_csv.may_be_escaped(chunk.table):
                    raise pa.ArrowInvalid("quotes may be written with a backslash")
                yield chunk.share
            if self.kind == "csv" and self.fast and last is not None and self._may_be_open(last):
                raise pa.ArrowInvalid("a quote may be open at the end")
        except (pa.ArrowException, UnicodeDecodeError) as error:
            if not self.fast:
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
        """Read chunk after chunk, of so many rows at most."""
        if self.kind == "parquet":
            yield from self._parquet(rows)
        elif self.fast and self.kind == "csv":
            yield from self._csv(rows)
        else:
            yield from self._by_line(rows)

    def whole(self) -> tuple[pa.Table, list[BadRow]]:
        """Read all rows at once: a table, and the rows that cannot be read.

        Raises
        ------
        DataSetError
            The file cannot be read, or has no rows.
        """
        if (table := self._at_once()) is not None:
            self.settled = True
            return table, []
        list(self.settle())
        chunks = list(self.chunks(SAMPLE_ROWS))
        table = pa.concat_tables([one.table for one in chunks]).drop_columns([ROW])
        return table, [bad for one in chunks for bad in one.bad]

    def _at_once(self) -> pa.Table | None:
        """Read the file in one go; None where it has to be read in another way."""
        if self.kind == "parquet":
            with reading(self.place), self.place.open() as (stream, _):
                file = self.place.path if self.place.is_plain else stream
                return parquet_rows.whole(file, self.schema or pa.schema([]), self.place, self.wanted)
        if not (self.fast and self.place.is_plain):
            return None
        try:
            table = pyarrow.csv.read_csv(self.place.path, **arrow_csv.options(self.names, self.delimiter, self.skip))
        except pa.ArrowException:
            return None
        if not table.num_rows or self._may_be_open(table) or arrow_csv.may_be_escaped(table):
            return None
        return table

    def first(self, rows: int) -> pa.Table:
        """Return the first rows that can be read, as a table."""
        return self.beginning(rows).table

    def beginning(self, rows: int) -> RawChunk:
        """Return the first rows, and those among them that cannot be read; the rest of the file is not read."""
        if self.kind == "parquet":
            return next(iter(self._parquet(rows)))
        lines = list(_held(self._lines(), rows))
        table = _numbered(self._table([line for line in lines if isinstance(line, Line)]), 0)
        return RawChunk(table, 0.0, tuple(line for line in lines if isinstance(line, BadRow)))

    def sample(self, name: str, rows: int = SAMPLE_ROWS) -> list[Any]:
        """Return the first cells of a column, of rows that can be read; empty ones are None."""
        if self.kind == "parquet":
            if name not in self._head.column_names:
                return []
            found = self._head[name].slice(0, rows if holds_text(self._head[name].type) else _NUMBERS_LOOKED_AT)
            # What are moments already says nothing about how texts are read.
            cells = [] if pa.types.is_temporal(found.type) else found.to_pylist()
        else:
            cells = [row.get(name) for row in self.first_rows[:rows]]
        return [None if isinstance(cell, str) and cell in EMPTY else cell for cell in cells]

    @cached_property
    def first_rows(self) -> list[dict[str, Any]]:
        """The first rows of a text file that can be read, by the names of the columns."""
        return [self._named(line) for line in _held(self._lines(), SAMPLE_ROWS) if isinstance(line, Line)]

    @cached_property
    def _head(self) -> pa.Table:
        schema = self.schema or pa.schema([])
        # Lists, objects and bytes say nothing about how texts and numbers are read.
        plain = [field for field in schema if is_single(field.type)]
        found = self._parquet(SAMPLE_ROWS, [field.name for field in plain])
        return next((chunk.table for chunk in found), pa.schema(plain).empty_table())

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

    def _may_be_open(self, table: pa.Table) -> bool:
        return arrow_csv.may_be_open(self.place, table[self.names[-1]][table.num_rows - 1].as_py())

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

    def _csv(self, rows: int) -> Iterator[RawChunk]:
        with self.place.open() as (stream, disk):
            size, done, row = self.place.path.stat().st_size or 1, 0, 0
            source = self.place.path if self.place.is_plain else pa.PythonFile(stream, mode="r")
            reader = pyarrow.csv.open_csv(source, **arrow_csv.options(self.names, self.delimiter, self.skip))
            for batch in reader:
                done = done + batch.nbytes if self.place.is_plain else disk.tell()
                for start in range(0, batch.num_rows, rows):
                    part = pa.Table.from_batches([batch.slice(start, rows)])
                    yield RawChunk(_numbered(part, row), min(done / size, 1.0))
                    row += part.num_rows

    def _parquet(self, rows: int, wanted: Collection[str] | None = None) -> Iterator[RawChunk]:
        wanted = self.wanted if wanted is None else wanted
        with reading(self.place), self.place.open() as (stream, _):
            row, file = 0, self.place.path if self.place.is_plain else stream
            for piece, share in parquet_rows.pieces(file, rows, self.place, wanted):
                yield RawChunk(_numbered(piece, row), share)
                row += piece.num_rows

    def _by_line(self, rows: int) -> Iterator[RawChunk]:
        with self.place.open() as (stream, disk):
            size, row = self.place.path.stat().st_size or 1, 0
            lines = self._parsed(stream)
            while found := list(_held(lines, rows)):
                good = [line for line in found if isinstance(line, Line)]
                bad = tuple(line for line in found if isinstance(line, BadRow))
                yield RawChunk(_numbered(self._table(good), row), min(disk.tell() / size, 1.0), bad)
                row += len(good)

    def _table(self, lines: Sequence[Line]) -> pa.Table:
        if self.kind == "jsonl":
            known = set(self.names)
            for line in lines:
                for name in line.cells[0].keys() - known if len(self.late) < MAX_COLUMNS else ():
                    self.late.setdefault(name, line.number)
            columns = [[json_cell(line.cells[0].get(name)) for line in lines] for name in self.names]
        else:
            rows = (line.cells for line in lines)
            columns = [[cell or None for cell in column] for column in zip(*rows, strict=True)]
            columns = columns or [[] for _ in self.names]
        return pa.table([pa.array(column, pa.string()) for column in columns], names=self.names)


def _held(lines: Iterator[Line | BadRow], rows: int) -> Iterator[Line | BadRow]:
    """Yield lines up to a number of rows, and up to what is held at one time."""
    size = 0
    for line in islice(lines, rows):
        yield line
        size += line.size if isinstance(line, Line) else 0
        if size > _CHUNK_CHARACTERS:
            return


def _numbered(table: pa.Table, first: int) -> pa.Table:
    return table.append_column(ROW, pa.array(np.arange(first, first + table.num_rows)))


def first_line(error: Exception) -> str:
    """Return what an error says in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
