from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from models.data.catalogue import attributes_of, flag_of, known_rows, labels_of, moment_of, number_of, text_of

IDS = np.array([b"a", b"b", b"c"])


def test_of_rows_with_one_id_the_last_counts_and_unknown_ids_are_passed_over() -> None:
    table = pa.table({"item_id": ["b", "x", None, "a", "b"], "title": ["old", "?", "?", "first", "new"]})
    assert dict(known_rows(table, IDS)) == {0: {"title": "first"}, 1: {"title": "new"}}


def test_a_catalogue_of_ids_alone_says_nothing() -> None:
    assert list(known_rows(pa.table({"item_id": ["a"], "colour": ["red"]}), IDS)) == []


def test_ids_may_be_numbers_in_the_file() -> None:
    table = pa.table({"item_id": [2, 1], "title": ["two", "one"]})
    assert dict(known_rows(table, np.array([b"1", b"2"]))) == {0: {"title": "one"}, 1: {"title": "two"}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a", None, "", "b"], ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ("shoes", ["shoes"]),
        ("[broken", []),
        ([1, 2], ["1", "2"]),
        (None, []),
        ("", []),
        (3, []),
    ],
)
def test_labels(value: object, expected: list[str]) -> None:
    assert labels_of(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        ("2.5", 2.5),
        (True, None),
        ("x", None),
        (None, None),
        (float("nan"), None),
        (10**400, None),
        ([], None),
    ],
)
def test_numbers(value: object, expected: float | None) -> None:
    assert number_of(value) == expected


def test_flags() -> None:
    assert [flag_of(value) for value in (True, "true", " 1", "True", 1)] == [True] * 5
    assert [flag_of(value) for value in (False, "false", "0", "", None)] == [False] * 5


@pytest.mark.parametrize(
    "value",
    [
        86400,
        "86400",
        "1970-01-02T01:00:00+01:00",
        "1970-01-02T00:00:00Z",
        datetime(1970, 1, 2, tzinfo=UTC),
        datetime(1970, 1, 2),  # noqa: DTZ001 - a file's time without an offset
        date(1970, 1, 2),
    ],
)
def test_moments_are_seconds_since_1970(value: object) -> None:
    assert moment_of(value) == 86400.0


def test_what_is_no_moment_is_none() -> None:
    assert moment_of("tomorrow") is None
    assert moment_of(None) is None
    assert text_of(3) == ""


@pytest.mark.parametrize(
    "value",
    [
        {"brand": "Fell", "eco": True, "size": {"w": 3, "h": None}, "cuts": ["a", 2], "odd": float("inf")},
        '{"brand": "Fell", "eco": true, "size": {"w": 3, "h": null}, "cuts": ["a", 2]}',
        [("brand", "Fell"), ("eco", True), ("size", {"w": 3}), ("cuts", ["a", 2])],
    ],
)
def test_attributes_are_named_by_their_path(value: object) -> None:
    assert list(attributes_of(value)) == [
        ("attributes.brand", "Fell"),
        ("attributes.eco", True),
        ("attributes.size.w", 3.0),
        ("attributes.cuts", "a"),
        ("attributes.cuts", 2.0),
    ]


@pytest.mark.parametrize("value", [None, "", "{broken", "[1]", [1, 2], 5, "[" * 100_000])
def test_what_is_no_object_has_no_attributes(value: object) -> None:
    assert list(attributes_of(value)) == []


def test_objects_nested_too_deep_are_passed_over() -> None:
    nested: object = 1
    for _ in range(500):
        nested = {"a": nested, "b": 2}
    names = [name for name, _ in attributes_of(nested)]
    assert len(names) == 8
    assert all(name.endswith("b") for name in names)
