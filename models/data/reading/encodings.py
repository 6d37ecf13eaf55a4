"""The encoding of a text file: by its byte order mark, or by what its bytes can be."""

import codecs
import re
from collections.abc import Iterable

from models.data.errors import DataSetError

UTF_8, WINDOWS_1252, LATIN_1 = "utf-8", "windows-1252", "latin-1"
_MARKS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_WINDOWS = frozenset(b"\x81\x8d\x8f\x90\x9d")
"""Bytes that mean nothing in Windows-1252."""
_MANY_ZEROS = 0.2


def detect(head: bytes) -> str:
    """Name the encoding of the first bytes of a file."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    even, odd = head[::2], head[1::2]
    if odd and odd.count(0) > _MANY_ZEROS * len(odd):
        return "utf-16-le"
    if even and even.count(0) > _MANY_ZEROS * len(even):
        return "utf-16-be"
    try:
        # The last character may be cut.
        codecs.getincrementaldecoder(UTF_8)().decode(head)
    except UnicodeDecodeError:
        return settled(re.split(rb"[\r\n]", head))
    return UTF_8


def of_bytes(data: bytes) -> str:
    """Name the encoding of bytes that are not UTF-8: one byte is one character."""
    return LATIN_1 if _NO_WINDOWS.intersection(data) else WINDOWS_1252


def settled(lines: Iterable[bytes]) -> str:
    """Name the encoding of a file that is not UTF-8 throughout.

    Where no character beyond ASCII is UTF-8 the file has another encoding; else its other lines are damaged.
    """
    odd = b""
    for line in lines:
        if line.isascii():
            continue
        try:
            line.decode()
        except UnicodeDecodeError:
            odd = odd or line
        else:
            return UTF_8
    return of_bytes(odd)


def known(name: str) -> str:
    """Return an encoding that was named.

    Raises
    ------
    DataSetError
        There is none of this name.
    """
    try:
        "".encode(name)
        found = codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError) as error:
        raise DataSetError(f"{name!r} is not an encoding: use utf-8, utf-16, latin-1 or windows-1252") from error
    return {"utf-8-sig": UTF_8, "cp1252": WINDOWS_1252, "iso8859-1": LATIN_1}.get(found, found)
