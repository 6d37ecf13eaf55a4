"""Exports the log and the catalogue to a data-set folder that `braid import` restores them from."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from app.services.kit.files import complete_file, make_folder, remove
from app.storage import arrow_types
from app.storage.interactions import InteractionStore
from app.storage.log_pages import LogPages
from app.storage.rows import COLUMNS
from app.times import from_microseconds
from models.data.catalogue import (
    ATTRIBUTES,
    AVAILABLE_FROM,
    AVAILABLE_UNTIL,
    CATEGORIES,
    DESCRIPTION,
    HIDDEN,
    PRICE,
    TAGS,
    TITLE,
)
from models.data.columns import CONTEXT, ITEM, TIMESTAMP, USER
from models.data.folder import EXPORTED, INTERACTIONS, ITEMS, USERS
from models.data.progress import Progress

_SECOND = 1_000_000
_TYPES: dict[str, pa.DataType] = {
    **arrow_types.INTERACTION_TYPES,
    **arrow_types.ITEM_TYPES,
    TIMESTAMP: pa.float64(),
    AVAILABLE_FROM: pa.string(),
    AVAILABLE_UNTIL: pa.string(),
}
"""The columns of the files: times of interactions in seconds, an item's times as text."""
_ITEM = (TITLE, DESCRIPTION, CATEGORIES, TAGS, PRICE, ATTRIBUTES, HIDDEN, AVAILABLE_FROM, AVAILABLE_UNTIL)
_OBJECTS = (CONTEXT, ATTRIBUTES)
_MOMENTS = (AVAILABLE_FROM, AVAILABLE_UNTIL)


@dataclass(frozen=True)
class ExportedFolder:
    """Number of rows of each file; an empty file is not written."""

    interactions: int
    items: int
    users: int


class ExportingLog:
    """Writes data-set folders."""

    def __init__(self, interactions: InteractionStore, pages: LogPages) -> None:
        self._interactions = interactions
        self._pages = pages

    async def run(self, folder: Path, progress: Progress) -> ExportedFolder:
        """Write everything that is in the database; each file appears when it is complete.

        Raises
        ------
        DatabaseError
            The database does not answer.
        OSError
            A file cannot be written.
        """
        make_folder(folder)
        expected = max(await self._interactions.count(), 1)

        def report(done: int) -> None:
            progress("export", min(done / expected, 1.0))

        counts = [
            await _write(folder / f"{ITEMS}.parquet", (ITEM, *_ITEM), self._pages.items(_ITEM), 0),
            await _write(folder / f"{USERS}.parquet", (USER, ATTRIBUTES), self._pages.users(), 0),
            await _write(folder / f"{INTERACTIONS}.parquet", COLUMNS, self._pages.interactions(), 1, report),
        ]
        progress("export", 1.0)
        return ExportedFolder(counts[2], counts[0], counts[1])


async def _write(
    path: Path,
    names: Sequence[str],
    pages: AsyncIterator[Sequence[Any]],
    skipped: int,
    report: Callable[[int], None] = lambda _: None,
) -> int:
    """Write pages of rows, without their first `skipped` columns; a file of an older export is replaced or removed."""
    schema = pa.schema([(name, _TYPES[name]) for name in names], metadata={EXPORTED: b"1"})
    done = 0
    with complete_file(path) as partial, pq.ParquetWriter(partial, schema) as writer:
        async for page in pages:
            columns = list(zip(*page, strict=True))[skipped:]
            arrays = [_array(name, column) for name, column in zip(names, columns, strict=True)]
            writer.write_table(pa.table(arrays, schema=schema))
            done += len(page)
            report(done)
    if not done and path.stem != INTERACTIONS:
        remove(path)
    return done


def _array(name: str, column: Sequence[Any]) -> pa.Array:
    if name in _OBJECTS:
        column = [None if value is None else orjson.dumps(value).decode() for value in column]
    elif name in _MOMENTS:
        column = [None if value is None else from_microseconds(value).isoformat() for value in column]
    elif name == TIMESTAMP:
        column = [None if value is None else value / _SECOND for value in column]
    return pa.array(column, _TYPES[name])
