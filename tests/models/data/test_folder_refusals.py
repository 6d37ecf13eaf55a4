from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from models.data.errors import DataSetError
from models.data.folder_reader import read_folder


def refusal(folder: Path) -> str:
    with pytest.raises(DataSetError) as caught:
        read_folder(folder)
    text = str(caught.value)
    assert "\n" not in text
    assert str(folder) in text
    return text


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere").endswith("there is no such folder")


def test_missing_interactions_are_named(tmp_path: Path) -> None:
    assert "neither interactions.parquet nor interactions.csv" in refusal(tmp_path)


def test_both_formats_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("user_id,item_id\na,x\n")
    pyarrow.parquet.write_table(pa.table({"user_id": ["a"], "item_id": ["x"]}), tmp_path / "interactions.parquet")
    assert "both interactions.parquet and interactions.csv" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "column"),
    [
        ("interactions", "user_id,thing\na,x\n", "item_id"),
        ("interactions", "who,item_id\na,x\n", "user_id"),
        ("items", "title\nA film\n", "item_id"),
        ("users", "item_id\nx\n", "user_id"),
        ("test", "user_id\na\n", "item_id"),
        ("candidates", "item_id\nx\n", "user_id"),
    ],
)
def test_a_missing_column_is_named_with_its_file(tmp_path: Path, name: str, content: str, column: str) -> None:
    (tmp_path / "interactions.csv").write_text("user_id,item_id\na,x\n")
    (tmp_path / f"{name}.csv").write_text(content)
    text = refusal(tmp_path)
    assert f"{name}.csv: the column '{column}' is missing" in text
    assert f"(found: {', '.join(map(repr, content.splitlines()[0].split(',')))})" in text


@pytest.mark.parametrize("content", ["", "\n", "user_id,item_id\n", "user_id,item_id"])
def test_a_csv_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "interactions.csv").write_text(content)
    assert refusal(tmp_path).endswith("interactions.csv: has no rows")


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path) -> None:
    empty = pa.table({"user_id": pa.array([], pa.string()), "item_id": pa.array([], pa.string())})
    pyarrow.parquet.write_table(empty, tmp_path / "interactions.parquet")
    assert refusal(tmp_path).endswith("interactions.parquet: has no rows")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("interactions.parquet", b"not parquet"),
        ("interactions.parquet", b""),
        ("interactions.csv.gz", b"not gzip"),
        ("interactions.jsonl", b"[1, 2]\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    assert f"{file}: cannot be read: " in refusal(tmp_path)


def test_a_file_of_which_no_row_can_be_read_is_refused_with_the_first(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_bytes(b"user_id,item_id\na,x,1\n")
    assert "no row can be read: " in refusal(tmp_path)
    assert "interactions.csv, line 2: 'a,x,1': 2 cells, as the header has, not 3" in refusal(tmp_path)


def test_a_damaged_optional_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("user_id,item_id\na,x\n")
    (tmp_path / "items.parquet").write_bytes(b"not parquet")
    assert "items.parquet: cannot be read: " in refusal(tmp_path)


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("user_id,item_id,user_id\na,x,b\n")
    assert refusal(tmp_path).endswith("interactions.csv: the column 'user_id' occurs twice")


def test_ids_that_are_lists_are_refused(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"user_id": [[1]], "item_id": ["x"]}), tmp_path / "interactions.parquet")
    assert "interactions.parquet: the column 'user_id' has the type list<" in refusal(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("user_id,item_id\na,x\n")
    assert refusal(tmp_path / "interactions.csv").endswith("is a file: give the folder that contains it")
