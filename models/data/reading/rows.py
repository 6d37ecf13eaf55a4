"""Rows of text files, line by line: a line that cannot be read costs that row alone."""

import ast
import codecs
import csv
import json
import re
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

import orjson

RAGGED, OPEN_QUOTE, TOO_LONG, NO_TEXT, NO_JSON = (
    "a row with too few or too many cells",
    "a quote that does not end",
    "a line that is too long",
    "a line that is not in the encoding of the file",
    "a line that is not a JSON object",
)
"""Why a row cannot be read, as the counts name it."""
_LONGEST = 1000
"""Lines of a cell, at most."""
_BLOCK = MAX_LINE = 1 << 20
"""Bytes of a line, or characters of one in UTF-16 and UTF-32, at most."""
_SHOWN = 80
_END = "\x00end"
_WIDE_BREAK = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
csv.field_size_limit(1 << 24)


class BadRow(NamedTuple):
    """A row that was not taken: where it is, the cell, and what would be accepted.

    `column` is empty where the whole line is at fault; `reason` is what the counts name.
    """

    file: str
    line: int
    column: str
    cell: str
    reason: str
    accepted: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line:,}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.cell!r}: {self.accepted}"


class Line(NamedTuple):
    """A row that can be read: its line, its cells, and how many characters they have."""

    number: int
    cells: list[Any]
    size: int = 0


class TooLong(bytes):
    """The beginning of a line that is too long to be kept."""


def shown(text: object) -> str:
    """Cut a cell for a message."""
    plain = text if isinstance(text, str) else orjson.dumps(text, default=str).decode()
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}..."


def lines_of(stream: IO[bytes], encoding: str) -> Iterator[tuple[int, str | bytes]]:
    """Yield the number and the text of each line, with its line break.

    It is bytes where it is not in the encoding, and `TooLong` where it is too long.
    """
    wide = encoding.startswith(("utf-16", "utf-32"))
    lines = _wide_lines(stream, encoding) if wide else _decoded_lines(stream, encoding)
    for number, line in enumerate(lines, 1):
        # A byte order mark is no part of the first line.
        yield number, line.removeprefix("\ufeff") if number == 1 and isinstance(line, str) else line


def _decoded_lines(stream: IO[bytes], encoding: str) -> Iterator[str | bytes]:
    for line in _raw_lines(stream):
        if len(line) > MAX_LINE:
            yield TooLong(line[:_SHOWN])
            continue
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError:
            yield line


def _raw_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Split at line breaks; streams of Arrow have no lines of their own. Of a line that is too long the end is left."""
    rest = b""
    while block := stream.read(_BLOCK):
        # A carriage return alone ends a line as well; behind the last one a line feed may follow.
        lines = (rest + block).splitlines(keepends=True)
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        yield from lines
        if len(rest) > MAX_LINE:
            rest = rest[: MAX_LINE + 1] + (b"\r" if rest.endswith(b"\r") else b"")
    if rest:
        yield rest


def _wide_lines(stream: IO[bytes], encoding: str) -> Iterator[str | bytes]:
    decoder, rest = codecs.getincrementaldecoder(encoding)(errors="replace"), ""
    while block := stream.read(_BLOCK):
        lines = list(filter(None, _WIDE_BREAK.split(rest + decoder.decode(block))))
        rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        yield from map(_wide, lines)
        if len(rest) > MAX_LINE:
            rest = rest[: MAX_LINE + 1] + ("\r" if rest.endswith("\r") else "")
    yield from map(_wide, filter(None, _WIDE_BREAK.split(rest + decoder.decode(b"", final=True))))


def _wide(line: str) -> str | bytes:
    return line if len(line) <= MAX_LINE else TooLong(line[:_SHOWN].encode())


def csv_rows(
    stream: IO[bytes], encoding: str, delimiter: str, width: int, skip: int, file: str
) -> Iterator[Line | BadRow]:
    """Yield the rows of a delimited file.

    Parameters
    ----------
    width
        How many cells a row has.
    skip
        Lines before the first row.
    """
    waiting: list[tuple[int, str | bytes]] = []
    # A line of spaces is empty, unless it may be the only cell.
    blank = " \r\n" if width > 1 and delimiter != " " else "\r\n"
    coming = lines_of(stream, encoding)
    for _ in range(skip):
        next(coming, None)

    def following() -> tuple[int, str | bytes] | None:
        return waiting.pop(0) if waiting else next(coming, None)

    while (found := following()) is not None:
        number, text = found
        if isinstance(text, bytes):
            yield _no_text(file, number, text)
            continue
        if not text.strip(blank):
            continue
        taken: list[tuple[int, str | bytes]] = []
        parsed = _cells(text, delimiter, width)
        while parsed is None and len(taken) < _LONGEST and len(text) < MAX_LINE and (more := following()) is not None:
            taken.append(more)
            if isinstance(more[1], bytes):
                break
            text += more[1]
            if '"' in more[1]:
                parsed = _cells(text, delimiter, width)
        if parsed is not None and len(parsed) > width and not any(parsed[width:]):
            parsed = parsed[:width]
        if parsed is not None and len(parsed) == width:
            yield Line(number, parsed, len(text))
            continue
        # What follows an open quote is read again, line by line.
        waiting[:0] = taken
        first = shown(str(found[1]).rstrip("\r\n"))
        if parsed is None or taken:
            yield BadRow(file, number, "", first, OPEN_QUOTE, "a quote at the start of a cell needs one at its end")
        else:
            yield BadRow(file, number, "", first, RAGGED, f"{width} cells, as the header has, not {len(parsed)}")


def json_rows(stream: IO[bytes], encoding: str, file: str) -> Iterator[Line | BadRow]:
    """Yield the objects of a file of JSON lines, each as the only cell of its line."""
    for number, text in lines_of(stream, encoding):
        if not text.strip():
            continue
        if isinstance(text, TooLong):
            yield _no_text(file, number, text)
            continue
        found = _object(text)
        if isinstance(found, dict):
            yield Line(number, [found], len(text))
        else:
            line = text if isinstance(text, str) else text.decode(errors="replace")
            yield BadRow(
                file, number, "", shown(line.strip()), NO_JSON, 'an object in one line, such as {"user_id": "u1"}'
            )


def _no_text(file: str, number: int, line: bytes) -> BadRow:
    start = shown(line.decode(errors="replace").rstrip("\r\n"))
    if isinstance(line, TooLong):
        return BadRow(file, number, "", start, TOO_LONG, f"a line of at most {MAX_LINE:,} bytes")
    return BadRow(file, number, "", start, NO_TEXT, _ENCODED)


_ENCODED = "text in the encoding of the file; --encoding names another"


def _object(text: str | bytes) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        # Python writes NaN, which is no JSON.
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        # Some data sets are printed dictionaries of Python.
        return ast.literal_eval(text) if isinstance(text, str) and text.lstrip().startswith(("{'", "{u'")) else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _cells(text: str, delimiter: str, width: int) -> list[str] | None:
    """Split a row, as one of so many cells if it can be one; None where a quote is open."""
    plain = text.rstrip("\r\n") if text.endswith(("\r", "\n")) else text
    if '"' not in plain or len(delimiter) > 1:
        return plain.split(delimiter)
    dialects: list[dict[str, Any]] = [{"strict": True}]
    if '\\"' in plain:
        # Some programs write \" for a quote.
        dialects.append({"strict": True, "escapechar": "\\", "doublequote": False})
    found: list[list[str]] = []
    for dialect in dialects:
        try:
            found.append(next(csv.reader([plain], delimiter=delimiter, **dialect)))
        except csv.Error:
            continue
    if fitting := next((cells for cells in found if len(cells) == width), None):
        return fitting
    try:
        # A cell may go on behind its closing quote. What is added tells whether the last quote is open: then it is no
        # cell of its own.
        cells = next(csv.reader([f"{plain}{delimiter}{_END}"], delimiter=delimiter))
    except csv.Error:
        cells = []
    if cells[-1:] != [_END]:
        return None
    return found[0] if found else cells[:-1]
