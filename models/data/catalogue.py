"""The catalogue: the fields of items as plain values, whatever table or file they were read from."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Int32
from models.data.codes import find
from models.data.columns import ITEM

TITLE, DESCRIPTION, CATEGORIES, TAGS, PRICE = "title", "description", "categories", "tags", "price"
ATTRIBUTES, HIDDEN, AVAILABLE_FROM, AVAILABLE_UNTIL = "attributes", "hidden", "available_from", "available_until"
URL, IMAGE_URL = "url", "image_url"
FIELDS = (
    *(TITLE, DESCRIPTION, URL, IMAGE_URL, CATEGORIES, TAGS, PRICE),
    *(ATTRIBUTES, HIDDEN, AVAILABLE_FROM, AVAILABLE_UNTIL),
)
TEXTS, VECTORS = "texts", "vectors"
"""Of an item read by a schema: its declared texts, and its vectors, by name."""
PREFIX = f"{ATTRIBUTES}."
"""What the name of an attribute begins with where fields are named."""

Scalar = str | bool | float
MIN_VECTOR = 8
"""A list of at least as many numbers is a vector even where none is declared."""
NUMBER_TYPES = frozenset({int, float})
_ROWS_A_BATCH = 10_000
_DEEPEST = 8
"""Objects nested deeper within the attributes are passed over."""
MAX_VALUES = 10_000
"""Different texts of an attribute, at most: with more it is as good as an id, and items are not compared by it."""
_MOST_VALUES = 1000
"""Values of a longer list are passed over, and so are longer vectors that nobody declared."""


def known_rows(table: pa.Table, item_ids: npt.NDArray[np.bytes_]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the code and the fields of every item that has a code; of rows with one id the last counts.

    Parameters
    ----------
    table
        The items file of a data set.
    item_ids
        UTF-8 bytes, ascending; an id's code is its position.
    """
    codes = codes_of_rows(table, item_ids)
    wanted = table.select([name for name in (*FIELDS, TEXTS) if name in table.column_names])
    row = 0
    for batch in wanted.to_batches(max_chunksize=_ROWS_A_BATCH) if wanted.num_columns else ():
        for item in batch.to_pylist():
            if codes[row] >= 0:
                yield int(codes[row]), item
            row += 1


def codes_of_rows(table: pa.Table, item_ids: npt.NDArray[np.bytes_]) -> Int32:
    """Return the code of each row's item, int32; -1 without one, and where a later row has the same item."""
    codes = find(item_ids, [item_id or "" for item_id in table[ITEM].cast(pa.string()).to_pylist()])
    last = np.zeros(len(codes), dtype=np.bool_)
    last[len(codes) - 1 - np.unique(codes[::-1], return_index=True)[1]] = True
    return np.where(last, codes, -1).astype(np.int32)


def is_crowded(names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which of some labels are of an attribute that has too many of them.

    Parameters
    ----------
    names
        The attribute of each label, without repeats of a label; empty for labels of other fields.
    """
    counts = Counter(names)
    return np.array([bool(name) and counts[name] > MAX_VALUES for name in names], dtype=np.bool_)


def texts_of(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name (`attributes.…`) and the words of each declared text of an item."""
    texts = item.get(TEXTS)
    if texts is None:
        return
    found = parsed(texts)
    for name, text in found.items() if isinstance(found, Mapping) else ():
        yield f"{PREFIX}{name}", text


def text_of(value: object) -> str:
    """Read a text; anything else gives an empty one."""
    return value if isinstance(value, str) else ""


def labels_of(value: object) -> list[str]:
    """Read categories or tags: a list, the JSON of one, or a single label."""
    if isinstance(value, str):
        value = parsed(value) if value.lstrip().startswith("[") else [value]
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


def attributes_of(value: object, *, vectors: bool = True) -> Iterator[tuple[str, Scalar]]:
    """Yield each attribute's name (`attributes.…`, a dot for each level) and value; a list gives each of its values.

    Parameters
    ----------
    vectors
        Whether lists of many numbers give theirs as well.
    """
    value = parsed(value)
    if isinstance(value, list):  # the pairs of a map
        value = dict(value) if all(isinstance(pair, tuple) for pair in value) else None
    if isinstance(value, Mapping):
        yield from _flat(value, PREFIX, _DEEPEST, vectors=vectors)


def _flat(value: Mapping[str, object], prefix: str, levels: int, *, vectors: bool) -> Iterator[tuple[str, Scalar]]:
    for name, held in value.items():
        if not vectors and is_vector(held):
            continue
        for single in held[:_MOST_VALUES] if isinstance(held, list) else (held,):
            if isinstance(single, Mapping):
                if levels > 1:
                    yield from _flat(single, f"{prefix}{name}.", levels - 1, vectors=vectors)
            elif isinstance(single, str | bool):
                yield f"{prefix}{name}", single
            elif (number := number_of(single)) is not None:
                yield f"{prefix}{name}", number


def is_vector(value: object) -> bool:
    """Return whether an undeclared value is a list of so many numbers that none of them says anything alone."""
    return isinstance(value, list) and len(value) >= MIN_VECTOR and set(map(type, value)) <= NUMBER_TYPES


def parsed(text: object) -> object:
    """Read JSON; None where it is none. What is no text stays as it is."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
