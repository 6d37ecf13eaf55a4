"""Rows of data-set files in the form of the API; rows that it would refuse are dropped and counted."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError

from app.schemas.ids import Id, in_force
from app.schemas.interactions import Position
from app.schemas.items import Item
from app.schemas.types import FUTURE_TOLERANCE, Context, JsonObject
from app.services.catalogue.item_rows import to_row
from app.services.kit.attributes import item_refusals, refusals
from app.services.kit.event_types import EventTypeRule
from app.services.transfer.dropped import count, places
from app.services.transfer.merging import Given
from app.storage.arrow_types import INTERACTION_TYPES
from app.storage.rows import COLUMNS, LOG_COLUMNS
from models.data.catalogue import ATTRIBUTES
from models.data.cleaning import keep
from models.data.columns import (
    CONTEXT,
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    POSITION,
    REQUEST_ID,
    SEQUENCE,
    TIMESTAMP,
    USER,
    VALUE,
)
from models.data.described import holds_lists
from models.data.events import EVENT_TYPE_PATTERN
from models.data.reading.sources import ROW
from models.data.sales import SALE_RULES
from models.data.schema import EMPTY, Schema

Timestamps = Literal["seconds", "order"]
Counts = dict[str, int]
_EARLIEST = -5e-7
"""Rounds to the first microsecond of 1970."""
_NO_TIME = "timestamp not seconds since 1970, before that or in the future"
_NO_PLACE = "timestamp not a number"
_position: TypeAdapter[Any] = TypeAdapter(Position)
_given_context: TypeAdapter[Any] = TypeAdapter(Context)
_object: TypeAdapter[Any] = TypeAdapter(JsonObject)
_id: TypeAdapter[Any] = TypeAdapter(Id)
_JSON_FIELDS = ("categories", "tags", "attributes")


def clean_interactions(
    table: pa.Table, timestamps: Timestamps, dropped: Counts, event_types: EventTypeRule, *, exported: bool = False
) -> pa.Table:
    """Return the usable rows of a table with the columns of the log; `timestamp` in microseconds.

    Parameters
    ----------
    timestamps
        With `order`, the given `timestamp` becomes `sequence`, and no row has a time.
    dropped
        The rows that are left out are added to it, by reason.
    exported
        Whether the rows are of an exported log: then a missing time stays missing, and a row can have a `sequence`
        instead.
    """
    kept = table.select([name for name in (*(LOG_COLUMNS if exported else COLUMNS), ROW) if name in table.column_names])
    if EVENT_TYPE not in kept.column_names:
        kept = kept.append_column(EVENT_TYPE, _event_types(kept))
    for column in (USER, ITEM):
        fits = in_force.rule.take(kept[column])
        kept = _keep(kept, fits, f"{column} missing or not an id that the API takes", dropped)
    for column in (EVENT_ID, REQUEST_ID):
        if column in kept.column_names:
            kept = kept.set_column(kept.column_names.index(column), column, kept[column].cast(pa.string()))
            fits = pc.or_kleene(pc.is_null(kept[column]), in_force.rule.take(kept[column]))
            kept = _keep(kept, fits, f"{column} not an id that the API takes", dropped)
    if event_types.allow_unknown:
        known = pc.fill_null(pc.match_substring_regex(kept[EVENT_TYPE], _whole(EVENT_TYPE_PATTERN)), False)
    else:
        known = pc.is_in(kept[EVENT_TYPE], value_set=pa.array(sorted(event_types.known)))
    kept = _keep(kept, known, "event_type unknown", dropped)
    kept = _with_numbers(kept, dropped)
    if TIMESTAMP in kept.column_names:
        kept = _ordered(kept, timestamps, dropped, exported=exported)
    for column, read in ((POSITION, _position.validate_python), (CONTEXT, _context)):
        if column in kept.column_names:
            kept = _convert(kept, column, read, dropped)
    return _complete(kept)


def clean_items(table: pa.Table, dropped: Counts, schema: Schema = EMPTY) -> list[Given]:
    """Return the usable items of a table.

    A column that is named as a declared attribute is that attribute, and so is any column of lists of numbers.
    """
    names = [name for name in table.column_names if name in Item.model_fields]
    others = [name for name in table.column_names if name not in names]
    declared = [name for name in others if name in schema.items or holds_lists(table.schema.field(name).type)]
    rows: dict[str, Given] = {}
    for raw in table.select([*names, *declared, *(name for name in (ROW,) if name in others)]).to_pylist():
        row = [raw[ROW]] if ROW in raw else None
        given = _parsed({name: raw[name] for name in names})
        own = {name: _from_json(raw[name]) for name in declared if raw[name] is not None}
        if own and isinstance(given.get(ATTRIBUTES, {}), Mapping):
            given[ATTRIBUTES] = {**given.get(ATTRIBUTES, {}), **own}
        try:
            item = Item.model_validate(given, strict=False)
        except ValidationError as error:
            count(dropped, f"{'.'.join(map(str, error.errors()[0]['loc'][:2]))} not as the API takes it", row)
            continue
        if wrong := item_refusals(schema, item.attributes):
            count(dropped, f"{wrong[0].field} {wrong[0].detail}", row)
            continue
        if item.item_id in rows:
            count(dropped, "item_id that comes again later", row)
        rows[item.item_id] = Given(to_row(item.item_id, item, schema), frozenset(given), raw.get(ROW))
    return list(rows.values())


def clean_users(table: pa.Table, dropped: Counts, schema: Schema = EMPTY) -> list[Given]:
    """Return the rows of the usable users of a table; columns of any other name become attributes."""
    rows: dict[str, Given] = {}
    for raw in table.to_pylist():
        row = [raw.pop(ROW)] if ROW in raw else None
        fields = {name: value for name, value in raw.items() if value is not None}
        user_id, given = fields.pop(USER, None), _from_json(fields.pop("attributes", {}))
        try:
            _id.validate_python(user_id)
        except ValidationError:
            count(dropped, "user_id missing or not an id that the API takes", row)
            continue
        try:
            attributes = _object.validate_python({**fields, **given} if isinstance(given, Mapping) else given)
            attributes |= _declared_cells(attributes, schema)
        except ValidationError:
            count(dropped, "attributes not as the API takes it", row)
            continue
        if wrong := refusals(schema.users, attributes):
            count(dropped, f"{wrong[0].field} {wrong[0].detail}", row)
            continue
        if user_id in rows:
            count(dropped, "user_id that comes again later", row)
        rows[user_id] = Given({USER: user_id, "attributes": attributes}, place=row[0] if row else None)
    return list(rows.values())


def _keep(table: pa.Table, mask: pa.ChunkedArray, reason: str, dropped: Counts) -> pa.Table:
    found: Counts = {}
    kept = keep(table, mask, reason, found)
    if found:
        count(dropped, reason, places(table, mask), found[reason])
    return kept


def _event_types(table: pa.Table) -> pa.ChunkedArray:
    """Fill in missing event types: `rating` if there is a value, else `view`."""
    if VALUE not in table.column_names:
        return pa.chunked_array([pa.array(["view"] * table.num_rows, pa.string())])
    return pc.if_else(pc.is_valid(table[VALUE]), "rating", "view")


def _with_numbers(table: pa.Table, dropped: Counts) -> pa.Table:
    """Keep rows with a possible `value`, `quantity` and `revenue`, or without."""
    if VALUE in table.column_names:
        finite = pc.or_kleene(pc.is_null(table[VALUE]), pc.is_finite(table[VALUE]))
        table = _keep(table, finite, "value not a number", dropped)
    for column, (reason, fits) in SALE_RULES.items():
        if column in table.column_names:
            table = _keep(table, fits(table), reason, dropped)
    return table


def _whole(pattern: str) -> str:
    # In this engine `$` would match before a line break at the end.
    return pattern.removesuffix("$") + r"\z"


def _ordered(table: pa.Table, timestamps: Timestamps, dropped: Counts, *, exported: bool) -> pa.Table:
    """Keep rows with a possible `timestamp`; where it is only an order it becomes `sequence`."""
    numbers = table[TIMESTAMP]
    if timestamps == "order" and SEQUENCE not in table.column_names:
        kept = _keep(table, pc.fill_null(pc.is_finite(numbers), exported), _NO_PLACE, dropped)
        return kept.rename_columns([SEQUENCE if name == TIMESTAMP else name for name in kept.column_names])
    latest = (datetime.now(UTC) + FUTURE_TOLERANCE).timestamp()
    possible = pc.and_(pc.greater_equal(numbers, _EARLIEST), pc.less_equal(numbers, latest))
    return _keep(table, pc.fill_null(possible, exported), _NO_TIME, dropped)


def _context(value: object) -> str:
    return orjson.dumps(_given_context.validate_python(_from_json(value))).decode()


def _convert(table: pa.Table, column: str, read: Callable[[Any], Any], dropped: Counts) -> pa.Table:
    """Convert the present values of a column one by one; rows where that fails are dropped."""
    values, fits = table[column].to_pylist(), np.ones(table.num_rows, dtype=np.bool_)
    for place, value in enumerate(values):
        if value is not None:
            try:
                values[place] = read(_from_json(value))
            except ValueError:
                fits[place], values[place] = False, None
    table = table.set_column(table.column_names.index(column), column, pa.array(values, INTERACTION_TYPES[column]))
    return _keep(table, pa.chunked_array([pa.array(fits)]), f"{column} not as the API takes it", dropped)


def _complete(table: pa.Table) -> pa.Table:
    columns = []
    # Most logs have no `sequence`: none is written.
    names = LOG_COLUMNS if SEQUENCE in table.column_names else COLUMNS
    for name, kind in ((name, INTERACTION_TYPES[name]) for name in names):
        if name not in table.column_names:
            columns.append(pa.nulls(table.num_rows, kind))
        elif name == TIMESTAMP:
            seconds = table[name].to_numpy()
            missing = np.isnan(seconds)
            microseconds = np.rint(np.where(missing, 0.0, seconds) * 1e6).astype(np.int64)
            columns.append(pa.array(microseconds, mask=missing))
        else:
            columns.append(table[name].cast(kind))
    return pa.table(columns, names=list(names))


def _parsed(raw: dict[str, Any]) -> dict[str, Any]:
    """Leave out empty cells, and parse the lists and objects of CSV files."""
    item = {name: value for name, value in raw.items() if value is not None}
    return item | {name: _from_json(item[name]) for name in _JSON_FIELDS if name in item}


def _declared_cells(attributes: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Read the cells of a CSV file that hold no text by their declaration."""
    declared = schema.users
    return {
        name: _from_json(value)
        for name, value in attributes.items()
        if name in declared and declared[name].type not in {"text", "category"}
    }


def _from_json(value: object) -> object:
    """Read the JSON of a CSV cell; text that is not JSON stays as it is, and the validation refuses it."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
