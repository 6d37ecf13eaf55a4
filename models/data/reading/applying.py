"""Brings rows of a file into the columns of a data set."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from models.data import columns
from models.data.reading import columns_known, ids, values
from models.data.reading.columns_known import ATTRIBUTE, UNIT_PRICE
from models.data.reading.mapping import FileMapping
from models.data.reading.sources import ROW
from models.data.reading.times import TimeReading

_NUMBERS = (columns.VALUE, columns.QUANTITY, columns.REVENUE, UNIT_PRICE)
_IDS = (columns.USER, columns.ITEM, columns.EVENT_ID)
_MOMENTS = ("available_from", "available_until")


@dataclass
class Reading:
    """How the rows of one file become rows of a data set."""

    kind: str
    mapping: FileMapping
    times: TimeReading = field(default_factory=TimeReading)
    separators: dict[str, str | None] = field(default_factory=dict)
    known_events: frozenset[str] = frozenset()
    trims: bool = False

    def event(self, cell: str) -> str:
        """Return the event type that a cell names."""
        if cell in self.mapping.events:
            return self.mapping.events[cell]
        if cell in self.known_events:
            return cell
        bare = cell.strip()
        lower = bare.lower()
        for one in (bare, lower):
            if one in self.mapping.events:
                return self.mapping.events[one]
            if one in self.known_events:
                return one
        known = columns_known.EVENT_NAMES.get(lower) or columns_known.EVENT_NAMES.get(columns_known.tight(bare))
        return known if known is not None and known in self.known_events else cell

    def wanted(self, names: Iterable[str]) -> frozenset[str]:
        """Return the columns that are read: of interactions the mapped ones, of others all that are not ignored."""
        mapped = {*self.mapping.columns.values(), *self.mapping.flags}
        return frozenset(mapped if self.kind == "interactions" else mapped | ({*names} - {*self.mapping.ignore}))

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the rows with the columns of a data set, and `ROW` where they have it."""
        if self.kind == "interactions":
            table = table.select([*dict.fromkeys(self.mapping.columns.values()), *_row(table)])
        if self.trims:
            table = self._trimmed(table)
        table = values.without_empty(table)
        for target, blank in self.mapping.blanks.items():
            if target not in _NUMBERS and target in self.mapping.columns:
                table = _without(table, self.mapping.columns[target], blank)
        made = {"interactions": self._interactions, "items": self._items, "users": self._users}[self.kind](table)
        for target, blank in self.mapping.blanks.items():
            if target in _NUMBERS and target in made.column_names:
                made = _without(made, target, float(blank))
        if self.mapping.ids == "encode":
            for target in _IDS:
                if target in made.column_names:
                    made = _with(made, target, ids.encoded_column(made[target]))
        return made

    def _trimmed(self, table: pa.Table) -> pa.Table:
        """Cut the spaces around ids, which files have behind their delimiters."""
        for target in _IDS:
            name = self.mapping.columns.get(target)
            if name is not None and pa.types.is_string(table[name].type):
                table = _with(table, name, pc.utf8_trim_whitespace(table[name]))
        return table

    def _interactions(self, table: pa.Table) -> pa.Table:
        mapping = self.mapping.columns
        names = [target for target in columns_known.INTERACTIONS if target in mapping]
        made = table.select([*(mapping[name] for name in names), *_row(table)]).rename_columns([*names, *_row(table)])
        for name in names:
            cells = made[name]
            if name == columns.TIMESTAMP:
                made = _with(made, name, self.times.seconds(cells))
            elif name in _NUMBERS:
                made = _with(made, name, values.read_numbers(cells))
            elif name == columns.EVENT_TYPE:
                made = _with(made, name, self._events(cells))
        for target, constant in self.mapping.constants.items():
            made = made.append_column(target, pa.array([constant] * made.num_rows, pa.string()))
        if UNIT_PRICE in made.column_names:
            prices = made[UNIT_PRICE]
            pieces = pc.fill_null(made[columns.QUANTITY], 1.0) if columns.QUANTITY in names else 1.0
            made = made.drop_columns([UNIT_PRICE]).append_column(columns.REVENUE, pc.multiply(prices, pieces))
        return made

    def _events(self, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        cells = cells.cast(pa.string())
        kinds = pc.unique(cells).to_pylist()
        changed = {kind: self.event(kind) for kind in kinds if kind is not None and self.event(kind) != kind}
        if not changed:
            return cells
        own = pa.array([None if kind is None else changed.get(kind, kind) for kind in kinds], pa.string())
        return own.take(pc.index_in(cells, value_set=pa.array(kinds, pa.string())).combine_chunks())

    def _items(self, table: pa.Table) -> pa.Table:
        flagged = self._flags(table) if self.mapping.flags else None
        made = self._renamed(table)
        for name, separator in self.separators.items():
            if name in made.column_names and pa.types.is_string(made[name].type):
                found = [_json(values.list_of(cell, separator)) for cell in made[name].to_pylist()]
                made = _with(made, name, pa.chunked_array([pa.array(found, pa.string())]))
        if "price" in made.column_names:
            made = _with(made, "price", self._prices(made["price"]))
        for name in _MOMENTS:
            if name in made.column_names and pa.types.is_string(made[name].type):
                made = _with(made, name, self._moments(made[name]))
        return made if flagged is None else made.append_column("categories", flagged)

    def _users(self, table: pa.Table) -> pa.Table:
        return self._renamed(table)

    def _renamed(self, table: pa.Table) -> pa.Table:
        """Name the mapped columns as Braid does; attributes become one column, and the others stay as they are."""
        own = {name: target for target, name in self.mapping.columns.items() if not target.startswith(ATTRIBUTE)}
        attributes = {
            target.removeprefix(ATTRIBUTE): name
            for target, name in self.mapping.columns.items()
            if target.startswith(ATTRIBUTE)
        }
        dropped = {*self.mapping.ignore, *self.mapping.flags, *attributes.values()}
        kept = [name for name in table.column_names if name in own or name not in dropped]
        targets = set(own.values())
        kept = [name for name in kept if name in own or name not in targets]
        made = table.select(kept).rename_columns([own.get(name, name) for name in kept])
        if not attributes:
            return made
        given = made["attributes"].to_pylist() if "attributes" in made.column_names else [None] * made.num_rows
        rows = table.select(list(attributes.values())).to_pylist()
        merged = [
            _json(_with_attributes(one, {to: row[name] for to, name in attributes.items() if row[name] is not None}))
            for one, row in zip(given, rows, strict=True)
        ]
        column = pa.chunked_array([pa.array(merged, pa.string())])
        return (
            _with(made, "attributes", column)
            if "attributes" in made.column_names
            else made.append_column("attributes", column)
        )

    def _flags(self, table: pa.Table) -> pa.ChunkedArray:
        rows = table.select(self.mapping.flags).to_pylist()
        return pa.chunked_array(
            [pa.array([_json([name for name in row if row[name] == "1"]) for row in rows], pa.string())]
        )

    def _prices(self, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        """Read prices; one that is no number stays as it is, and is refused by its name."""
        if not pa.types.is_string(cells.type):
            return cells
        return pa.chunked_array([pa.array([_price(cell) for cell in cells.to_pylist()], pa.string())])

    def _moments(self, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        found = []
        for cell in cells.to_pylist():
            seconds = None if cell is None else self.times.moment(cell)
            found.append(cell if seconds is None or math.isnan(seconds) else _rfc(seconds))
        return pa.chunked_array([pa.array(found, pa.string())])


def _with(table: pa.Table, name: str, cells: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, cells)


def _row(table: pa.Table) -> list[str]:
    return [ROW] if ROW in table.column_names else []


def _without(table: pa.Table, name: str, blank: str | float) -> pa.Table:
    """Return the table with null in place of a cell that means: empty."""
    cells = table[name]
    same = pc.fill_null(pc.equal(cells, pa.scalar(blank, cells.type)), False)
    return _with(table, name, pc.if_else(same, pa.scalar(None, cells.type), cells))


def _json(value: object) -> str | None:
    return None if value is None else orjson.dumps(value).decode() if not isinstance(value, str) else value


def _with_attributes(given: object, more: dict[str, Any]) -> object:
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            return given
    if given is None:
        return more or None
    return {**more, **given} if isinstance(given, dict) else given


def _price(cell: str | None) -> str | None:
    if cell is None:
        return None
    number = values.number_of(cell)
    return cell if math.isnan(number) else str(number)


def _rfc(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return str(seconds)
