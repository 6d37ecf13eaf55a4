"""Tests of values of declared attributes."""

from typing import Any

import numpy as np
import pytest

from models.data.attribute_values import read_values, unfit_values, why_unfit
from models.data.catalogue import is_vector
from models.data.schema import Attribute, parse_schema

SCHEMA = parse_schema(
    {
        "items": {
            "v": {"type": "vector", "length": 3},
            "weight": "number",
            "released": "time",
            "colour": "category",
            "shop": "place",
            "review": "text",
        }
    },
    "it",
).items


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("v", [1, 0.5, -2]),
        ("v", None),
        ("weight", 3),
        ("released", "2026-03-01T12:00:00Z"),
        ("released", 1.5e9),
        ("colour", "red"),
        ("colour", ["red", "blue"]),
        ("colour", 3),
        ("colour", True),
        ("shop", {"lat": -90, "lon": 180}),
        ("review", "soft and warm"),
    ],
)
def test_value_that_fits(name: str, value: object) -> None:
    assert why_unfit(SCHEMA[name], value) is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("v", [1.0, 2.0], "must have 3 numbers, not 2"),
        ("v", [1.0] * 100_000, "must have 3 numbers, not 100,000"),
        ("v", "1,2,3", "must be a list of 3 numbers"),
        ("v", [1.0, float("nan"), 2.0], "finite numbers of 32 bits: nan at place 1"),
        ("v", [1.0, 2.0, float("-inf")], "finite numbers of 32 bits: -inf at place 2"),
        ("v", [1.0, 2.0, 1e39], "finite numbers of 32 bits: 1e+39 at place 2"),
        ("v", [1, 2, 10**400], "finite numbers"),
        ("v", [1.0, "2", 3.0], "numbers alone: str at place 1"),
        ("v", [1.0, None, 3.0], "numbers alone: NoneType at place 1"),
        ("v", [1.0, True, 3.0], "numbers alone: bool at place 1"),
        ("weight", "3", "must be a finite number"),
        ("weight", True, "must be a finite number"),
        ("released", "soon", "must be a time"),
        ("released", True, "must be a time"),
        ("colour", {"a": 1}, "must be a category"),
        ("colour", "x" * 257, "at most 256 characters"),
        ("colour", ["x"] * 100_000, "at most 1,000 categories, not 100,000"),
        ("shop", {"lat": 91, "lon": 0}, "lat must be a number from -90 to 90"),
        ("shop", {"lat": 0, "lon": "0"}, "lon must be a number from -180 to 180"),
        ("shop", {"lat": 0}, "must be a place"),
        ("shop", [1, 2], "must be a place"),
        ("review", 3, "must be text"),
    ],
)
def test_value_that_does_not_fit(name: str, value: object, said: str) -> None:
    assert said in unfit_values(SCHEMA, {name: value, "other": object()})[name]


def test_values_are_read_by_type() -> None:
    values: dict[str, Any] = {
        "v": [1, 0, -2],
        "weight": 3,
        "released": "1970-01-01T00:01:00Z",
        "colour": ["red", 3, 3.0, True],
        "shop": {"lat": 1, "lon": 2.5},
        "review": "soft and warm",
        "other": "left as it is",
    }
    read = read_values(SCHEMA, values)
    assert read.labels == {"colour": ["red", "3", "3", True]}
    assert read.texts == {"review": "soft and warm"}
    assert read.numbers == {"weight": 3.0, "released": 60.0, "shop.lat": 1.0, "shop.lon": 2.5}
    assert read.vectors["v"].dtype == np.float32
    assert read.vectors["v"].tolist() == [1, 0, -2]
    assert read.unfit == []


def test_values_that_do_not_fit_are_named_and_left_out() -> None:
    read = read_values(SCHEMA, {"v": [1.0], "weight": "heavy", "colour": "red"})
    assert sorted(read.unfit) == ["v", "weight"]
    assert not read.vectors
    assert not read.numbers
    assert read.labels == {"colour": ["red"]}


def test_long_list_of_numbers_is_a_vector() -> None:
    assert is_vector([0.5] * 8)
    assert not is_vector([0.5] * 7)
    assert not is_vector(["a"] * 8)
    assert why_unfit(Attribute(type="vector", length=8), [0.5] * 8) is None
