"""The first line of a text file: how long it may be, and how many columns it may name, told from its bytes alone."""

from models.data.reading.rows import MAX_LINE

MAX_COLUMNS = 1_000
TOO_LONG = f"its first line is longer than {MAX_LINE:,} bytes"
_DELIMITERS = (b",", b";", b"\t", b"|", b"::")


def too_many_columns(count: int) -> str:
    """Say that a file has too many columns."""
    return (
        f"has {count:,} columns, and at most {MAX_COLUMNS:,} are taken: leave out those that are not needed, or put"
        " properties into one column `attributes` as JSON"
    )


def refusal(head: bytes) -> str | None:
    """Say why a file that begins like this is refused whatever follows; empty if it is not, None if more is needed.

    Only what is certain is told: the columns of a line with quotes or with several delimiters are counted later.
    """
    text = head.lstrip(b"\r\n")
    if b"\n" not in text and b"\r" not in text:
        return TOO_LONG if len(text) >= MAX_LINE else None
    line = text.splitlines()[0]
    columns = [line.count(one) + 1 for one in _DELIMITERS if one in line]
    if len(columns) == 1 and columns[0] > MAX_COLUMNS and b'"' not in line and not line.startswith(b"{"):
        return too_many_columns(columns[0])
    return ""
