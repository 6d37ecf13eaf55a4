"""The catalogue: the fields of items as plain values, whatever table or file they were read from."""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.data.codes import find
from models.data.columns import ITEM

TITLE, DESCRIPTION, CATEGORIES, TAGS, PRICE = "title", "description", "categories", "tags", "price"
ATTRIBUTES, HIDDEN, AVAILABLE_FROM, AVAILABLE_UNTIL = "attributes", "hidden", "available_from", "available_until"
FIELDS = (TITLE, DESCRIPTION, CATEGORIES, TAGS, PRICE, ATTRIBUTES, HIDDEN, AVAILABLE_FROM, AVAILABLE_UNTIL)
PREFIX = f"{ATTRIBUTES}."
"""What the name of an attribute begins with where fields are named."""

Scalar = str | bool | float
_ROWS_A_BATCH = 10_000
_DEEPEST = 8
"""Objects nested deeper within the attributes are passed over."""


def known_rows(table: pa.Table, item_ids: npt.NDArray[np.bytes_]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the code and the fields of every item that has a code; of rows with one id the last counts.

    Parameters
    ----------
    table
        The items file of a data set.
    item_ids
        UTF-8 bytes, ascending; an id's code is its position.
    """
    ids = [item_id or "" for item_id in table[ITEM].cast(pa.string()).to_pylist()]
    codes = find(item_ids, ids)
    last = np.zeros(len(codes), dtype=np.bool_)
    last[len(codes) - 1 - np.unique(codes[::-1], return_index=True)[1]] = True
    wanted = table.select([name for name in FIELDS if name in table.column_names])
    row = 0
    for batch in wanted.to_batches(max_chunksize=_ROWS_A_BATCH) if wanted.num_columns else ():
        for item in batch.to_pylist():
            if last[row] and codes[row] >= 0:
                yield int(codes[row]), item
            row += 1


def text_of(value: object) -> str:
    """Read a text; anything else gives an empty one."""
    return value if isinstance(value, str) else ""


def labels_of(value: object) -> list[str]:
    """Read categories or tags: a list, the JSON of one, or a single label."""
    if isinstance(value, str):
        value = _parsed(value) if value.lstrip().startswith("[") else [value]
    return [str(label) for label in value if label is not None and label != ""] if isinstance(value, list) else []


def number_of(value: object) -> float | None:
    """Read a finite number; None where there is none."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def flag_of(value: object) -> bool:
    """Read a boolean; in a file without types `true` and `1` mean true."""
    return value.strip().lower() in {"true", "1"} if isinstance(value, str) else bool(value)


def moment_of(value: object) -> float | None:
    """Read a moment as seconds since 1970: a number of them, a time, or RFC 3339; without an offset it is UTC."""
    if isinstance(value, str) and number_of(value) is None:
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return number_of(value)


def attributes_of(value: object) -> Iterator[tuple[str, Scalar]]:
    """Yield each attribute's name (`attributes.…`, a dot for each level) and value; a list gives each of its values."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, list):  # the pairs of a map
        value = dict(value) if all(isinstance(pair, tuple) for pair in value) else None
    if isinstance(value, Mapping):
        yield from _flat(value, PREFIX, _DEEPEST)


def _flat(value: Mapping[str, object], prefix: str, levels: int) -> Iterator[tuple[str, Scalar]]:
    for name, held in value.items():
        for single in held if isinstance(held, list) else (held,):
            if isinstance(single, Mapping):
                if levels > 1:
                    yield from _flat(single, f"{prefix}{name}.", levels - 1)
            elif isinstance(single, str | bool):
                yield f"{prefix}{name}", single
            elif (number := number_of(single)) is not None:
                yield f"{prefix}{name}", number


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
