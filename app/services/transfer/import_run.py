"""A running import: its chunks, one after the other, and the counts of their rows."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from app.services.transfer.checking import Clean, add_dropped, add_examples
from app.services.transfer.counts import Count, Imported
from app.services.transfer.dropped import Dropped, Example
from app.services.transfer.dropped import count as count_dropped
from app.services.transfer.merging import Left
from app.storage.imports import ImportState
from app.storage.known_rows import KnownRows
from models.data import file_chunks
from models.data.file_chunks import Chunk, FileChunks

_BYTES_AT_ONCE = 1 << 26
"""Bytes of chunks that are joined: rows can be long."""


class _Read(NamedTuple):
    """A chunk with its usable rows, those that were left out, and whether it was stored before."""

    rows: Any
    chunk: Chunk
    dropped: Dropped
    is_stored: bool


class Part:
    """The cleaned rows of chunks that are stored together, and whether they were stored before.

    `share` is how much has been read with them, `chunks` how many they are.
    """

    def __init__(self, found: Sequence[_Read], count: Count, examples: list[Example]) -> None:
        last = found[-1]
        self.rows = last.rows if len(found) == 1 else _joined([one.rows for one in found])
        self.share = last.chunk.share
        self.chunks = len(found)
        self.is_stored = last.is_stored
        self._count = count
        self._before = (count.new, count.kept, count.dropped)
        self._opened = last.chunk.opened
        self._examples = examples
        self._left: Sequence[Left] = ()

    def stored(self, new: int, left: Sequence[Left]) -> None:
        """Count the rows that are new, and those that are left out after all."""
        # Assigned, not added to: a transaction that a deadlock rolled back runs again.
        before, kept, dropped = self._before
        self._count.new, self._count.kept, self._count.dropped = before + new, kept - len(left), {**dropped}
        for one in left:
            count_dropped(self._count.dropped, one.reason)
        self._left = left

    def show_left(self) -> None:
        """Keep rows that were left out after all as examples, once that is committed."""
        new = [Example(self._opened, one.place, one.reason) for one in self._left if one.place is not None]
        add_examples(self._examples, new)


class ImportRun:
    """A running import: the number of the next chunk, the counts so far, and the rows that the log had before."""

    def __init__(self, state: ImportState | None, known: KnownRows) -> None:
        self.import_id = None if state is None else state.import_id
        self.done = Imported() if state is None else Imported.from_json(state.counts)
        self.known = known
        self.number = 0
        self._read = 0
        self.number_stored = 0 if state is None else state.parts

    async def parts(
        self, name: str, chunks: FileChunks | None, clean: Clean, *, rows_at_once: int = 0, stored_too: bool = False
    ) -> AsyncIterator[Part]:
        """Yield one part after the other; the next one is read and cleaned while the database works.

        Parameters
        ----------
        rows_at_once
            Chunks of tables are joined up to this number of rows, or to some bytes; others come alone.
        stored_too
            Whether chunks that were stored before an interruption are yielded as well; they are not counted once more.
        """
        if chunks is None:
            return
        count = getattr(self.done, name) or Count()
        setattr(self.done, name, count)
        tables = chunks.tables()

        def read() -> list[_Read]:
            found: list[_Read] = []
            rows_read = size = 0
            for chunk in tables:
                dropped = Dropped()
                self._read += 1
                stored = self._read <= self.number_stored
                rows = None if stored and not stored_too else clean(chunk.table, dropped)
                found.append(_Read(rows, chunk, dropped, stored))
                rows_read, size = rows_read + chunk.table.num_rows, size + chunk.table.nbytes
                # Before a further chunk could be one too many.
                if stored or rows_read + file_chunks.CHUNK_ROWS > rows_at_once or size > _BYTES_AT_ONCE:
                    break
            return found

        coming = asyncio.ensure_future(asyncio.to_thread(read))
        try:
            while found := await coming:
                coming = asyncio.ensure_future(asyncio.to_thread(read))
                for one in found:
                    if one.is_stored:
                        self.number += 1
                        continue
                    count.read += one.chunk.table.num_rows + len(one.chunk.bad)
                    count.kept += len(one.rows)
                    add_dropped(count.dropped, one.chunk, one.dropped, self.done.examples)
                if found[-1].rows is not None:
                    yield Part(found, count, self.done.examples)
        finally:
            await asyncio.gather(coming, return_exceptions=True)


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    # A chunk may lack a column, or have one without a value, of another type therefore.
    return pa.concat_tables(tables, promote_options="permissive")
