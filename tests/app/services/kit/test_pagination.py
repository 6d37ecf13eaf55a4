"""Cursors of lists that are ordered by a key: what is written is read, and anything else is refused or of the types."""

from base64 import urlsafe_b64encode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import CursorError
from app.services.kit.pagination import decode, encode

INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | INTEGERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(INTEGERS, TEXTS)
def test_what_is_written_is_read_again(number: int, text: str) -> None:
    assert decode(encode("log", number, text), "log", (int, str)) == (number, text)


@given(INTEGERS, TEXTS)
def test_a_cursor_of_another_list_is_refused(number: int, text: str) -> None:
    for kind, types in (("items", (int, str)), ("log", (str, int)), ("log", (int,)), ("log", (int, str, str))):
        with pytest.raises(CursorError):
            decode(encode("log", number, text), kind, types)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        decode(text, "log", (int, str))


@given(st.lists(JSON, max_size=4))
def test_any_json_is_refused_or_of_the_types(parts: list[object]) -> None:
    try:
        text = urlsafe_b64encode(orjson.dumps(["log", *parts])).decode().rstrip("=")
    except TypeError:
        # Text that is no UTF-8 cannot be written as JSON.
        return
    try:
        found = decode(text, "log", (int, str))
    except CursorError:
        return
    assert found is not None
    number, name = found
    assert type(number) is int
    assert -(2**63) <= number < 2**63
    assert type(name) is str
    assert "\0" not in name
