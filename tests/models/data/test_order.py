"""The order of a log: times, places in a sequence, and both."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.data.cleaning import clean
from models.data.folder import EXPORTED, DataSet, write_folder
from models.data.folder_reader import read_folder
from models.data.interactions import Interactions
from models.data.order import as_order, in_one_order, is_order, recognised
from models.data.strengths import StrengthScale, row_strengths

NOW = 1_750_000_000.0


def log(*rows: tuple[float | None, float | None]) -> pa.Table:
    count = len(rows)
    return pa.table(
        {
            "user_id": ["u"] * count,
            "item_id": [f"i{number}" for number in range(count)],
            "event_type": ["view"] * count,
            "timestamp": pa.array([row[0] for row in rows], pa.float64()),
            "sequence": pa.array([row[1] for row in rows], pa.float64()),
        }
    )


def items(table: pa.Table) -> list[int]:
    """Return the numbers of a log's items as they are read, oldest first."""
    found = Interactions.from_table(table)
    return [int(found.item_ids[code][1:]) for code in found.items]


def test_a_log_that_has_only_places_is_an_order_of_the_same_numbers() -> None:
    table = in_one_order(log((None, 3.0), (None, -7e11), (None, 0.5)))
    assert table["timestamp"].to_pylist() == [3.0, -7e11, 0.5]
    assert is_order(table.schema)
    assert not Interactions.from_table(table).has_clock


def test_where_most_rows_have_only_places_the_timed_ones_follow_them() -> None:
    table = in_one_order(
        log((NOW + 1, None), (None, 5.0), (NOW, None), (None, 2.0), (NOW, None), (None, 5.0), (None, 1.0))
    )
    assert is_order(table.schema)
    assert items(table) == [6, 3, 1, 5, 2, 4, 0]
    moments = table["timestamp"].to_pylist()
    assert moments[2] == moments[4] < moments[0]


def test_where_most_rows_have_times_the_places_are_just_before_them_in_their_order() -> None:
    table = in_one_order(log((NOW, None), (None, 9.0), (NOW + 5, None), (None, -1.0), (None, None), (NOW, None)))
    assert not is_order(table.schema)
    assert Interactions.from_table(table).has_clock
    found = items(table)
    # Rows of one moment have no order among them.
    assert [sorted(found[:2]), found[2], sorted(found[3:5]), found[5]] == [[3, 4], 1, [0, 5], 2]
    moments = np.array(table["timestamp"].to_pylist())
    assert moments.min() > NOW - 1
    assert moments[4] == moments.min()


def test_without_times_and_places_there_is_no_order() -> None:
    assert "timestamp" not in in_one_order(log((None, None))).column_names


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 10**9), st.none() | st.floats(-1e6, 1e6)), min_size=1, max_size=20)
)
def test_times_follow_places_and_both_keep_their_order(rows: list[tuple[int | None, float | None]]) -> None:
    given = [(None if time is None else NOW + time, place) for time, place in rows]
    table = in_one_order(log(*given))
    if "timestamp" not in table.column_names:
        assert all(row == (None, None) for row in given)
        return
    keys = [(0, 0.0) if row == (None, None) else (1, row[1]) if row[0] is None else (2, row[0]) for row in given]
    moments = table["timestamp"].to_pylist()
    placed = any(key[0] == 1 for key in keys)
    for one, key in zip(moments, keys, strict=True):
        for other, another in zip(moments, keys, strict=True):
            if key[0] and another[0]:
                assert (one < other) == (key < another) or (not placed and one == other)
            elif not key[0]:
                assert one <= other


@pytest.mark.parametrize(
    ("numbers", "ordered"),
    [([1.0, 2.0], True), ([1.4e12, 1.5e12], True), ([0.0, NOW], False), ([NOW, 1.4e12], False), ([1e8], False)],
)
def test_numbers_that_cannot_be_seconds_since_1970_are_an_order(numbers: list[float], ordered: bool) -> None:
    assert is_order(recognised(pa.table({"timestamp": numbers})).schema) == ordered


def test_the_mark_stays_through_cleaning_and_files(tmp_path: Path) -> None:
    table = as_order(log((NOW, None), (NOW + 1, None), (NOW + 1, None)).drop_columns(["sequence"]))
    kept, _ = clean(table)
    write_folder(tmp_path, DataSet(kept))
    read = read_folder(tmp_path).interactions
    found = Interactions.from_table(read)
    assert not found.has_clock
    assert not found.select(np.array([True, False, True])).has_clock


def test_an_exported_folder_with_times_and_places_is_read_in_one_order(tmp_path: Path) -> None:
    def written(table: pa.Table) -> pa.Table:
        pq.write_table(table, tmp_path / "interactions.parquet")
        return read_folder(tmp_path).interactions

    both = log((NOW, None), (None, 2.0), (None, 1.0))
    assert items(written(both.replace_schema_metadata({EXPORTED: b"1"}))) == [2, 1, 0]
    # In a file of someone else's a column of this name says what it says there.
    assert written(both)["timestamp"].null_count == 2


def test_an_order_has_no_half_lives() -> None:
    scale = StrengthScale(event_weights={"view": 1.0}, half_lives={"view": 100.0})

    def strengths(table: pa.Table) -> Any:
        return row_strengths(table, scale).tolist()

    table = log((NOW, None), (NOW + 100, None))
    assert strengths(table) == [0.5, 1.0]
    assert strengths(as_order(table)) == [1.0, 1.0]
