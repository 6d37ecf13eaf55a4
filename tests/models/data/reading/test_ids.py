"""Ids of any text, encoded and back."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.schemas.ids import STRICT
from models.data.reading.ids import decoded, encoded, encoded_column


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("u-1.2:x@y+z~", "u-1.2:x@y+z~"),
        ("John Smith", "John=20Smith"),
        ("a/b", "a=2Fb"),
        ("café", "caf=C3=A9"),
        ("😀", "=F0=9F=98=80"),
        ("a=b", "a=3Db"),
        ("100%", "100=25"),
        (".", "=2E"),
        ("..", "=2E=2E"),
        ("...", "..."),
    ],
)
def test_an_id_is_encoded_and_decoded(text: str, form: str) -> None:
    assert encoded(text) == form
    assert decoded(form) == text
    assert encoded_column(pa.chunked_array([[text, None, "ok"]])).to_pylist() == [form, None, "ok"]


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=14), st.text(st.sampled_from("=.%a2E"), min_size=1))
def test_every_text_is_an_id_once_it_is_encoded_and_no_two_are_alike(text: str, other: str) -> None:
    for one in (text, other[:40]):
        assert STRICT.takes(encoded(one))
        assert decoded(encoded(one)) == one
