"""Shows how files are read: the columns, the first rows, and the mapping as a file."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from rich.console import Console

from app.services.transfer.counts import Imported
from models.data.columns import TIMESTAMP
from models.data.file_chunks import Files
from models.data.reading.mapping import as_toml
from models.data.reading.opening import Opened
from models.data.reading.rows import BadRow, shown
from models.data.reading.sources import ROW
from models.data.reading.times import EARLIEST

_FIRST = 3
_COLUMNS = 12
_EVENTS = 10
_LATEST = 1e11


def show_left(files: Files, declared: Collection[str], console: Console) -> None:
    """Name the files that are not read, and the columns that are not."""
    for line in files.left:
        console.print(line)
    for one in files.opened:
        left = [name for name in one.plan.left if name not in declared]
        if left:
            hint = " (--map attributes.NAME=COLUMN makes one an attribute)" if one.plan.kind == "items" else ""
            console.print(f"{one.source.place}: not read: {', '.join(left)}{hint}")


def show_mapping(files: Files, console: Console, *, again: str) -> None:
    """Show how each file is read, and print the mapping for next time."""
    for one in files.opened:
        source, plan = one.source, one.plan
        looks = f"{plan.kind}, recognised as {plan.format}" if plan.format else plan.kind
        console.print(f"{source.place}: {looks}; {source.described}")
        for target, name in plan.mapping.columns.items():
            console.print(f"  {target:<14} <- {name}")
        for target, value in plan.mapping.constants.items():
            console.print(f"  {target:<14} =  {value} in every row")
        if plan.mapping.ignore:
            console.print(f"  ignored: {', '.join(plan.mapping.ignore)}")
        for line in plan.told:
            console.print(f"  {line}")
        for row in _first_rows(one):
            console.print(f"  {row}")
    mapped = {one.source.place.name: one.plan.mapping for one in files.opened if not one.plan.is_own}
    if mapped:
        console.print(f"for next time, as mapping.toml ({again}):")
        console.print(as_toml(mapped))


def show_unknown_events(files: Files, known: Collection[str], console: Console) -> None:
    """Name the event types that Braid does not know, and say how to map them."""
    for one in files.opened:
        for cell, rows in list(one.plan.unknown_events.items())[:_EVENTS]:
            console.print(
                f"{one.source.place}: the event type {shown(cell)!r} ({rows:,} of the first rows) is none of"
                f" {', '.join(sorted(known))}, and its rows are left out: --event {cell.strip()}=purchase, for example,"
                " reads it as one of them, and BRAID_EVENT_TYPES can add it"
            )


def show_examples(examples: Sequence[BadRow], console: Console) -> None:
    """Show rows that were left out, each with what would be accepted."""
    for one in examples:
        where = f"{one.file}, line {one.line:,}" + (f", column {one.column}" if one.column else "")
        console.print(f"  {where}: {one.cell!r}; accepted: {one.accepted}")


def show_notes(files: Files, console: Console) -> None:
    """Tell what was found only when the files were read."""
    for one in files.opened:
        for note in one.source.notes:
            console.print(note)


def show_counts(done: Imported, console: Console) -> None:
    """Print what became of the rows of each kind."""
    for name, count in done.counts().items():
        for line in count.report().lines():
            console.print(f"{name}: {line}")


def _first_rows(one: Opened) -> list[str]:
    """Return the first rows as they would be read."""
    table = one.plan.reading.apply(one.source.first(_FIRST))
    names = [name for name in table.column_names if name != ROW][:_COLUMNS]
    return [", ".join(f"{name}={_cell(name, row[name])}" for name in names) for row in table.select(names).to_pylist()]


def _cell(name: str, value: object) -> str:
    if name == TIMESTAMP and isinstance(value, float) and EARLIEST <= value < _LATEST:
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return "" if value is None else shown(value).replace("\r", "").replace("\n", "\\n")
