"""Ids of any text in the characters that every rule for ids takes, and back.

Every byte of an id's UTF-8 other than letters, digits and . _ - : @ + ~ becomes `=` and two hexadecimal digits, as in
quoted-printable: `a b` is `a=20b`, `=` is `=3D`, and the ids `.` and `..` are `=2E` and `=2E=2E`.
"""

import re
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

_OTHER = re.compile(rb"[^A-Za-z0-9._\-:@+~]")
_ENCODED_IN_ARROW = r"[^A-Za-z0-9._\-:@+~]|^\.{1,2}\z"


def encoded(text: str) -> str:
    """Encode an id."""
    if text in {".", ".."}:
        return text.replace(".", "=2E")
    raw = text.encode("utf-8", "surrogatepass")
    return _OTHER.sub(lambda found: b"=%02X" % found[0][0], raw).decode("ascii")


def decoded(text: str) -> str:
    """Return the id that was encoded."""
    return unquote(text.replace("=", "%"))


def encoded_column(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Encode a column of ids."""
    cells = cells.cast(pa.string())
    wanted = pc.fill_null(pc.match_substring_regex(cells, _ENCODED_IN_ARROW), False)
    if not pc.any(wanted).as_py():
        return cells
    # Users and items occur many times.
    kinds = cells.combine_chunks().dictionary_encode()
    made = pa.array([encoded(text) for text in kinds.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([made.take(kinds.indices)])
