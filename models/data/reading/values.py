"""Numbers and lists in the cells of files: prices with signs, decimal commas, lists as text."""

import ast
import re
from collections.abc import Iterable

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from models.data.numbers import numbers

_NUMBER = re.compile(
    r"(?P<sign>[-+(]?)\s*(?P<before>[^\d.,-]*)(?P<minus>-?)\s*(?P<digits>\d[\d.,'\u2019\s\u00a0\u202f]*|[.,]\d+)(?P<after>\D*)\Z"
)
_CODE = re.compile(r"(?:[A-Za-z]{1,3}[$.]?|[$€£¥₹₽₩₺₫₴₪฿]|zł|Kč)?\Z")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+\Z")
_DOTTED = re.compile(r"\d{1,3}(\.\d{3}){2,}\Z")
SEPARATORS = ("|", ",")
_BAR = "|"
EMPTY = ("", "NULL", "Null", "null", "NaN", "nan", "None", "\\N", "-", "N/A", "n/a", "#N/A", "<NA>")
"""Cells that programs write where there is nothing: they are empty, in every column."""
_EMPTY = pa.array(EMPTY)
_LONGEST = max(map(len, EMPTY))


def without_empty(table: pa.Table) -> pa.Table:
    """Return a table whose empty cells of text are null."""
    for place, name in enumerate(table.column_names):
        cells = table[name]
        if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            continue
        found = _EMPTY.cast(cells.type)
        # Few cells are as short as these: the others need no look.
        short = cells.filter(pc.less_equal(pc.binary_length(cells), _LONGEST))
        if len(short) and pc.any(pc.is_in(short, value_set=found)).as_py():
            empty = pc.is_in(cells, value_set=found)
            table = table.set_column(place, name, pc.if_else(empty, pa.scalar(None, cells.type), cells))
    return table


def number_of(text: str) -> float:
    """Read a number with a currency sign, separated thousands or a decimal comma; NaN where it is none."""
    cell = text.strip().replace("\u2212", "-")
    if cell.endswith("-") and cell[:-1].strip()[-1:].isdigit():
        # As bookkeepers write it.
        cell = f"-{cell[:-1].strip()}"
    try:
        return float(cell) if "_" not in cell else np.nan
    except ValueError:
        pass
    found = _NUMBER.match(cell)
    if found is None or not (
        _CODE.match(found["before"].strip()) and _CODE.match(found["after"].strip(" \u00a0\u202f)"))
    ):
        return np.nan
    sign = -1.0 if "-" in found["sign"] + found["minus"] or found["sign"] == "(" else 1.0
    digits = re.sub(r"['\u2019\s\u00a0\u202f]", "", found["digits"])
    if "," in digits and "." in digits:
        decimal = max(digits.rfind(","), digits.rfind("."))
        digits = re.sub(r"[.,]", "", digits[:decimal]) + "." + digits[decimal + 1 :]
    elif _GROUPED.match(digits):
        digits = digits.replace(",", "")
    elif _DOTTED.match(digits):
        digits = digits.replace(".", "")
    else:
        digits = digits.replace(",", ".")
    try:
        return sign * float(digits)
    except ValueError:
        return np.nan


def read_numbers(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read a column as float64; what is no number becomes NaN."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return numbers(values)
    try:
        return values.cast(pa.float64())
    except pa.ArrowException:
        cells = [None if cell is None else number_of(cell) for cell in values.to_pylist()]
        return pa.chunked_array([pa.array(cells, pa.float64())])


def separator_of(sample: Iterable[object]) -> str | None:
    """Tell what separates the lists of a column: a bar before a comma; None where they are JSON or single labels."""
    texts = [cell for cell in sample if isinstance(cell, str) and not cell.lstrip().startswith(("[", "{"))]
    return next((one for one in SEPARATORS if any(one in text for text in texts)), None)


def list_of(cell: object, separator: str | None) -> object:
    """Read a list: JSON, as Python prints it, or separated; what is none stays as it is."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    if text.startswith("["):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return cell
    if separator == _BAR and _BAR not in text and re.search(r",\S", text):
        separator = ","
    parts = text.split(separator) if separator else [text]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def json_cell(value: object) -> str | None:
    """Return the text of a value of a JSON row; None where it is empty."""
    if value is None or isinstance(value, str):
        return value or None
    return orjson.dumps(value).decode()
