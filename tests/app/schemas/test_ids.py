"""Which texts are ids, under both rules."""

import re
import unicodedata
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.schemas.ids import STRICT, UTF8, Id, IdBeginning, IdRule, in_force

pytestmark = pytest.mark.usefixtures("ids_are_reset")
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:@+=~"
FROM_SHOPS = [
    "John Smith",
    "a/b",
    "café",
    "😀",
    "100%",
    "what?",
    "#1",
    "a\\b",
    '"',
    "a\u2028b",
    "\u0301",
    "\ufffd",
]


def strict(text: str) -> bool:
    return 1 <= len(text) <= 128 and all(character in SIGNS for character in text) and text not in {".", ".."}


def utf8(text: str) -> bool:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text) or text in {".", ".."}:
        return False
    return 1 <= len(text.encode()) <= 256


def refusal(kind: Any, text: str) -> str | None:
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return None


@given(st.text(max_size=130) | st.text(SIGNS, max_size=130))
@example("x" * 128)
@example("x" * 129)
@example("é" * 128)
@example("é" * 129)
@example("😀" * 64)
@example("😀" * 64 + "x")
@example("u\n")
@example("u\x85")
@example("u\x7f")
@example("\ud800")
@example(".")
@example("..")
@example("...")
@example("")
def test_a_text_is_an_id_exactly_if_it_keeps_the_rule(text: str) -> None:
    for name, keeps in (("strict", strict), ("utf8", utf8)):
        in_force.use(name)
        assert (refusal(Id, text) is None) is keeps(text)
        schema = in_force.rule.json_schema
        if keeps(text):
            assert re.search(schema["pattern"], text)
            assert schema["minLength"] <= len(text) <= schema["maxLength"]


@pytest.mark.parametrize("rule", [STRICT, UTF8])
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.sampled_from([".", "..", "é" * 129])
    )
)
def test_a_column_is_taken_as_each_of_its_texts(rule: IdRule, texts: list[str]) -> None:
    column = pa.chunked_array([pa.array([*texts, None], pa.string())])
    assert rule.take(column).to_pylist() == [*map(rule.takes, texts), False]


def test_a_column_that_is_not_utf8_holds_no_id_where_it_is_not() -> None:
    column = pa.array([b"ok", b"\xff", b"\xed\xa0\x80", b"caf\xc3\xa9"]).view(pa.string())
    assert UTF8.take(pa.chunked_array([column])).to_pylist() == [True, False, False, True]


@pytest.mark.parametrize("text", FROM_SHOPS)
def test_ids_of_shops_need_the_wider_rule_and_the_refusal_says_so(text: str) -> None:
    assert refusal(Id, text) == (
        "must be 1 to 128 characters of letters, digits and . _ - : @ + = ~; BRAID_ID_RULE=utf8 takes any UTF-8 text"
    )
    in_force.use("utf8")
    assert refusal(Id, text) is None
    assert refusal(Id, text + "\n") == "must be 1 to 256 bytes of UTF-8 without control characters"


@pytest.mark.parametrize("rule", ["strict", "utf8"])
@pytest.mark.parametrize("text", [".", ".."])
def test_dots_alone_are_no_id_but_ids_begin_with_them(rule: str, text: str) -> None:
    in_force.use(rule)
    assert refusal(Id, text) == "must not be . or ..: clients and proxies remove them from paths"
    assert refusal(IdBeginning, text) is None
    assert refusal(IdBeginning, text + "\n") is not None
