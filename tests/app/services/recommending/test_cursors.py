"""Cursors: what is written is read again, and nothing else is."""

import binascii
import string
import struct
from base64 import urlsafe_b64encode
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import CursorError
from app.services.recommending.cursors import Cursor

ALPHABET = string.ascii_letters + string.digits + "-_"


@st.composite
def cursors(draw: st.DrawFn) -> Cursor:
    top = draw(st.sampled_from([10, 65_534, 65_535, 2_000_000]))
    codes = draw(st.lists(st.integers(-1, top), max_size=50, unique_by=lambda code: code if code >= 0 else object()))
    delivered = draw(st.integers(0, len(codes)))
    rest = len(codes) - delivered
    scores = draw(st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=rest, max_size=rest))
    named = codes.count(-1)
    names = draw(st.lists(st.text(ALPHABET, min_size=1, max_size=20), min_size=named, max_size=named, unique=True))
    return Cursor(
        draw(st.sampled_from([None, "20260301T120000000000Z"])),
        draw(st.binary(min_size=6, max_size=6)),
        delivered,
        np.array(codes, dtype=np.int32),
        np.array(scores, dtype=np.float32),
        tuple(names),
    )


@given(cursors())
def test_what_is_written_is_read_again(cursor: Cursor) -> None:
    text = cursor.encode()
    assert set(text) <= set(ALPHABET)
    found = Cursor.decode(text)
    assert (found.version, found.digest, found.delivered, found.names) == (
        cursor.version,
        cursor.digest,
        cursor.delivered,
        cursor.names,
    )
    assert found.codes.tolist() == cursor.codes.tolist()
    assert found.scores.tolist() == pytest.approx(cursor.scores.tolist(), rel=1e-2, abs=1e-30)


def test_the_order_of_the_scores_stays() -> None:
    scores = np.sort(np.random.default_rng(0).normal(size=100).astype(np.float32))[::-1].copy()
    found = Cursor(None, b"digest", 0, np.arange(100, dtype=np.int32), scores).encode()
    read = Cursor.decode(found).scores
    assert (np.diff(read) <= 0).all()


@given(cursors(), st.data())
def test_a_changed_or_shortened_cursor_is_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = cursor.encode()
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from([other for other in ALPHABET if other != text[place]]))
    for wrong in (text[:place] + letter + text[place + 1 :], text[:place], text + letter):
        with pytest.raises(CursorError):
            Cursor.decode(wrong)


@given(st.one_of(st.text(max_size=200), st.text(ALPHABET, max_size=200)))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(CursorError):
        Cursor.decode(text)


@given(cursors(), st.data())
def test_an_item_twice_or_without_a_name_is_refused(cursor: Cursor, data: st.DataObject) -> None:
    codes, names = cursor.codes.tolist(), cursor.names
    changes = [(codes, (*names, "one-more")), ([*codes, -1], names)]
    if codes:
        changes.append(([*codes, codes[0]], (*names, names[0]) if codes[0] < 0 else names))
    other, named = data.draw(st.sampled_from(changes))
    scores = np.zeros(len(other) - cursor.delivered, dtype=np.float32)
    forged = replace(cursor, codes=np.array(other, dtype=np.int32), scores=scores, names=named)
    with pytest.raises(CursorError):
        Cursor.decode(forged.encode())


@given(st.binary(max_size=120), st.integers(0, 255), st.integers(0, 40), st.integers(0, 40))
def test_any_numbers_with_the_right_checksum_are_read_whole_or_refused(
    rest: bytes, length: int, done: int, of: int
) -> None:
    for width in (2, 4):
        content = struct.pack("<BB6sBHH", 1, width, b"digest", length, done, of) + rest
        text = urlsafe_b64encode(content + binascii.crc32(content).to_bytes(4, "little")).rstrip(b"=").decode()
        try:
            found = Cursor.decode(text)
        except CursorError:
            continue
        assert np.isfinite(found.scores).all()
        assert len(found.scores) == len(found.codes) - found.delivered
        assert found.codes.tolist().count(-1) == len(set(found.names)) == len(found.names)
        assert found.codes.min(initial=-1) >= -1
