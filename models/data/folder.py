"""Data-set folders: the format of imports, exports and evaluations."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from models.data.columns import (
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    QUANTITY,
    REQUEST_ID,
    REVENUE,
    SEQUENCE,
    TIMESTAMP,
    USER,
    VALUE,
)
from models.data.errors import DataSetError
from models.data.numbers import numbers
from models.data.order import in_one_order, recognised
from models.data.schema import Attributes

INTERACTIONS, ITEMS, USERS, TEST, CANDIDATES, HISTORIES = (
    "interactions",
    "items",
    "users",
    "test",
    "candidates",
    "histories",
)
_REQUIRED = {
    INTERACTIONS: (USER, ITEM),
    ITEMS: (ITEM,),
    USERS: (USER,),
    TEST: (USER, ITEM),
    CANDIDATES: (USER, ITEM),
    HISTORIES: (USER, ITEM),
}
EXPORTED = b"braid.exported"
"""Key in the metadata of files that `braid export` wrote: their rows are taken over unchanged."""
NO_INTERACTIONS = "contains neither interactions.parquet nor interactions.csv"
_BLOCK_BYTES = 8 << 20
Reader = TypeVar("Reader")
_NUMBERS = (TIMESTAMP, VALUE)
_SALES = (QUANTITY, REVENUE)
"""Numbers too, but in a profile an attribute may have one of these names."""
_TEXTS = (USER, ITEM, EVENT_TYPE, EVENT_ID, REQUEST_ID)


@dataclass(frozen=True)
class DataSet:
    """The files of a data-set folder as tables; ids are strings, numbers float64.

    `interactions` is marked where its `timestamp` is only an order; see `models.data.order`. `user_types` are the
    declared types of attributes of users, by name.
    """

    interactions: pa.Table
    items: pa.Table | None = None
    users: pa.Table | None = None
    test: pa.Table | None = None
    candidates: pa.Table | None = None
    histories: pa.Table | None = None
    user_types: Attributes = field(default_factory=dict)


def read_folder(folder: Path) -> DataSet:
    """Read a data-set folder.

    Raises
    ------
    DataSetError
        A file is missing, cannot be read, lacks a column or has no rows.
    """
    require_folder(folder)
    tables = {name: _read(folder, name) for name in _REQUIRED}
    interactions = tables.pop(INTERACTIONS)
    if interactions is None:
        raise DataSetError(f"{folder}: {NO_INTERACTIONS}")
    if EXPORTED in (interactions.schema.metadata or {}) and SEQUENCE in interactions.column_names:
        interactions = in_one_order(interactions)
    items, users, test, candidates, histories = tables.values()
    return DataSet(recognised(interactions), items, users, test, candidates, histories)


def read_items(folder: Path) -> pa.Table | None:
    """Read the items file of a folder; None where there is none.

    Raises
    ------
    DataSetError
        It cannot be read, lacks a column or has no rows, or the folder is not there.
    """
    require_folder(folder)
    return _read(folder, ITEMS)


def write_folder(folder: Path, dataset: DataSet) -> None:
    """Write a data set as Parquet files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _REQUIRED:
        table = getattr(dataset, name)
        if table is not None:
            pyarrow.parquet.write_table(table, folder / f"{name}.parquet")


def find_file(folder: Path, name: str) -> Path | None:
    """Find a file of a folder; None where there is none.

    Raises
    ------
    DataSetError
        The folder holds it as Parquet and as CSV.
    """
    paths = [path for path in (folder / f"{name}.parquet", folder / f"{name}.csv") if path.exists()]
    if len(paths) > 1:
        raise DataSetError(f"{folder}: contains both {paths[0].name} and {paths[1].name}: remove one of them")
    return paths[0] if paths else None


def require_folder(folder: Path) -> None:
    """Make sure that a folder is there.

    Raises
    ------
    DataSetError
        It is not.
    """
    if not folder.is_dir():
        reason = "is a file: give the folder that contains it" if folder.exists() else "there is no such folder"
        raise DataSetError(f"{folder}: {reason}")


def require_columns(names: Sequence[str], name: str, path: Path) -> None:
    """Make sure that a file has the columns it needs, each of them once.

    Raises
    ------
    DataSetError
        It has not.
    """
    repeated = {column for column in names if names.count(column) > 1}
    if repeated:
        raise DataSetError(f"{path}: the column {min(repeated)!r} occurs twice")
    for column in _REQUIRED[name]:
        if column not in names:
            found = ", ".join(map(repr, names)) or "none"
            raise DataSetError(f"{path}: the column {column!r} is missing (found: {found})")


@contextmanager
def reading(path: object) -> Iterator[None]:
    """Name the file in the error of a failed read.

    Raises
    ------
    DataSetError
        It cannot be read.
    """
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataSetError(f"{path}: cannot be read: {reason}") from error


def _read(folder: Path, name: str) -> pa.Table | None:
    path = find_file(folder, name)
    if path is None:
        return None
    with reading(path):
        table = pyarrow.parquet.read_table(path) if path.suffix == ".parquet" else open_csv(path, pyarrow.csv.read_csv)
    require_columns(table.column_names, name, path)
    if not table.num_rows:
        raise DataSetError(f"{path}: has no rows")
    return typed(table, name, path)


def open_csv(path: Path, reader: Callable[..., Reader]) -> Reader:
    """Open a CSV file with every column as strings: what a cell means is decided cell by cell.

    Parameters
    ----------
    reader
        One of pyarrow's: for the whole file, or chunk by chunk.
    """
    with path.open(encoding="utf-8-sig") as stream:
        header = stream.readline()
    if not header.strip() or not header.endswith("\n"):
        raise DataSetError(f"{path}: has no rows")
    names = pyarrow.csv.read_csv(pa.BufferReader(header.encode())).column_names
    return reader(
        path,
        read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK_BYTES),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )


def typed(table: pa.Table, name: str, path: object) -> pa.Table:
    """Cast the columns that Braid knows to their types.

    Parameters
    ----------
    name
        Which file of a folder it is.
    path
        Where it is, for the message.

    Raises
    ------
    DataSetError
        A text column holds another type.
    """
    numeric = _NUMBERS if name in (ITEMS, USERS) else (*_NUMBERS, *_SALES)
    for position, column in enumerate(table.column_names):
        values = table[column]
        if column in _TEXTS:
            typed = _strings(values, path, column)
        elif column in numeric:
            typed = numbers(values)
        else:
            continue
        table = table.set_column(position, column, typed)
    return table


def _strings(values: pa.ChunkedArray, path: object, column: str) -> pa.ChunkedArray:
    try:
        return values.cast(pa.string())
    except pa.ArrowException as error:
        raise DataSetError(f"{path}: the column {column!r} has the type {values.type}, not text") from error
