"""Exports the log and the catalogue to a data-set folder that `braid import` restores them from."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from app.services.kit.files import complete_file, make_folder, remove
from app.services.state.declared_schema import DeclaredSchema
from app.storage import arrow_types
from app.storage.interactions import InteractionStore
from app.storage.log_pages import LogPages
from app.storage.rows import COLUMNS, LOG_COLUMNS
from app.storage.vectors import unpack
from app.times import from_microseconds
from models.data.catalogue import ATTRIBUTES, AVAILABLE_FROM, AVAILABLE_UNTIL, FIELDS, VECTORS
from models.data.columns import CONTEXT, ITEM, SEQUENCE, TIMESTAMP, USER
from models.data.folder import EXPORTED, INTERACTIONS, ITEMS, USERS
from models.data.order import MEANING, ORDER
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
_VECTOR = pa.list_(pa.float32())
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

    def __init__(self, interactions: InteractionStore, pages: LogPages, schema: DeclaredSchema) -> None:
        self._interactions = interactions
        self._pages = pages
        self._schema = schema

    async def run(self, folder: Path, progress: Progress) -> ExportedFolder:
        """Write everything that is in the database; the files appear together, when all are complete.

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

        lengths = (await self._schema.load()).vectors
        columns = _TYPES | dict.fromkeys(lengths, _VECTOR)
        paths = [folder / f"{name}.parquet" for name in (INTERACTIONS, ITEMS, USERS)]
        with ExitStack() as whole:
            # A folder with some files of this export and others of an earlier one would look whole.
            to_log, to_items, to_users = (whole.enter_context(complete_file(path)) for path in paths)
            done = ExportedFolder(
                items=await _write(to_items, (ITEM, *FIELDS, *lengths), self._items(lengths), types=columns),
                users=await _write(to_users, (USER, ATTRIBUTES), self._pages.users()),
                interactions=await self._write_log(to_log, report),
            )
        for path, rows in zip(paths[1:], (done.items, done.users), strict=True):
            if not rows:
                remove(path)
        progress("export", 1.0)
        return done

    async def _items(self, lengths: Mapping[str, int]) -> AsyncIterator[Sequence[Any]]:
        """Read the items with a column for each declared vector; other vectors stay among the attributes."""
        attributes = 1 + FIELDS.index(ATTRIBUTES)
        async for page in self._pages.items((*FIELDS, VECTORS)):
            rows = []
            for row in page:
                fields: list[Any] = list(row[:-1])
                packed = row[-1]
                vectors = unpack(packed)
                own = [vectors.pop(name) if len(vectors.get(name, ())) == lengths[name] else None for name in lengths]
                fields[attributes] = {**fields[attributes], **{name: one.tolist() for name, one in vectors.items()}}
                rows.append((*fields, *own))
            yield rows

    async def _write_log(self, path: Path, report: Callable[[int], None]) -> int:
        """Write the log; a log without times as it came in, with its order as `timestamp`."""
        if not await self._interactions.has_sequence():
            return await _write(path, COLUMNS, self._pages.interactions(COLUMNS), report, skipped=1)
        if await self._interactions.has_times():
            return await _write(path, LOG_COLUMNS, self._pages.interactions(LOG_COLUMNS), report, skipped=1)
        names = [SEQUENCE if name == TIMESTAMP else name for name in COLUMNS]
        # A row with a time was posted after the export began.
        pages = self._pages.interactions(names, with_times=False)
        return await _write(path, names, pages, report, skipped=1, only_order=True)


async def _write(
    path: Path,
    names: Sequence[str],
    pages: AsyncIterator[Sequence[Any]],
    report: Callable[[int], None] = lambda _: None,
    *,
    skipped: int = 0,
    only_order: bool = False,
    types: Mapping[str, pa.DataType] = _TYPES,
) -> int:
    """Write pages of rows, without their first `skipped` columns, and return how many rows there were.

    With `only_order`, `sequence` is written as `timestamp`, and the file says so.
    """
    fields = [(TIMESTAMP if only_order and name == SEQUENCE else name, types[name]) for name in names]
    schema = pa.schema(fields, metadata={EXPORTED: b"1"} | ({MEANING: ORDER} if only_order else {}))
    done = 0
    with pq.ParquetWriter(path, schema) as writer:
        async for page in pages:
            columns = list(zip(*page, strict=True))[skipped:]
            arrays = [_array(name, column, types[name]) for name, column in zip(names, columns, strict=True)]
            writer.write_table(pa.table(arrays, schema=schema))
            done += len(page)
            report(done)
    return done


def _array(name: str, column: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if name in _OBJECTS:
        column = [None if value is None else orjson.dumps(value).decode() for value in column]
    elif name in _MOMENTS:
        column = [None if value is None else from_microseconds(value).isoformat() for value in column]
    elif name == TIMESTAMP:
        column = [None if value is None else value / _SECOND for value in column]
    return pa.array(column, kind)
