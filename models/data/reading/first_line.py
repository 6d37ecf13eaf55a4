"""The first line of a text file: how long it may be, and how many columns it may name, told from its bytes alone."""

import re

from models.data.reading.rows import MAX_LINE

MAX_COLUMNS = 1_000
TOO_LONG = f"its first line is longer than {MAX_LINE:,} bytes"
_DELIMITERS = (b",", b";", b"\t", b"|", b"::")
_LINE_END = re.compile(rb"[\r\n]")


def too_many_columns(count: int) -> str:
    """Say that a file has too many columns."""
    return (
        f"has {count:,} columns, and at most {MAX_COLUMNS:,} are taken: leave out those that are not needed, or put"
        " properties into one column `attributes` as JSON"
    )


class FirstLine:
    """The first line of a file that comes in pieces: each byte is looked at once, and empty lines are not kept."""

    def __init__(self) -> None:
        self._line = bytearray()

    def refusal(self, piece: bytes) -> str | None:
        """Say why a file that goes on like this is refused whatever follows.

        Only what is certain is told: the columns of a line with quotes or with several delimiters are counted later.

        Returns
        -------
        str | None
            Empty if it is not refused, None if more is needed.
        """
        if not self._line:
            piece = piece.lstrip(b"\r\n")
        end = _LINE_END.search(piece)
        self._line += piece[: end.start()] if end else piece
        if len(self._line) >= MAX_LINE:
            return TOO_LONG
        return _too_many(self._line) if end else None


def _too_many(line: bytearray) -> str:
    """Say that a line names too many columns; empty if it does not, or if that is not certain."""
    columns = [line.count(one) + 1 for one in _DELIMITERS if one in line]
    if len(columns) == 1 and columns[0] > MAX_COLUMNS and b'"' not in line and not line.startswith(b"{"):
        return too_many_columns(columns[0])
    return ""
