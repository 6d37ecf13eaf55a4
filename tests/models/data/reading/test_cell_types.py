"""Cells of Parquet files of rare types: views, extensions, and those that cannot be read."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.data.errors import DataSetError
from models.data.file_chunks import open_folder
from models.data.folder import reading
from models.data.reading.cell_sizes import column_sizes
from models.data.reading.compression import Place
from models.data.reading.looking import look_at
from models.data.reading.parquet_rows import pieces
from models.data.reading.sources import ROW


def test_views_and_extensions_are_counted_as_what_they_hold() -> None:
    views = pa.chunked_array([pa.array(["a", None, "bcd"], pa.string_view())])
    assert column_sizes(views).tolist() == [1, 0, 3]
    within = pa.chunked_array([pa.array([["a", "bc"], None, ["def"]], pa.list_(pa.binary_view()))]).slice(1, 2)
    assert column_sizes(within).tolist() == [0, 3]
    json = pa.chunked_array([pa.array(["{}", None], pa.string()).cast(pa.json_())])
    assert column_sizes(json).tolist() == [2, 0]
    ids = pa.chunked_array([pa.array([b"x" * 16], pa.binary(16)).cast(pa.uuid())])
    assert column_sizes(ids).tolist() == [16]
    assert column_sizes(pa.chunked_array([pa.nulls(2)])).tolist() == [0, 0]


def test_cells_of_a_type_that_is_not_known_are_not_counted_as_nothing() -> None:
    runs = pa.chunked_array([pa.RunEndEncodedArray.from_arrays([2], pa.array(["a"]))])
    with pytest.raises(DataSetError, match=r"cells of the type run_end_encoded<.*> cannot be read"):
        column_sizes(runs)


def in_dictionary(path: Path) -> Path:
    """Write cells of an extension that keeps its texts in a dictionary, which end the process of a reader."""
    texts = pa.array(["a", "b"]).dictionary_encode()
    column = pa.ExtensionArray.from_storage(pa.opaque(texts.type, "colour", "paint"), texts)
    pq.write_table(pa.table({"user_id": ["u", "v"], "item_id": ["i", "j"], "more": column}), path)
    return path


def test_a_column_of_a_type_that_is_not_known_is_refused_by_its_name_and_type(tmp_path: Path) -> None:
    path = in_dictionary(tmp_path / "items.parquet")
    with pytest.raises(DataSetError, match=r"a\.parquet: column more: cells of the type extension<.* cannot"):
        list(pieces(path, 50_000, "a.parquet"))


def test_a_column_of_a_type_that_is_not_known_and_not_wanted_is_not_read(tmp_path: Path) -> None:
    in_dictionary(tmp_path / "interactions.parquet")
    files = open_folder(tmp_path)
    assert files.interactions is not None
    assert [chunk.table["user_id"].to_pylist() for chunk in files.interactions.tables()] == [["u", "v"]]
    (opened,) = files.opened
    assert opened.source.whole()[0].column_names == ["user_id", "item_id"]


def test_views_are_read_as_texts_at_once_too(tmp_path: Path) -> None:
    table = pa.table({"user_id": ["u"], "item_id": ["i"]})
    pq.write_table(
        table.cast(pa.schema({name: pa.string_view() for name in table.column_names})), tmp_path / "a.parquet"
    )
    source = look_at(Place(tmp_path / "a.parquet"))
    assert source.whole()[0].schema.equals(table.schema)
    (chunk,) = source.chunks(10)
    assert chunk.table.drop_columns([ROW]).equals(table)


def test_a_damaged_file_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "interactions.parquet"
    texts = [f"u{number}" for number in range(2_000)]
    pq.write_table(pa.table({"user_id": texts, "item_id": texts}), path, compression="zstd", use_dictionary=False)
    column = pq.read_metadata(path).row_group(0).column(1)
    damaged = bytearray(path.read_bytes())
    start = column.data_page_offset + column.total_compressed_size // 2
    damaged[start : start + 200] = bytes(200)
    path.write_bytes(damaged)
    source = look_at(Place(path))
    with pytest.raises(DataSetError, match=r"interactions\.parquet: cannot be read: "):
        list(source.chunks(10_000))
    with pytest.raises(DataSetError, match=r"interactions\.parquet: cannot be read: "):
        source.whole()
    files = open_folder(tmp_path)
    assert files.interactions is not None
    with pytest.raises(DataSetError, match=r"interactions\.parquet: cannot be read: "):
        list(files.interactions.tables())


def test_too_little_memory_is_no_fault_of_a_file() -> None:
    with pytest.raises(MemoryError), reading("a.parquet"):
        raise pa.ArrowMemoryError
