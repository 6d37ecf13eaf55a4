"""Files that are small and ask for much: many columns, endless lines, texts that are stored once and repeated."""

import time
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.data.errors import DataSetError
from models.data.file_chunks import open_folder
from models.data.reading.cell_sizes import column_sizes
from models.data.reading.first_line import MAX_COLUMNS
from models.data.reading.parquet_rows import pieces
from models.data.reading.rows import MAX_LINE, TOO_LONG
from models.data.reading.sources import ROW


def repeated(path: Path, text: str, rows: int) -> Path:
    """Write a text once, and say in each row that it is this one."""

    def column(cell: str) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([cell]))

    table = pa.table({"user_id": column(text), "item_id": column("i")})
    pq.write_table(table, path, compression="zstd", write_statistics=False, store_schema=False)
    return path


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_file_with_very_many_columns_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    names = [f"c{number}" for number in range(100_000)]
    lines = {
        "csv": ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n",
        "jsonl": "{" + ",".join(f'"{name}":1' for name in names[:50_000]) + "}\n",
    }
    (tmp_path / f"interactions.{suffix}").write_text(lines[suffix], encoding="utf-8")
    began = time.perf_counter()
    with pytest.raises(DataSetError, match=rf",000 columns, and at most {MAX_COLUMNS:,} are taken"):
        open_folder(tmp_path)
    assert time.perf_counter() - began < 1


def test_a_parquet_file_with_very_many_columns_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({f"c{number}": [1] for number in range(1_001)}), tmp_path / "interactions.parquet")
    with pytest.raises(DataSetError, match="1,001 columns"):
        open_folder(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_first_line_without_an_end_is_not_held(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "interactions.csv").write_bytes(("user_id,item_id" + "x" * 50_000_000).encode(encoding))
    tracemalloc.start()
    with pytest.raises(DataSetError, match=f"first line is longer than {MAX_LINE:,} bytes"):
        open_folder(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_that_is_too_long_costs_that_line_alone(tmp_path: Path, encoding: str, end: str) -> None:
    lines = ["user_id,item_id", "ü,i", "v" * 3_000_000 + ",i", "w,j", ""]
    (tmp_path / "interactions.csv").write_bytes(end.join(lines).encode(encoding))
    files = open_folder(tmp_path)
    assert files.interactions is not None
    (chunk,) = files.interactions.tables()
    assert chunk.table["user_id"].to_pylist() == ["ü", "w"]
    assert [(bad.line, bad.reason) for bad in chunk.bad] == [(3, TOO_LONG)]


def test_long_lines_are_read_in_smaller_pieces(tmp_path: Path) -> None:
    line = '{"user_id": "u%d", "item_id": "i", "more": "' + "x" * 900_000 + '"}\n'
    (tmp_path / "interactions.jsonl").write_text("".join(line % number for number in range(40)), encoding="utf-8")
    files = open_folder(tmp_path)
    assert files.interactions is not None
    sizes = [chunk.table.num_rows for chunk in files.interactions.tables()]
    assert (sum(sizes), max(sizes)) == (40, 19)


def test_names_that_come_late_are_told_up_to_a_number(tmp_path: Path) -> None:
    rows = ['{"user_id": "u", "item_id": "i"}'] * 10_000
    rows += [f'{{"user_id": "u", "item_id": "i", "c{number}": 1}}' for number in range(3_000)]
    (tmp_path / "interactions.jsonl").write_text("\n".join(rows), encoding="utf-8")
    files = open_folder(tmp_path)
    assert files.interactions is not None
    assert sum(chunk.table.num_rows for chunk in files.interactions.tables()) == 13_000
    (opened,) = files.opened
    assert len(opened.source.late) == MAX_COLUMNS


def test_a_text_that_is_stored_once_is_not_unfolded_in_all_rows_at_once(tmp_path: Path) -> None:
    path = repeated(tmp_path / "interactions.parquet", "x" * 1_000_000, 4_000)
    assert path.stat().st_size < 1_000
    sizes, before = [], pa.total_allocated_bytes()
    for piece, _ in pieces(path, 50_000, path):
        sizes.append(piece.num_rows)
        assert piece["user_id"][0].as_py() == "x" * 1_000_000
        assert pa.total_allocated_bytes() - before < 150_000_000
    assert (sum(sizes), max(sizes)) == (4_000, 8)


def once(path: Path, kind: pa.DataType, rows: int, size: int = 1_000_000) -> Path:
    """Write a cell with a long text, which is stored once, in each row."""
    long, ids = "x" * size, [f"u{number}" for number in range(rows)]
    cells: dict[str, object] = {
        "list_view": [long, None, long],
        "struct": {"a": {"b": long}},
        "list": [long, None, long],
        "map": [(long, "v")],
        "fixed_size_list": [long, "v"],
        "fixed_size_binary": long.encode(),
    }
    stored = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    column = pa.array([cells.get(str(stored).split("<")[0].split("[")[0], long)] * rows, stored)
    pq.write_table(
        pa.table({"user_id": ids, "item_id": ids, "context": column.cast(kind)}),
        path,
        compression="zstd",
        write_statistics=False,
    )
    return path


KINDS = {
    "binary": pa.binary(),
    "large_binary": pa.large_binary(),
    "large_string": pa.large_string(),
    "fixed_size_binary": pa.binary(600_000),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
    "struct": pa.struct({"a": pa.struct({"b": pa.string()})}),
    "list": pa.list_(pa.large_binary()),
    "map": pa.map_(pa.string(), pa.string()),
    "fixed_size_list": pa.list_(pa.string(), 2),
    "string_view": pa.string_view(),
    "binary_view": pa.binary_view(),
    "struct of views": pa.struct({"a": pa.struct({"b": pa.string_view()})}),
    "map of views": pa.map_(pa.string_view(), pa.string_view()),
    "list of views": pa.list_(pa.string_view()),
    "list_view": pa.list_view(pa.string()),
    "json": pa.json_(),
    "json in views": pa.json_(pa.string_view()),
    "opaque": pa.opaque(pa.string(), "point", "maps"),
}
OF_LISTS = {"list", "list of views", "list_view"}
READ_AS = {
    "string_view": pa.string(),
    "binary_view": pa.binary(),
    "struct of views": pa.struct({"a": pa.struct({"b": pa.string()})}),
    "map of views": pa.map_(pa.string(), pa.string()),
    "list of views": pa.list_(pa.string()),
    "list_view": pa.list_(pa.string()),
    "json": pa.string(),
    "json in views": pa.string(),
    "opaque": pa.string(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_cells_of_any_type_are_not_unfolded_in_all_rows_at_once(tmp_path: Path, kind: str) -> None:
    path = once(tmp_path / "a.parquet", KINDS[kind], 60, 300_000 if kind in OF_LISTS else 600_000)
    sizes, before = [], pa.total_allocated_bytes()
    for piece, _ in pieces(path, 50_000, path):
        sizes.append(piece.num_rows)
        assert pa.total_allocated_bytes() - before < 60_000_000
        assert piece.schema.field("context").type == READ_AS.get(kind, KINDS[kind])
    assert (sum(sizes), max(sizes)) == (60, 13)


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "fixed_size_binary"])
def test_a_cell_of_any_type_that_is_too_long_is_refused_by_its_row(tmp_path: Path, kind: str) -> None:
    path = once(tmp_path / "a.parquet", KINDS[kind], 60, 1_100_000)
    with pytest.raises(DataSetError, match="row 1, column context: a cell may have at most 1,048,576 bytes"):
        list(pieces(path, 50_000, "a.parquet"))


@pytest.mark.parametrize("kind", KINDS)
def test_cells_that_are_not_mapped_are_not_read(tmp_path: Path, kind: str) -> None:
    path = once(tmp_path / "interactions.parquet", KINDS[kind], 5, 600_000)
    table = pq.read_table(path).rename_columns(["user_id", "item_id", "more"])
    pq.write_table(table, path)
    files = open_folder(tmp_path)
    assert files.interactions is not None
    (opened,) = files.opened
    assert [chunk.table.column_names for chunk in opened.source.chunks(50_000)] == [["user_id", "item_id", ROW]]
    assert opened.source.whole()[0].column_names == ["user_id", "item_id"]


def test_lists_within_a_slice_and_empty_cells_are_counted_where_they_are() -> None:
    lists = pa.chunked_array([[["a", "bc"], None, [], ["def", None]]]).slice(1, 3)
    assert column_sizes(lists).tolist() == [0, 0, 3]
    pairs = pa.chunked_array([pa.array([["a", "bc"], None, ["def", None]], pa.list_(pa.string(), 2))]).slice(1, 2)
    assert column_sizes(pairs).tolist() == [0, 3]
    objects = pa.chunked_array([[{"a": "x", "n": 1.0}, None, {"a": "xyz", "n": None}]]).slice(1, 2)
    assert column_sizes(objects).tolist() == [8, 11]


def test_a_text_that_is_too_long_is_refused_by_its_row(tmp_path: Path) -> None:
    repeated(tmp_path / "interactions.parquet", "x" * 2_000_000, 4_000)
    with pytest.raises(DataSetError, match="row 1, column user_id: a cell may have at most 1,048,576 bytes"):
        list(pieces(tmp_path / "interactions.parquet", 50_000, "a.parquet"))


def test_a_text_within_a_zip_file_is_not_unfolded_either(tmp_path: Path) -> None:
    path = repeated(tmp_path / "made.parquet", "x" * 1_000_000, 20)
    with zipfile.ZipFile(tmp_path / "interactions.zip", "w") as archive:
        archive.write(path, "interactions.parquet")
    path.unlink()
    files = open_folder(tmp_path)
    assert files.interactions is not None
    assert [chunk.table.num_rows for chunk in files.interactions.tables()] == [8, 8, 4]


def test_ordinary_texts_are_read_in_chunks_of_the_size_that_is_wanted(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user_id": [f"u{number}" for number in range(25_000)]}), tmp_path / "a.parquet")
    assert [piece.num_rows for piece, _ in pieces(tmp_path / "a.parquet", 10_000, "a")] == [10_000, 10_000, 5_000]
