"""Profiles: attributes as hashed values, the same in training and in requests."""

import json

import numpy as np
import pyarrow as pa
import pytest

from models.data.profiles import ProfileReader, Profiles

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
