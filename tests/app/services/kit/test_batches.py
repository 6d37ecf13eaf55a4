"""Rows of long bodies are parsed part by part, and are those of the whole."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import MalformedBodyError, TooManyRowsError
from app.services.kit import batches
from app.services.kit.batches import read_array, read_lines

CELLS = st.recursive(
    st.none() | st.integers(0, 9) | st.sampled_from(["}, {", "},{", '"', "\\", "[]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS, max_size=20), st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", ":")]))
def test_parts_hold_the_rows_of_the_whole(rows: list[Any], separators: tuple[str, str]) -> None:
    body = f" {json.dumps(rows, separators=separators)}\n".encode()
    with pytest.MonkeyPatch.context() as short:
        short.setattr(batches, "_PART", 8)
        short.setattr(batches, "_LONGEST_PART", 32)
        assert asyncio.run(read_array(body)) == rows


@pytest.mark.parametrize("end", ["]", ",]", "}]", "", "] x", ']"', ",,{}]", "\x0c]"])
def test_what_is_no_array_is_refused_however_long_it_is(end: str) -> None:
    body = ("[" + ",".join(['{"a": 1}'] * 40_000) + end).encode()
    with pytest.raises(TooManyRowsError if end == "]" else MalformedBodyError):
        asyncio.run(read_array(body))


@pytest.mark.parametrize("read", [read_array, read_lines])
async def test_others_have_their_turn_while_a_long_body_is_parsed(read: Any) -> None:
    row = b'{"user_id": "u", "more": {"a": [1, 2, 3], "b": "%s"}, "last": 1}' % (b"x" * 300)
    body = b"[" + b",".join([row] * 10_000) + b"]" if read is read_array else b"\n".join([row] * 10_000)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    rows = await read(body)
    beside.cancel()
    assert len(rows) == 10_000
    assert turns > len(body) / (1 << 19)
