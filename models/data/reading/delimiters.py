"""What separates the cells of a line."""

import csv
from collections.abc import Sequence

from models.data.errors import DataSetError

COMMA = ","
_CANDIDATES = ("::", "\t", ";", ",", "|")
_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|", "pipe": "|", "colons": "::"}


def detect(lines: Sequence[str]) -> str:
    """Return what separates the cells of the first lines of a file; a comma where nothing does."""
    best, most = COMMA, (0.0, 0)
    for candidate in _CANDIDATES:
        counts = [len(cells(line, candidate)) for line in lines if line]
        if not counts or counts[0] == 1:
            continue
        alike = sum(count == counts[0] for count in counts) / len(counts)
        if (alike, counts[0]) > most:
            best, most = candidate, (alike, counts[0])
    return best


def cells(line: str, delimiter: str) -> list[str]:
    """Split one line."""
    if len(delimiter) > 1 or '"' not in line:
        return line.split(delimiter)
    return next(csv.reader([line], delimiter=delimiter), [])


def known(name: str) -> str:
    """Return a delimiter that was named, by a word or itself.

    Raises
    ------
    DataSetError
        It cannot separate cells.
    """
    found = _NAMES.get(name.lower(), name)
    if not found or len(found) > len("::") or '"' in found or "\n" in found or "\r" in found:
        raise DataSetError(f"{name!r} is not a delimiter: use a character, '::', or comma, semicolon, tab, bar")
    return found
