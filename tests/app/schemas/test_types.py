"""The types that several wire models share."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.schemas.types import JsonObject, Moment, PastMoment, Text

ANY_FLOATS = st.floats(allow_nan=True, allow_infinity=True)
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | ANY_FLOATS | st.text(max_size=5)
DOCUMENTS = st.dictionaries(
    st.text(max_size=4),
    st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)),
    max_size=4,
)
MOMENTS = st.builds(
    lambda seconds, hours: datetime.fromtimestamp(seconds, timezone(timedelta(hours=hours))),
    st.integers(0, 253_402_200_000),
    st.sampled_from([0, 5.5, -9.5]),
)


def takes(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def storable(value: object) -> bool:
    """Tell what JSON text and both databases can hold, in the plainest way."""
    if isinstance(value, dict):
        return all(storable(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(storable(part) for part in value)
    if isinstance(value, str):
        return not any(character == "\0" or 0xD800 <= ord(character) < 0xE000 for character in value)
    return not isinstance(value, float) or math.isfinite(value)


@given(DOCUMENTS)
@example({"a": [math.nan]})
@example({"a": [[{"b": [math.inf]}]]})
@example({"\0": 1})
@example({"a": "\\u0000"})
@example({"a": "null", "b": None})
def test_an_object_is_taken_exactly_if_it_can_be_stored(document: dict[str, object]) -> None:
    assert takes(JsonObject, document) is storable(document)


@given(DOCUMENTS)
def test_an_object_that_is_taken_survives_as_json(document: dict[str, object]) -> None:
    if takes(JsonObject, document):
        found = TypeAdapter(JsonObject).validate_python(document)
        assert json.loads(json.dumps(found)) == document


@pytest.mark.parametrize("size", [65_536, 65_537])
def test_an_object_may_have_64_kib_as_json(size: int) -> None:
    assert takes(JsonObject, {"a": "x" * (size - len('{"a":""}'))}) is (size == 65_536)


@given(st.text(max_size=20))
@example("\ud800")
@example("a\0")
def test_text_is_taken_exactly_if_it_can_be_stored(text: str) -> None:
    assert takes(Text, text) is storable(text)


@given(MOMENTS)
def test_a_moment_is_the_same_whatever_its_offset(moment: datetime) -> None:
    found = TypeAdapter(Moment).validate_python(moment.isoformat())
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize("ahead", [timedelta(hours=23, minutes=59), timedelta(days=1, minutes=1)])
def test_what_happened_is_at_most_a_day_ahead(ahead: timedelta) -> None:
    assert takes(PastMoment, (datetime.now(UTC) + ahead).isoformat()) is (ahead < timedelta(days=1))
