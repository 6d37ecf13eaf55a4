from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from models.data.errors import DataSetError
from models.data.folder import DataSet, write_folder
from models.data.folder_reader import read_folder
from models.data.reading.mapping import FileMapping
from models.data.reading.opening import Wishes

Write = Callable[..., Path]


@pytest.fixture
def csv(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "interactions") -> Path:
        raw = content.encode() if isinstance(content, str) else content
        (tmp_path / f"{name}.csv").write_bytes(raw)
        return tmp_path

    return write


@pytest.fixture
def parquet(tmp_path: Path) -> Write:
    def write(columns: dict[str, Any], name: str = "interactions") -> Path:
        pyarrow.parquet.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
        return tmp_path

    return write


def test_reads_csv_with_ids_as_text_and_numbers_as_floats(csv: Write) -> None:
    found = read_folder(csv("user_id,item_id,value,timestamp\n007,1,4,10\n")).interactions
    assert found.to_pylist() == [{"user_id": "007", "item_id": "1", "value": 4.0, "timestamp": 10.0}]


def test_reads_parquet_with_ids_as_text_and_numbers_as_floats(parquet: Write) -> None:
    found = read_folder(parquet({"user_id": [7], "item_id": [1], "timestamp": [10]})).interactions
    assert found.to_pylist() == [{"user_id": "7", "item_id": "1", "timestamp": 10.0}]


def test_reads_every_file_that_is_there(csv: Write) -> None:
    csv("item_id,title\nx,A film\n", "items")
    csv("user_id\na\n", "users")
    csv("user_id,item_id\na,y\n", "test")
    csv("user_id,item_id\na,z\n", "candidates")
    found = read_folder(csv("user_id,item_id\na,x\n"))
    tables = (found.items, found.users, found.test, found.candidates)
    assert [table and table.to_pylist() for table in tables] == [
        [{"item_id": "x", "title": "A film"}],
        [{"user_id": "a"}],
        [{"user_id": "a", "item_id": "y"}],
        [{"user_id": "a", "item_id": "z"}],
    ]


def test_quantity_and_revenue_are_numbers_of_interactions_and_attributes_of_users(csv: Write) -> None:
    csv("user_id,revenue\na,high\n", "users")
    found = read_folder(csv("user_id,item_id,quantity,revenue\na,x,-3,-1.5\na,y,,\na,z,some,1e3\n"))
    assert found.interactions["revenue"].to_pylist() == [-1.5, None, 1000.0]
    assert found.interactions["quantity"].to_pylist()[:2] == [-3.0, None]
    assert np.isnan(found.interactions["quantity"].to_pylist()[2])
    assert found.users is not None
    assert found.users["revenue"].to_pylist() == ["high"]


def test_files_that_are_not_there_are_none(csv: Write) -> None:
    found = read_folder(csv("user_id,item_id\na,x\n"))
    assert (found.items, found.users, found.test, found.candidates) == (None, None, None, None)


@pytest.mark.parametrize("header", ["user_id,item_id", '"user_id","item_id"'])
def test_csv_with_a_byte_order_mark_is_read(csv: Write, header: str) -> None:
    assert read_folder(csv(f"\ufeff{header}\na,x\n")).interactions.to_pylist() == [{"user_id": "a", "item_id": "x"}]


def test_csv_with_quotes_line_breaks_and_empty_cells_is_read(csv: Write) -> None:
    found = read_folder(csv('user_id,item_id\r\n"a\nb","x,y"\r\n,z\r\n')).interactions
    assert found.to_pylist() == [{"user_id": "a\nb", "item_id": "x,y"}, {"user_id": None, "item_id": "z"}]


def test_a_number_that_is_none_becomes_nan_and_the_others_stay(csv: Write) -> None:
    found = read_folder(csv("user_id,item_id,timestamp\na,x,1.5\na,y,soon\na,z,\n")).interactions["timestamp"]
    first, second, third = found.to_pylist()
    assert first == 1.5
    assert second != second  # noqa: PLR0124 - only NaN differs from itself
    assert third is None


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([86_400], pa.timestamp("s")),
        ([86_400_000_000_001], pa.timestamp("ns")),
        ([86_400_000], pa.timestamp("ms", "Europe/Berlin")),
        ([1], pa.date32()),
    ],
)
def test_moments_become_seconds_since_1970(parquet: Write, values: list[int], kind: pa.DataType) -> None:
    folder = parquet({"user_id": ["a"], "item_id": ["x"], "timestamp": pa.array(values, kind)})
    assert read_folder(folder).interactions["timestamp"].to_pylist() == [86_400.0]


@pytest.mark.parametrize("kind", [pa.time32("s"), pa.duration("s")])
def test_a_time_of_day_or_a_duration_is_no_moment(parquet: Write, kind: pa.DataType) -> None:
    folder = parquet({"user_id": ["a"], "item_id": ["x"], "timestamp": pa.array([5], kind)})
    (found,) = read_folder(folder).interactions["timestamp"].to_pylist()
    assert found != found  # noqa: PLR0124 - only NaN differs from itself


def test_event_types_stored_as_categories_or_numbers_become_text(parquet: Write) -> None:
    kinds = pa.array(["view", "cart"]).dictionary_encode()
    folder = parquet({"user_id": ["a", "b"], "item_id": ["x", "y"], "event_type": kinds, "event_id": [1, 2]})
    found = read_folder(folder).interactions
    assert found["event_type"].to_pylist() == ["view", "cart"]
    assert found["event_id"].to_pylist() == ["1", "2"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rows = pa.table({"user_id": ["a", "b"], "item_id": ["x", "y"], "timestamp": [1.0, 2.0]})
    items = pa.table({"item_id": ["x"], "categories": [["drama", "short"]]})
    write_folder(tmp_path / "new", DataSet(interactions=rows, items=items, test=rows))
    found = read_folder(tmp_path / "new")
    assert found.interactions.equals(rows)
    assert found.items is not None
    assert found.items.equals(items)
    assert found.test is not None
    assert found.test.equals(rows)
    assert found.candidates is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2026-03-01T12:05:00Z", 1_772_366_700.0), ("2026-03-01T13:05:00.5+01:00", 1_772_366_700.5), ("12.5", 12.5)],
)
def test_a_time_in_rfc_3339_is_read_as_seconds(csv: Write, text: str, seconds: float) -> None:
    content = f"user_id,item_id,timestamp\na,x,{text}\nb,y,yesterday\n"
    first, other = read_folder(csv(content)).interactions["timestamp"].to_pylist()
    assert first == seconds
    assert np.isnan(other)


def test_a_folder_is_read_as_an_import_reads_it(csv: Write) -> None:
    csv("movieId;title;genres\nx;A film;a|b\n", "items")
    csv("userId;movieId\nb;x\n", "test")
    folder = csv("userId;movieId;rating;when_done\na;x;4,5;2026-03-01 12:05\nb;x\nNULL;x;1;2026-03-01\n")
    with pytest.raises(DataSetError, match="'when_done' looks like a time"):
        read_folder(folder)
    said = FileMapping(columns={"timestamp": "when_done"})
    with pytest.raises(DataSetError, match="--timezone UTC"):
        read_folder(folder, Wishes(said))
    found = read_folder(folder, Wishes(said.model_copy(update={"timezone": "UTC"})))
    assert found.interactions.to_pylist() == [
        {"user_id": "a", "item_id": "x", "value": 4.5, "timestamp": 1_772_366_700.0},
        {"user_id": None, "item_id": "x", "value": 1.0, "timestamp": 1_772_323_200.0},
    ]
    assert found.items is not None
    assert found.items.to_pylist() == [{"item_id": "x", "title": "A film", "categories": '["a","b"]'}]
    assert found.test is not None
    assert found.test.to_pylist() == [{"user_id": "b", "item_id": "x"}]
    (told,) = (told for told in found.told if "left out" in told)
    assert told == (
        f"{folder}/interactions.csv: 1 row that cannot be read is left out, the first:"
        f" {folder}/interactions.csv, line 3: 'b;x': 4 cells, as the header has, not 2"
    )
