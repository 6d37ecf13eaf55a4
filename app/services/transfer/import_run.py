"""A running import: its chunks, one after the other, and the counts of their rows."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from app.services.transfer.checking import Clean, add_dropped, add_examples
from app.services.transfer.counts import Count, Imported
from app.services.transfer.dropped import Dropped, Example
from app.services.transfer.dropped import count as count_dropped
from app.services.transfer.merging import Left
from app.storage.imports import ImportState
from app.storage.known_rows import KnownRows
from models.data.file_chunks import Chunk, FileChunks


class Part:
    """The cleaned rows of a chunk, how much has been read with it, and whether they were stored before."""

    def __init__(self, rows: Any, count: Count, chunk: Chunk, examples: list[Example], *, is_stored: bool) -> None:
        self.rows = rows
        self.share = chunk.share
        self.is_stored = is_stored
        self._count = count
        self._before = (count.new, count.kept, count.dropped)
        self._opened = chunk.opened
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
        self, name: str, chunks: FileChunks | None, clean: Clean, *, stored_too: bool = False
    ) -> AsyncIterator[Part]:
        """Yield one cleaned chunk after the other; the next one is read and cleaned while the database works.

        Parameters
        ----------
        stored_too
            Whether chunks that were stored before an interruption are yielded as well; they are not counted once more.
        """
        if chunks is None:
            return
        count = getattr(self.done, name) or Count()
        setattr(self.done, name, count)
        tables = chunks.tables()

        def read() -> tuple[Any, Chunk, Dropped, bool] | None:
            for chunk in tables:
                dropped = Dropped()
                self._read += 1
                stored = self._read <= self.number_stored
                return (None if stored and not stored_too else clean(chunk.table, dropped)), chunk, dropped, stored
            return None

        coming = asyncio.ensure_future(asyncio.to_thread(read))
        try:
            while (found := await coming) is not None:
                rows, chunk, dropped, stored = found
                coming = asyncio.ensure_future(asyncio.to_thread(read))
                if stored:
                    self.number += 1
                else:
                    count.read += chunk.table.num_rows + len(chunk.bad)
                    count.kept += len(rows)
                    add_dropped(count.dropped, chunk, dropped, self.done.examples)
                if rows is not None:
                    yield Part(rows, count, chunk, self.done.examples, is_stored=stored)
        finally:
            await asyncio.gather(coming, return_exceptions=True)
