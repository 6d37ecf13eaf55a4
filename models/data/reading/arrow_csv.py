"""How Arrow reads delimited files, and where it may read quotes in another way than is meant."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from models.data.reading.compression import Place

_BLOCK_BYTES = 8 << 20
_READ_BYTES = 1 << 20
_TAIL_BYTES = 1 << 16


def options(names: Sequence[str], delimiter: str, skip: int) -> dict[str, Any]:
    """Return how Arrow reads a file: every cell as text, none as a number."""
    return {
        "read_options": pyarrow.csv.ReadOptions(block_size=_BLOCK_BYTES, column_names=names, skip_rows=skip),
        "parse_options": pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        "convert_options": pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    }


def may_be_escaped(table: pa.Table) -> bool:
    """Return whether Arrow may have taken a quote behind a backslash for the end of a cell."""
    for column in table.columns:
        if not pa.types.is_string(column.type):
            continue
        quoted = column.filter(pc.fill_null(pc.match_substring(column, '"'), False))
        if len(quoted) and pc.any(pc.match_substring(quoted, "\\")).as_py():
            return True
    return False


def may_be_open(place: Place, cell: str | None) -> bool:
    """Return whether the last row may hold a quote that does not end, which Arrow takes for one that does.

    Parameters
    ----------
    cell
        The last cell of the last row.
    """
    if cell is not None and cell.endswith(("\n", "\r")):
        return True
    with place.open() as (stream, _):
        if place.is_plain:
            stream.seek(max(0, place.path.stat().st_size - _TAIL_BYTES))
        tail = b""
        while block := stream.read(_READ_BYTES):
            tail = (tail + block)[-_TAIL_BYTES:]
    return not tail.endswith((b"\n", b"\r")) and b'"' in tail.rsplit(b"\n", 1)[-1]
