"""Tests of items read by a declared schema."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.data.catalogue import attributes_of, texts_of
from models.data.described import describe, described, vectors_of
from models.data.schema import EMPTY, parse_schema

SCHEMA = parse_schema(
    {"items": {"v": {"type": "vector", "length": 2}, "brand": "category", "released": "time", "review": "text"}}, "it"
)
IDS = np.array([b"a", b"b", b"c"])


def _attributes(table: pa.Table) -> list[Any]:
    return [json.loads(text) for text in table["attributes"].to_pylist()]


def test_item_without_a_schema_stays_as_it_is() -> None:
    item: Mapping[str, Any] = {"title": "x", "attributes": {"v": [1, 2]}}
    assert described(item, EMPTY.items) is item


def test_item_is_split_by_the_schema() -> None:
    item = {
        "attributes": {"brand": 7, "released": "1970-01-02T00:00:00Z", "review": "so soft", "x": "y"},
        "vectors": {"v": np.array([1, 2], np.float32)},
    }
    found = described(item, SCHEMA.items)
    assert dict(attributes_of(found["attributes"])) == {
        "attributes.brand": "7",
        "attributes.released": 86400.0,
        "attributes.x": "y",
    }
    assert list(texts_of(found)) == [("attributes.review", "so soft")]
    assert found["vectors"]["v"].tolist() == [1, 2]


def test_vector_put_before_it_was_declared_is_used() -> None:
    assert described({"attributes": {"v": [1, 2]}}, SCHEMA.items)["vectors"]["v"].tolist() == [1, 2]


def test_table_is_read_by_the_schema() -> None:
    table = pa.table(
        {
            "item_id": ["a", "b", "c"],
            "title": ["A", "B", "C"],
            "attributes": ['{"brand": 7, "released": "never"}', '{"v": [5, 6]}', None],
            "v": pa.array([[1.0, 2.0], None, [1.0]]),
            "other": [1, 2, 3],
        }
    )
    found = describe(table, SCHEMA)
    assert found.table.column_names == ["item_id", "title", "attributes", "texts", "vectors.v"]
    assert _attributes(found.table) == [{"brand": ["7"]}, {}, {}]
    codes, rows = vectors_of(found.table, IDS)["v"]
    assert codes.tolist() == [0, 1]
    assert rows.tolist() == [[1, 2], [5, 6]]
    assert found.unfit == {"released": 1, "v": 1}
    assert found.notes()[0].startswith("v: 1 values do not fit")


def test_columns_of_a_csv_file_are_read() -> None:
    table = pa.table({"item_id": ["a", "b"], "v": ["[1, 2]", "[1, NaN]"], "brand": ["x", '["y", "z"]']})
    found = describe(table, SCHEMA)
    assert _attributes(found.table) == [{"brand": ["x"]}, {"brand": ["y", "z"]}]
    codes, rows = vectors_of(found.table, IDS)["v"]
    assert (codes.tolist(), rows.tolist(), found.unfit) == ([0], [[1, 2]], {"v": 1})


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float64(), 8), pa.large_list(pa.int64())])
def test_column_of_lists_of_one_length_is_a_vector(kind: pa.DataType) -> None:
    table = pa.table({"item_id": ["b", "c"], "image": pa.array([[1] * 8, None], kind)})
    found = describe(table, EMPTY)
    codes, rows = vectors_of(found.table, IDS)["image"]
    assert (codes.tolist(), rows.tolist(), found.unfit) == ([1], [[1.0] * 8], {})


def test_lists_of_different_lengths_are_no_vector() -> None:
    table = pa.table({"item_id": ["b", "c"], "image": pa.array([[1.0] * 8, [1.0] * 9])})
    assert vectors_of(describe(table, EMPTY).table, IDS) == {}


def test_numbers_that_are_not_finite_or_missing_do_not_fit() -> None:
    lists = [[1.0, np.nan], [np.inf, 1.0], [None, 1.0], [1e300, 1.0], [0.0, 1.0]]
    table = pa.table({"item_id": list("abcde"), "v": pa.array(lists)})
    found = describe(table, SCHEMA)
    assert found.unfit == {"v": 4}
    assert found.table["vectors.v"].to_pylist() == [None, None, None, None, [0.0, 1.0]]


def test_of_rows_with_one_id_the_last_counts() -> None:
    table = pa.table({"item_id": ["a", "a"], "v": pa.array([[1.0, 2.0], [3.0, 4.0]])})
    codes, rows = vectors_of(describe(table, SCHEMA).table, IDS)["v"]
    assert (codes.tolist(), rows.tolist()) == ([0], [[3, 4]])


def test_undeclared_lists_of_numbers_are_named() -> None:
    table = pa.table({"item_id": ["a"], "attributes": [json.dumps({"image": [0.5] * 384, "sizes": [1, 2]})]})
    found = describe(table, EMPTY)
    assert found.undeclared == {"image": 384}
    assert "declare it as a vector" in found.notes()[0]
