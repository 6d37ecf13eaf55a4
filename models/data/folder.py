"""Data-set folders: the format of imports, exports and evaluations."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from models.data.columns import (
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    QUANTITY,
    REQUEST_ID,
    REVENUE,
    TIMESTAMP,
    USER,
    VALUE,
)
from models.data.errors import DataSetError
from models.data.numbers import numbers
from models.data.schema import Attributes

INTERACTIONS, ITEMS, USERS, TEST, CANDIDATES, HISTORIES = (
    "interactions",
    "items",
    "users",
    "test",
    "candidates",
    "histories",
)
_FILES = (INTERACTIONS, ITEMS, USERS, TEST, CANDIDATES, HISTORIES)
EXPORTED = b"braid.exported"
"""Key in the metadata of files that `braid export` wrote: their rows are taken over unchanged."""
NO_INTERACTIONS = "contains neither interactions.parquet nor interactions.csv"
_NUMBERS = (TIMESTAMP, VALUE)
_SALES = (QUANTITY, REVENUE)
"""Numbers too, but in a profile an attribute may have one of these names."""
_TEXTS = (USER, ITEM, EVENT_TYPE, EVENT_ID, REQUEST_ID)


@dataclass(frozen=True)
class DataSet:
    """The files of a data-set folder as tables; ids are strings, numbers float64.

    `interactions` is marked where its `timestamp` is only an order; see `models.data.order`. `user_types` are the
    declared types of attributes of users, by name; `told` says what was found about the files when they were read.
    """

    interactions: pa.Table
    items: pa.Table | None = None
    users: pa.Table | None = None
    test: pa.Table | None = None
    candidates: pa.Table | None = None
    histories: pa.Table | None = None
    user_types: Attributes = field(default_factory=dict)
    told: tuple[str, ...] = ()


def write_folder(folder: Path, dataset: DataSet) -> None:
    """Write a data set as Parquet files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
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
    except MemoryError:
        # Arrow's own is an `ArrowException` too, and says nothing about the file.
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataSetError(f"{path}: cannot be read: {reason}") from error


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
