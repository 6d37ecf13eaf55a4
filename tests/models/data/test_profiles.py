"""Profiles: attributes as hashed values, the same in training and in requests."""

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from models.data.profile_reader import ProfileReader
from models.data.profiles import Profiles
from models.data.schema import Attributes, Schema

READER = ProfileReader({"age": np.array([20.0, 40.0])})


def read(reader: ProfileReader, **attributes: object) -> list[tuple[str, str]]:
    return [(value.name, value.text) for value in reader.read(attributes)]


def test_values_are_read_as_categories() -> None:
    assert read(READER, country=" NL ", member=True, likes=["Horror", "comedy"], device={"kind": "mobile"}) == [
        ("country", "nl"),
        ("device.kind", "mobile"),
        ("likes", "horror"),
        ("likes", "comedy"),
        ("member", "true"),
    ]


def test_numbers_fall_into_the_bins_of_training() -> None:
    assert [read(READER, age=age)[0][1] for age in (3, 20, 39.5, 99)] == ["below 20", "20 to 40", "20 to 40", "from 40"]
    assert read(READER, floors=3) == [("floors", "3")]


@pytest.mark.parametrize("value", [None, "", "x" * 65, float("nan"), float("inf"), {}, [], [None, {}]])
def test_what_no_users_share_is_no_value(value: object) -> None:
    assert read(READER, one=value) == []


def test_the_values_of_a_profile_are_bounded() -> None:
    assert len(READER.read({f"a{n:03d}": str(n) for n in range(1000)})) == 64
    nested: dict[str, object] = {}
    for _ in range(100):
        nested = {"a": nested, "b": 1}
    assert len(READER.read(nested)) == 3


def test_the_order_and_the_letters_of_a_profile_do_not_matter() -> None:
    one, other = ({"a": "X", "b": "y"}, {"b": "Y", "a": "x"})
    assert READER.codes(one).tolist() == READER.codes(other).tolist()
    assert READER.codes({"a": "x"}).tolist() != READER.codes({"b": "x"}).tolist()


def users(count: int) -> pa.Table:
    return pa.table(
        {
            "user_id": [f"u{n:06d}" for n in range(count)],
            "country": [("NL", "BE")[n % 2] for n in range(count)],
            "age": [18.0 + n % 60 for n in range(count)],
            "email": [f"u{n}@example.com" for n in range(count)],
            "attributes": [json.dumps({"likes": ["horror"] if n % 3 else []}) for n in range(count)],
        }
    )


def test_an_attribute_with_a_value_of_its_own_for_each_user_is_ignored_and_named() -> None:
    profiles = Profiles.fit(users(20_000))
    assert profiles is not None
    assert profiles.ignored == {"email": "20,000 values, and most are those of fewer than 5 users"}
    assert profiles.values == {"age": 8, "country": 2, "likes": 1}


def test_profiles_are_those_of_the_users_of_a_log() -> None:
    profiles = Profiles.fit(users(30))
    assert profiles is not None
    aligned = profiles.aligned(np.array([b"u000004", b"nobody", b"u000001"]))
    expected = profiles.reader.codes({"country": "NL", "age": 22, "email": "u4@example.com", "likes": ["horror"]})
    assert sorted(aligned.of(0).tolist()) == sorted(expected.tolist())
    assert aligned.of(1).tolist() == []
    assert aligned.of(2).tolist() == profiles.of(1).tolist()
    assert aligned.owners.tolist() == [0] * 4 + [2] * 4


@pytest.mark.parametrize("table", [None, pa.table({"user_id": ["u"]}), pa.table({"user_id": ["u"], "a": [None]})])
def test_users_without_attributes_have_no_profiles(table: pa.Table | None) -> None:
    assert Profiles.fit(table) is None


def test_a_list_in_a_csv_file_is_read_as_what_it_holds() -> None:
    cell = '["horror", "comedy"]'
    assert READER.codes({"likes": cell}).tolist() == READER.codes({"likes": ["horror", "comedy"]}).tolist()


def declared(**types: str) -> Attributes:
    return Schema.model_validate({"users": types}).users


def fitted(values: Sequence[object], name: str = "a", **types: str) -> Profiles | None:
    rows = [json.dumps({name: value}) for value in values]
    table = pa.table({"user_id": [f"u{n:03d}" for n in range(len(values))], "attributes": rows})
    return Profiles.fit(table, declared(**types))


def texts(profiles: Profiles | None, *values: object) -> list[str | None]:
    assert profiles is not None
    read = [profiles.reader.read({"a": value}) for value in values]
    return [found[0].text if found else None for found in read]


def test_numbers_that_are_declared_as_categories_are_never_binned() -> None:
    numbers = [1000 + n for n in range(40)]
    assert texts(fitted(numbers), 1003) == ["below 1005"]
    assert texts(fitted(numbers, a="category"), 1003, "1003", 1234567, True) == ["1003", "1003", "1234567", "true"]


def test_text_of_a_declared_number_is_read_as_the_number() -> None:
    profiles = fitted([str(n) for n in range(39)] + ["many"], a="number")
    assert texts(profiles, "3", 3, " 3.0 ", "many", True) == ["below 5", "below 5", "below 5", None, None]
    # Undeclared, one text that is no number makes all texts categories.
    assert texts(fitted([str(n) for n in range(39)] + ["many"]), "3", "many") == ["3", "many"]


def test_texts_that_are_numbers_all_of_them_count_as_numbers() -> None:
    profiles = fitted([str(n) for n in range(40)])
    assert texts(profiles, "3", 3, "39", "?") == ["below 5", "below 5", "from 34", None]
    few = fitted(["1", "2.0", "2"])
    assert texts(few, "2.0", 2) == ["2", "2"]


def test_times_are_binned_as_seconds() -> None:
    days = [f"2024-01-{day:02d}T00:00:00Z" for day in range(1, 29)]
    profiles = fitted([*days], a="time")
    assert texts(profiles, "2024-01-01T10:00:00Z", 1_704_103_200, "soon") == ["below 2024-01-04T00:00:00"] * 2 + [None]


@pytest.mark.parametrize(
    ("kind", "value"), [("text", "words"), ("vector", [1.0, 2.0]), ("place", {"lat": 1, "lon": 2})]
)
def test_texts_vectors_and_places_say_nothing(kind: str, value: object) -> None:
    length = {"length": 2} if kind == "vector" else {}
    types = Schema.model_validate({"users": {"a": {"type": kind, **length}}}).users
    rows = [json.dumps({"a": value, "b": "x"})] * 6
    profiles = Profiles.fit(pa.table({"user_id": list("uvwxyz"), "attributes": rows}), types)
    assert profiles is not None
    assert [value.name for value in profiles.reader.read({"a": value, "b": "x"})] == ["b"]
    assert profiles.values == {"b": 1}
    assert profiles.ignored == {"a": f"declared as {kind}"}
