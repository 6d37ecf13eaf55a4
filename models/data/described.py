"""Items as the models take them: attributes read by the declared schema, texts of words and vectors apart."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.arrays.types import Float32, Ids, Int32, Mask
from models.data.attribute_values import read_values
from models.data.catalogue import (
    ATTRIBUTES,
    FIELDS,
    MAX_VALUES,
    MIN_VECTOR,
    PREFIX,
    TEXTS,
    VECTORS,
    attributes_of,
    codes_of_rows,
    is_vector,
    parsed,
)
from models.data.columns import ITEM
from models.data.schema import MAX_LENGTH, MAX_VECTORS, Attribute, Attributes, Schema

_ROWS_A_BATCH = 10_000


def described(item: Mapping[str, Any], declared: Attributes) -> Mapping[str, Any]:
    """Read the attributes of one item.

    Parameters
    ----------
    item
        Its fields; vectors may stand among its attributes, or under `vectors` by name.

    Returns
    -------
    Mapping
        The same item if nothing is declared. Else `attributes` holds what is not declared as it is, and of the
        declared ones categories as lists of texts, numbers and times as numbers; `texts` and `vectors` hold the
        others by name. Values that do not fit are left out.
    """
    if not declared:
        return item
    attributes = parsed(item.get(ATTRIBUTES))
    given = {**(attributes if isinstance(attributes, Mapping) else {}), **(item.get(VECTORS) or {})}
    kept, texts, vectors, _ = _read(given, declared)
    return {**item, ATTRIBUTES: kept, TEXTS: texts, VECTORS: vectors}


@dataclass(frozen=True)
class DescribedItems:
    """A catalogue as the models take it: see `describe`.

    `unfit` counts values that do not fit their declaration, by attribute. `undeclared` are attributes that hold lists
    of numbers and are not compared, with the length of such a list. `crowded` are attributes with more different values
    than `MAX_VALUES`, and how many: as good as ids, they make no two items alike.
    """

    table: pa.Table
    unfit: Mapping[str, int]
    undeclared: Mapping[str, int]
    crowded: Mapping[str, int]

    def notes(self) -> list[str]:
        """Say in words what of the catalogue is not used."""
        unfit = [
            f"{name}: {count:,} values do not fit the declared type and are ignored"
            for name, count in self.unfit.items()
        ]
        lists = [
            f"{name}: lists of {length:,} numbers are not compared: declare it as a vector (BRAID_SCHEMA, PUT /schema)"
            for name, length in self.undeclared.items()
        ]
        crowded = [
            f"{name}: more than {count:,} different values: items are not compared by them"
            for name, count in self.crowded.items()
        ]
        return unfit + lists + crowded


def describe(table: pa.Table, schema: Schema) -> DescribedItems:
    """Read the attributes of a catalogue.

    Declared attributes may be columns of their own as well. A column of lists of numbers, all of one length of 8 or
    more, is a vector without a declaration too.

    Returns
    -------
    DescribedItems
        `table` has `attributes` and `texts` as JSON, and a column `vectors.NAME` of lists of float32 for each vector;
        the vector of a row without one is null.
    """
    columns = [name for name in table.column_names if name not in {*FIELDS, ITEM}]
    declared = {**_inferred(table, columns), **schema.items}
    unfit: Counter[str] = Counter()
    vectors = {}
    for name in columns:
        length = declared[name].length if name in declared else None
        if length is not None and holds_lists(table[name].type):
            vectors[name], unfit[name] = _vectors_of_column(table[name], length)
    others = [name for name in columns if name in declared and name not in vectors]
    kept = table.select([name for name in table.column_names if name in {*FIELDS, ITEM}])
    if not declared:
        return DescribedItems(kept, {}, *_not_compared(kept))
    rows = _rows(table, [ATTRIBUTES, *others])
    attributes, texts = [], []
    for place, row in enumerate(rows):
        held = parsed(row.pop(ATTRIBUTES, None))
        given = {**(held if isinstance(held, Mapping) else {}), **row}
        left, words, found, wrong = _read(given, declared)
        unfit.update(wrong)
        attributes.append(json.dumps(left))
        texts.append(json.dumps(words) if words else None)
        for name, vector in found.items():
            if name not in vectors:
                vectors[name] = _Rows.empty(table.num_rows, len(vector))
            vectors[name].put(place, vector)
    kept = kept.drop_columns([ATTRIBUTES]) if ATTRIBUTES in kept.column_names else kept
    kept = kept.append_column(ATTRIBUTES, pa.array(attributes, pa.string()))
    kept = kept.append_column(TEXTS, pa.array(texts, pa.string()))
    for name in sorted(vectors):
        if vectors[name].present.any():
            kept = kept.append_column(f"{VECTORS}.{name}", vectors[name].as_array())
    return DescribedItems(kept, +unfit, *_not_compared(kept))


def vectors_of(table: pa.Table | None, item_ids: Ids) -> dict[str, tuple[Int32, Float32]]:
    """Return the vectors of a described catalogue by name: the codes of the items, and their rows, float32."""
    found: dict[str, tuple[Int32, Float32]] = {}
    names = [] if table is None else [name for name in table.column_names if name.startswith(f"{VECTORS}.")]
    if table is None or not names:
        return found
    codes = codes_of_rows(table, item_ids)
    for name in names:
        column = table[name].combine_chunks()
        present = column.is_valid().to_numpy(zero_copy_only=False) & (codes >= 0)
        rows = column.flatten().to_numpy(zero_copy_only=False)
        width = column.type.list_size
        places = np.cumsum(column.is_valid().to_numpy(zero_copy_only=False)) - 1
        found[name.removeprefix(f"{VECTORS}.")] = (
            codes[present],
            np.ascontiguousarray(rows.reshape(-1, width)[places[present]], dtype=np.float32),
        )
    return found


@dataclass(frozen=True)
class _Rows:
    """The vectors of some rows, and which rows have one."""

    numbers: Float32
    present: Mask

    @classmethod
    def empty(cls, rows: int, length: int) -> "_Rows":
        return cls(np.zeros((rows, length), dtype=np.float32), np.zeros(rows, dtype=np.bool_))

    def put(self, row: int, vector: Float32) -> None:
        """Set the vector of a row that has none."""
        if not self.present[row]:
            self.numbers[row], self.present[row] = vector, True

    def as_array(self) -> pa.Array:
        return pa.FixedSizeListArray.from_arrays(
            pa.array(self.numbers.ravel()), self.numbers.shape[1], mask=pa.array(~self.present)
        )


def _read(
    given: Mapping[str, Any], declared: Attributes
) -> tuple[dict[str, Any], dict[str, str], dict[str, Float32], list[str]]:
    """Split attributes: those that are kept as attributes, texts, vectors, and the names of those that do not fit."""
    read = read_values(declared, given)
    kept = {name: value for name, value in given.items() if name not in declared}
    return {**kept, **read.labels, **read.numbers}, read.texts, read.vectors, read.unfit


def _rows(table: pa.Table, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    chosen = [name for name in columns if name in table.column_names]
    if not chosen:
        yield from ({} for _ in range(table.num_rows))
    for batch in table.select(chosen).to_batches(max_chunksize=_ROWS_A_BATCH) if chosen else ():
        for row in batch.to_pylist():
            yield {name: _cell(name, value) for name, value in row.items() if value is not None}


def _cell(name: str, value: object) -> object:
    """Read the cell of a column: lists and objects in CSV are JSON."""
    if name != ATTRIBUTES and isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        found = parsed(value)
        return value if found is None else found
    return value


def _inferred(table: pa.Table, columns: Sequence[str]) -> Attributes:
    """Return the columns that hold vectors without being declared."""
    found: Attributes = {}
    for name in columns:
        if holds_lists(table[name].type) and len(found) < MAX_VECTORS:
            lengths = pc.unique(pc.list_value_length(table[name])).drop_null()
            if len(lengths) == 1 and MIN_VECTOR <= lengths[0].as_py() <= MAX_LENGTH:
                found[name] = Attribute(type="vector", length=lengths[0].as_py())
    return found


def holds_lists(kind: pa.DataType) -> bool:
    """Return whether a column holds lists of numbers."""
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(lists) and bool(pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))


def _vectors_of_column(column: pa.ChunkedArray, length: int) -> tuple[_Rows, int]:
    """Read a column of lists of numbers, and count the rows whose list is no vector of this length."""
    lists = column.combine_chunks()
    given = lists.is_valid().to_numpy(zero_copy_only=False)
    fits = pc.fill_null(pc.equal(pc.list_value_length(lists), length), False).to_numpy(zero_copy_only=False)
    rows = _Rows.empty(len(lists), length)
    numbers = lists.filter(pa.array(fits)).flatten().cast(pa.float64()).to_numpy(zero_copy_only=False)
    numbers = numbers.reshape(-1, length)
    # A missing number is NaN.
    finite = (np.abs(numbers) <= np.finfo(np.float32).max).all(axis=1)
    chosen = np.flatnonzero(fits)[finite]
    rows.numbers[chosen], rows.present[chosen] = numbers[finite], True
    return rows, int(given.sum() - len(chosen))


def _not_compared(table: pa.Table) -> tuple[dict[str, int], dict[str, int]]:
    """Return the attributes that hold lists of many numbers, and those with too many different values."""
    lists: dict[str, int] = {}
    values: dict[str, set[object]] = {}
    for row in _rows(table, [ATTRIBUTES]):
        attributes = parsed(row.get(ATTRIBUTES))
        for name, value in attributes.items() if isinstance(attributes, Mapping) else ():
            if is_vector(value):
                lists.setdefault(name, len(value))
        for name, label in attributes_of(attributes, vectors=False):
            seen = values.setdefault(name, set())
            if isinstance(label, str) and len(seen) <= MAX_VALUES:
                seen.add(label)
    return lists, {name.removeprefix(PREFIX): MAX_VALUES for name, seen in values.items() if len(seen) > MAX_VALUES}
