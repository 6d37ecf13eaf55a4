"""Rows that an import leaves out: their counts by reason, and the first of each with file, line, column and cell."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from app.schemas.ids import in_force
from app.schemas.types import MAX_CONTEXT_BYTES, MAX_CONTEXT_NAMES
from models.data.columns import EVENT_ID, EVENT_TYPE, ITEM, QUANTITY, REQUEST_ID, REVENUE, TIMESTAMP, USER, VALUE
from models.data.reading.columns_known import UNIT_PRICE
from models.data.reading.opening import Opened
from models.data.reading.rows import BadRow, shown
from models.data.reading.sources import ROW

AGAIN = "that comes again later"
CONFLICT = "event_id in the log with other content"
ERASED = "user erased while the import ran"
EXAMPLES = 10
_EACH = 3
"""Examples of one reason, at most, while there are others."""


class Example(NamedTuple):
    """A row that was left out: the file, its place among the rows, and the reason; or what the reading said."""

    opened: Opened | None
    row: int
    reason: str
    bad: BadRow | None = None


class Dropped(dict[str, int]):
    """Counts of the rows of a chunk by reason, and the places of the first ones."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[int]] = {}

    def first(self, reason: str, rows: Iterable[int]) -> None:
        """Keep the places of the first rows of a reason."""
        kept = self.rows.setdefault(reason, [])
        kept += list(rows)[: EXAMPLES - len(kept)]


def count(dropped: dict[str, int], reason: str, rows: Sequence[int] | None = None, number: int = 1) -> None:
    """Count dropped rows, and keep their places where those are asked for."""
    dropped[reason] = dropped.get(reason, 0) + number
    if rows is not None and isinstance(dropped, Dropped):
        dropped.first(reason, rows)


def places(table: pa.Table, kept: pa.ChunkedArray) -> list[int] | None:
    """Return the places of the first rows that a mask leaves out; None where the table has none."""
    if ROW not in table.column_names:
        return None
    found: list[int] = table[ROW].filter(pc.invert(kept)).slice(0, EXAMPLES).to_pylist()
    return found


def is_bad(reason: str) -> bool:
    """Return whether a row that is left out for this reason is at fault."""
    return reason not in {CONFLICT, ERASED} and not reason.endswith(AGAIN)


def bad_rows(dropped: Mapping[str, int]) -> int:
    """Count the rows that are at fault."""
    return sum(number for reason, number in dropped.items() if is_bad(reason))


def chosen(examples: Sequence[Example]) -> list[Example]:
    """Choose examples so that each reason has some."""
    first: list[Example] = []
    for most in (1, _EACH, EXAMPLES):
        for example in examples:
            same = sum(one.reason == example.reason for one in first)
            if len(first) < EXAMPLES and same < most and example not in first:
                first.append(example)
    return first


def explained(examples: Sequence[Example], event_types: Iterable[str]) -> list[BadRow]:
    """Find the lines and cells of examples, and say what would be accepted."""
    found: list[BadRow] = []
    wanted = chosen(examples)
    files = {id(one.opened): one.opened for one in wanted if one.opened is not None}
    located = {
        key: opened.source.locate([one.row for one in wanted if one.opened is opened and one.bad is None])
        for key, opened in files.items()
    }
    for one in wanted:
        if one.bad is not None:
            found.append(one.bad)
        elif one.opened is not None and one.row in located[id(one.opened)]:
            line, cells = located[id(one.opened)][one.row]
            found.append(_explained(one.opened, line, cells, one.reason, event_types))
    return found


def _explained(opened: Opened, line: int, cells: dict[str, object], reason: str, event_types: Iterable[str]) -> BadRow:
    target = reason.split(" ", 1)[0]
    source = opened.plan.mapping.columns
    if target not in source and target.split(".", maxsplit=1)[0] in source:
        # A part of a cell, such as the first of its labels.
        target = target.split(".", maxsplit=1)[0]
    column = source.get(target) or (source.get(UNIT_PRICE) if target == REVENUE else None) or target
    cell = cells.get(column)
    accepted = _accepted(target, event_types) or reason
    return BadRow(str(opened.source.place), line, column, shown("" if cell is None else cell), reason, accepted)


def _accepted(target: str, event_types: Iterable[str]) -> str | None:
    rule = in_force.rule
    # "must be 1 to 128 characters ..." without its verb.
    an_id = rule.refusal("").removeprefix("must be ")
    return {
        USER: an_id,
        ITEM: an_id,
        EVENT_ID: f"empty, or {an_id}",
        REQUEST_ID: f"empty, or {an_id}",
        EVENT_TYPE: f"one of {', '.join(sorted(event_types))}; --event maps others, BRAID_EVENT_TYPES can name them",
        TIMESTAMP: "a time from 1970 to now: seconds, or RFC 3339; --times, --timezone and --date-format say how it is"
        " read",
        VALUE: "a number, or empty",
        QUANTITY: "a number other than 0, or empty",
        REVENUE: "a number, negative only with a negative quantity, or empty",
        "price": "a number from 0 up, with or without a currency sign",
        "categories": "a list in JSON, or labels separated by | or commas, of 1 to 256 characters each",
        "tags": "a list in JSON, or labels separated by | or commas, of 1 to 256 characters each",
        "hidden": "true or false",
        "available_from": "a time in RFC 3339, or a date with --timezone, not after available_until",
        "available_until": "a time in RFC 3339, or a date with --timezone",
        "attributes": "a JSON object: of 64 KiB, and with 8 vectors, at most, together with what is stored",
        "context": f"a JSON object of at most {MAX_CONTEXT_NAMES} names and {MAX_CONTEXT_BYTES >> 10} KiB",
        "position": "a whole number from 0 up",
    }.get(target.split(".", maxsplit=1)[0])
