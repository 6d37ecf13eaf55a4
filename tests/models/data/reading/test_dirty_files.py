"""Dirty files, generated: every row is stored with its cells, or counted with its line and a reason; no row is lost."""

import gzip
import re
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.data.file_chunks import Files, open_paths
from models.data.reading.mapping import FileMapping
from models.data.reading.opening import Opened, Wishes
from models.data.reading.rows import NO_TEXT, OPEN_QUOTE, RAGGED, BadRow
from models.data.reading.sources import ROW, RawChunk

NAMES = ["user_id", "item_id", "event_type"]
HEALTH = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def read(opened: Opened) -> tuple[list[tuple[str | None, ...]], list[BadRow]]:
    """Read a file as an import does: its rows, and those that cannot be read."""
    source = opened.source
    list(source.settle())
    chunks: list[RawChunk] = list(source.chunks(3))
    table = pa.concat_tables([chunk.table for chunk in chunks])
    assert table[ROW].to_pylist() == list(range(table.num_rows))
    return list(zip(*(table[name].to_pylist() for name in NAMES), strict=True)), [b for c in chunks for b in c.bad]


def opened(paths: list[Path], **said: object) -> Files:
    return open_paths(paths, Wishes(FileMapping.model_validate({"kind": "interactions", **said})))


CELL = st.text(st.sampled_from('ab",;\n\r\té€\x00\\'), max_size=5)


def quoted(cells: tuple[str, ...]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


LINE = st.one_of(
    st.lists(CELL, min_size=1, max_size=4).map(",".join), st.tuples(CELL, CELL, CELL).map(quoted), st.just("u,i,view")
)


@settings(max_examples=60, deadline=None, suppress_health_check=HEALTH)
@given(st.lists(LINE, min_size=1, max_size=8), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
@example(['"', "u,i,view", '";","\r",""'], "utf-8")
@example(['"a \\" b",i,view'], "utf-8")
@example(['"","\\","\r;"'], "utf-8")
def test_any_text_is_read_in_one_way(tmp_path: Path, lines: list[str], encoding: str) -> None:
    content = "\n".join([",".join(NAMES), "first,i,view", *lines]) + "\n"
    (tmp_path / "log.csv").write_bytes(content.encode(encoding, errors="replace"))
    (one,) = opened([tmp_path / "log.csv"], delimiter=",", encoding=encoding).opened
    stored, bad = read(one)
    located = one.source.locate(range(len(stored)))
    cells = [tuple(located[place][1][name] or None for name in NAMES) for place in range(len(stored))]
    assert cells == stored
    physical = re.split(r"\r\n|\r|\n", content)
    starts = sorted([*(line for line, _ in located.values()), *(row.line for row in bad)])
    assert len(set(starts)) == len(starts) == len(stored) + len(bad)
    # Each line that is not empty begins a row, or belongs to the quoted cell of the row before it.
    ends = [*starts[1:], len(physical) + 1]
    for start, end in zip(starts, ends, strict=True):
        between = [line for line in physical[start : end - 1] if line.strip(" ")]
        # Only a quote that its first line opens can make a row go on.
        assert not between or '"' in physical[start - 1]


class Record(NamedTuple):
    """A record of a generated file: its cells, whether they are quoted, and why it cannot be read, if it cannot."""

    cells: tuple[str, ...]
    is_quoted: bool = False
    reason: str | None = None


PLAIN = st.text(st.sampled_from("abé7 "), min_size=1, max_size=4).map(str.strip).filter(bool)
ODD = st.text(st.sampled_from('ab",;|\n\té'), min_size=1, max_size=6)
GOOD = st.one_of(
    st.tuples(PLAIN, PLAIN, PLAIN).map(Record), st.tuples(ODD, ODD, ODD).map(lambda cells: Record(cells, True))
)
BAD = st.one_of(
    st.lists(PLAIN, min_size=1, max_size=2).map(lambda cells: Record(tuple(cells), reason=RAGGED)),
    st.lists(PLAIN, min_size=4, max_size=5).map(lambda cells: Record(tuple(cells), reason=RAGGED)),
    st.just(Record(("u", "\udcff", "view"), reason=NO_TEXT)),
)
BLANK = st.just(Record(()))
RECORDS = st.lists(st.one_of(GOOD, GOOD, BAD, BLANK), min_size=1, max_size=10)


class Form(NamedTuple):
    """How a generated file is written."""

    delimiter: str
    encoding: str
    end: str
    mark: bool
    ends: bool
    packed: bool
    open_at_end: bool


FORM = st.builds(
    Form,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-16-le", "cp1252"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    *[st.booleans()] * 4,
)


def written(record: Record, form: Form) -> bytes:
    cells = [f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in record.cells] if record.is_quoted else record.cells
    text = form.delimiter.join(cells)
    return text.encode("utf-8", "surrogateescape") if record.reason == NO_TEXT else text.encode(form.encoding)


def made(path: Path, records: list[Record], form: Form) -> tuple[list[tuple[str, ...]], list[tuple[int, str]]]:
    """Write a file; return the rows in it, and the lines of those that cannot be read with the reasons."""
    end = form.end.encode(form.encoding)
    head = form.delimiter.join(NAMES).encode(form.encoding)
    first = Record(("firsté", "i", "view"))
    content, line, rows, bad = head + end + written(first, form) + end, 3, [first.cells], []
    for record in records:
        if record.reason is not None:
            bad.append((line, record.reason))
        elif record.cells:
            rows.append(record.cells)
        content += written(record, form) + end
        line += 1 + sum(cell.count("\n") for cell in record.cells)
    if form.open_at_end:
        bad.append((line, OPEN_QUOTE))
        content += f'u{form.delimiter}"i{form.delimiter}view'.encode(form.encoding) + end
    if form.mark and form.encoding == "utf-8":
        content = b"\xef\xbb\xbf" + content
    content = content if form.ends else content.removesuffix(end)
    path.write_bytes(gzip.compress(content, 1) if form.packed else content)
    return rows, bad


@settings(max_examples=60, deadline=None, suppress_health_check=HEALTH)
@given(RECORDS, RECORDS, FORM)
def test_each_record_is_stored_or_counted_and_the_sum_is_the_file(
    tmp_path: Path, records: list[Record], more: list[Record], form: Form
) -> None:
    if form.encoding != "utf-8":
        records, more = ([one for one in ones if one.reason != NO_TEXT] for ones in (records, more))
    paths, expected = [], []
    for name, ones in (("a", records), ("b", more)):
        paths.append(tmp_path / (f"{name}.csv.gz" if form.packed else f"{name}.csv"))
        expected.append(made(paths[-1], ones, form))
    found = opened(paths, delimiter=form.delimiter)
    for one, (rows, bad) in zip(found.opened, expected, strict=True):
        stored, left = read(one)
        assert stored == rows
        assert [(row.line, row.reason) for row in left] == bad
        assert {row.file for row in left} <= {str(one.source.place)}


@pytest.mark.parametrize("first", ["", "\n\n", "sep=;\n", '"sep=;"\n\n', "\ufeff", "\ufeffsep=;\r\n"])
@pytest.mark.parametrize("ragged", ["", "only\n"])
def test_what_stands_before_the_header_is_no_row(tmp_path: Path, first: str, ragged: str) -> None:
    (tmp_path / "log.csv").write_bytes(f"{first}user_id;item_id;event_type\nu;i;view\n{ragged}".encode())
    stored, bad = read(opened([tmp_path / "log.csv"]).opened[0])
    assert stored == [("u", "i", "view")]
    assert [row.line for row in bad] == [first.count("\n") + 3] * bool(ragged)


def test_nan_in_json_lines_is_an_empty_cell(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"user_id": "u", "item_id": "i", "rating": NaN}\n')
    files = open_paths([tmp_path / "log.jsonl"])
    assert files.interactions is not None
    (chunk,) = files.interactions.tables()
    assert chunk.table["value"].to_pylist() == [None]
