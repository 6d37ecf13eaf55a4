"""Looks at the beginning of a file: its format, encoding, delimiter and columns."""

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet

from models.data.errors import DataSetError
from models.data.reading import delimiters, encodings
from models.data.reading.compression import Place
from models.data.reading.first_line import MAX_COLUMNS, TOO_LONG, too_many_columns
from models.data.reading.rows import MAX_LINE
from models.data.reading.sources import Kind, Source, first_line

_KINDS: dict[str, Kind] = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
_HEAD_BYTES = MAX_LINE
_LINES = 100
_SEPARATOR = re.compile(r'"?sep=(.|\t)"?\Z', re.IGNORECASE)
"""The line that Excel reads a delimiter from."""


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
            return _bounded(Source(place, kind, list(schema.names), schema=schema))
        with place.open() as (stream, _):
            head = stream.read(_HEAD_BYTES)
    except (pa.ArrowException, OSError, EOFError, ValueError) as error:
        raise DataSetError(f"{place}: cannot be read: {first_line(error)}") from error
    found = encodings.known(encoding) if encoding is not None else encodings.detect(head)
    lines = re.split(r"\r\n|\r|\n", head.decode(found, errors="replace").removeprefix("\ufeff"))
    if len(head) == _HEAD_BYTES:
        if len(lines) == 1:
            raise DataSetError(f"{place}: {TOO_LONG}")
        lines = lines[:-1]
    skip = _first(lines, 0)
    if kind == "csv" and skip < len(lines) and (said := _SEPARATOR.match(lines[skip].strip(" "))):
        delimiter = said[1] if delimiter is None else delimiter
        skip = _first(lines, skip + 1)
    lines = [line for line in lines[skip:] if line.strip()][:_LINES]
    if not lines:
        raise DataSetError(f"{place}: has no rows")
    if kind == "jsonl" or lines[0].startswith("{"):
        return _json(place, found)
    delimiter = delimiters.known(delimiter) if delimiter is not None else delimiters.detect(lines)
    fast = found == encodings.UTF_8 and len(delimiter) == 1
    if names is not None:
        return _bounded(Source(place, "csv", list(names), found, delimiter, skip=0, fast=fast))
    if len(lines) == 1:
        raise DataSetError(f"{place}: has no rows")
    return _bounded(Source(place, "csv", _header(lines[0], delimiter), found, delimiter, skip=skip + 1, fast=fast))


def _first(lines: Sequence[str], start: int) -> int:
    """Return the number of the first line that is not empty."""
    return next((number for number in range(start, len(lines)) if lines[number].strip()), len(lines))


def _json(place: Place, encoding: str) -> Source:
    source = Source(place, "jsonl", [], encoding, fast=False)
    source.names = list(dict.fromkeys(name for row in source.first_rows for name in row))
    if not source.names:
        raise DataSetError(f"{place}: cannot be read: its first lines are not JSON objects, one in a line")
    return _bounded(source)


def _bounded(source: Source) -> Source:
    """Refuse a file with too many columns.

    Raises
    ------
    DataSetError
        It has.
    """
    if len(source.names) > MAX_COLUMNS:
        raise DataSetError(f"{source.place}: {too_many_columns(len(source.names))}")
    return source


def _header(line: str, delimiter: str) -> list[str]:
    """Name the columns; delimiters at the end of the line are none."""
    header = [name.strip() for name in delimiters.cells(line, delimiter)]
    while header and not header[-1]:
        header.pop()
    return [name or f"column {position}" for position, name in enumerate(header, 1)]


def _suffix(place: Place) -> str:
    return "." + place.name.rsplit(".", 1)[-1].lower() if "." in place.name else ""
