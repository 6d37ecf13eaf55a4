"""What importing a data-set folder means: rows that the API would take go in, all at once; others are counted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError

from app.schemas.interactions import Position
from app.schemas.items import Item
from app.schemas.types import FUTURE_TOLERANCE, ID_PATTERN, JsonObject
from app.services.catalogue import to_row
from app.storage.database import Database
from app.storage.interactions import InteractionStore
from app.storage.items import ItemStore
from models.data.cleaning import CleaningReport, keep, without_duplicates
from models.data.columns import (
    CONTEXT,
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    POSITION,
    REQUEST_ID,
    TIMESTAMP,
    USER,
    VALUE,
)
from models.data.errors import DataSetError
from models.data.events import EVENT_WEIGHTS
from models.data.folder import DataSet
from models.data.progress import Progress

Timestamps = Literal["seconds", "order"]
_COLUMNS = (USER, ITEM, EVENT_TYPE, VALUE, TIMESTAMP, EVENT_ID, REQUEST_ID, POSITION, CONTEXT)
_LAST_ORDER = 2**63 / 1e6
_EARLIEST = -5e-7
"""Rounds to the first microsecond of 1970."""
_CHECKED: dict[str, TypeAdapter[Any]] = {
    POSITION: TypeAdapter(Position | None),
    CONTEXT: TypeAdapter(JsonObject | None),
}
_JSON_FIELDS = ("categories", "tags", "attributes")


@dataclass(frozen=True)
class Imported:
    """What an import did; `new_interactions` leaves out those whose `event_id` was in the log already."""

    interactions: CleaningReport
    new_interactions: int
    items: CleaningReport | None


class Importing:
    """Imports data sets."""

    def __init__(self, database: Database, interactions: InteractionStore, items: ItemStore) -> None:
        self._database = database
        self._interactions = interactions
        self._items = items

    async def run(self, dataset: DataSet, *, timestamps: Timestamps = "seconds", progress: Progress) -> Imported:
        """Import a data set; the catalogue first, so that no interaction is without its item.

        Raises
        ------
        DataSetError
            No interaction can be imported; nothing was.
        DatabaseError
            The database does not answer.
        """
        rows, report = _clean(dataset.interactions, timestamps)
        catalogue, items_report = ([], None) if dataset.items is None else _items(dataset.items)
        async with self._database.writing() as transaction:
            if catalogue:
                await self._items.put_many(transaction, catalogue)
            new = await self._interactions.add_many(rows, progress, transaction)
        return Imported(report, new, items_report)


def _clean(table: pa.Table, timestamps: Timestamps) -> tuple[list[dict[str, Any]], CleaningReport]:
    dropped: dict[str, int] = {}
    kept = table.select([name for name in _COLUMNS if name in table.column_names])
    if EVENT_TYPE not in kept.column_names:
        kept = kept.append_column(EVENT_TYPE, _event_types(kept))
    for column in (USER, ITEM):
        kept = keep(kept, _matches_id(kept[column]), f"{column} missing or not an id that the API takes", dropped)
    for column in (EVENT_ID, REQUEST_ID):
        if column in kept.column_names:
            kept = kept.set_column(kept.column_names.index(column), column, kept[column].cast(pa.string()))
            fits = pc.or_kleene(pc.is_null(kept[column]), _matches_id(kept[column]))
            kept = keep(kept, fits, f"{column} not an id that the API takes", dropped)
    known = pc.is_in(kept[EVENT_TYPE], value_set=pa.array(sorted(EVENT_WEIGHTS)))
    kept = keep(kept, known, "event_type unknown", dropped)
    if VALUE in kept.column_names:
        finite = pc.or_kleene(pc.is_null(kept[VALUE]), pc.is_finite(kept[VALUE]))
        kept = keep(kept, finite, "value not a number", dropped)
    if TIMESTAMP in kept.column_names:
        latest = _LAST_ORDER if timestamps == "order" else (datetime.now(UTC) + FUTURE_TOLERANCE).timestamp()
        earliest = -_LAST_ORDER if timestamps == "order" else _EARLIEST
        times = kept[TIMESTAMP]
        possible = pc.and_(pc.greater_equal(times, earliest), pc.less_equal(times, latest))
        kept = keep(
            kept,
            pc.fill_null(possible, False),
            "timestamp not seconds since 1970, before that or in the future",
            dropped,
        )
    flat = [field.name for field in kept.schema if not pa.types.is_nested(field.type)]
    rows = _rows(without_duplicates(kept, flat, dropped), dropped)
    report = CleaningReport(table.num_rows, len(rows), dropped)
    if not rows:
        raise DataSetError("interactions: no row can be imported: " + "; ".join(report.lines()))
    return rows, report


def _event_types(table: pa.Table) -> pa.ChunkedArray:
    """Name what the files do not: `rating` where there is a value, else `view`."""
    if VALUE not in table.column_names:
        return pa.chunked_array([pa.array(["view"] * table.num_rows)])
    return pc.if_else(pc.is_valid(table[VALUE]), "rating", "view")


def _matches_id(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # In this engine `$` would match before a line break at the end.
    return pc.fill_null(pc.match_substring_regex(column, ID_PATTERN.removesuffix("$") + r"\z"), False)


def _rows(table: pa.Table, dropped: dict[str, int]) -> list[dict[str, Any]]:
    if TIMESTAMP in table.column_names:
        microseconds = pa.array(np.rint(table[TIMESTAMP].to_numpy() * 1e6).astype(np.int64))
        table = table.set_column(table.column_names.index(TIMESTAMP), TIMESTAMP, microseconds)
    rows: list[dict[str, Any]] = table.to_pylist()
    for name, adapter in _CHECKED.items():
        if name not in table.column_names:
            continue
        kept = []
        for row in rows:
            try:
                row[name] = adapter.validate_python(_from_json(row[name]))
                kept.append(row)
            except ValueError:
                reason = f"{name} not as the API takes it"
                dropped[reason] = dropped.get(reason, 0) + 1
        rows = kept
    return rows


def _items(table: pa.Table) -> tuple[list[dict[str, Any]], CleaningReport]:
    names = [name for name in table.column_names if name in Item.model_fields]
    rows: dict[str, dict[str, Any]] = {}
    dropped: dict[str, int] = {}
    for raw in table.select(names).to_pylist():
        try:
            item = Item.model_validate(_parsed(raw), strict=False)
            rows[item.item_id] = to_row(item.item_id, item) | {ITEM: item.item_id}
        except ValidationError as error:
            reason = f"{error.errors()[0]['loc'][0]} not as the API takes it"
            dropped[reason] = dropped.get(reason, 0) + 1
    repeated = table.num_rows - sum(dropped.values()) - len(rows)
    if repeated:
        dropped["item_id that comes again later"] = repeated
    return list(rows.values()), CleaningReport(table.num_rows, len(rows), dropped)


def _parsed(raw: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty, and read the lists and objects of CSV files."""
    item = {name: value for name, value in raw.items() if value is not None}
    return item | {name: _from_json(item[name]) for name in _JSON_FIELDS if name in item}


def _from_json(value: object) -> object:
    """Read the JSON of a CSV cell; what is none stays as it is, for the rules to refuse."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
