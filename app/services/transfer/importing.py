"""Imports a data-set folder chunk by chunk, and resumes after an interruption."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection

from app.services.kit.event_types import EventTypeRule
from app.services.state.declared_schema import DeclaredSchema
from app.services.transfer.checking import DEFAULT, Clean, Limits, Looked, add_dropped, look, require_within, settle
from app.services.transfer.counts import INTERACTIONS, ITEMS, USERS, Count, Imported
from app.services.transfer.dropped import CONFLICT, Dropped, Example, explained
from app.services.transfer.import_rows import GivenItem, Timestamps, clean_interactions, clean_items, clean_users
from app.storage.bulk import BulkStore
from app.storage.changes import ChangeStore
from app.storage.imports import DONE, FAILED, ImportState, ImportStore
from app.storage.items import ItemStore
from app.storage.known_rows import KnownRows
from app.storage.users import UserStore
from models.data.errors import DataSetError
from models.data.file_chunks import Chunk, FileChunks, Files
from models.data.progress import Progress
from models.data.reading.rows import BadRow


class Importing:
    """Imports data sets."""

    def __init__(
        self,
        imports: ImportStore,
        bulk: BulkStore,
        items: ItemStore,
        users: UserStore,
        changes: ChangeStore,
        event_types: EventTypeRule,
        schema: DeclaredSchema,
    ) -> None:
        self._imports = imports
        self._bulk = bulk
        self._items = items
        self._users = users
        self._changes = changes
        self._event_types = event_types
        self._schema = schema

    async def run(
        self,
        files: Files,
        *,
        timestamps: Timestamps = "seconds",
        again: bool = False,
        replace: bool = False,
        limits: Limits = DEFAULT,
        progress: Progress,
    ) -> Imported:
        """Import files; the catalogue first, so that no interaction is without its item.

        Parameters
        ----------
        timestamps
            What `timestamp` means where the file does not say it itself, as an exported one does.
        again
            Whether files that were imported before are imported once more.
        replace
            Whether items and users of the files take the place of those that are there, with all their fields; else
            fields without a value stay as they are.
        limits
            How many rows may be bad.

        Raises
        ------
        DataSetError
            A file cannot be read, has too many bad rows, or no interaction can be imported.
        ImportBusyError
            Another process imports the same files.
        DatabaseError
            The database does not answer. Stored rows stay, and the same command resumes after them.
        """
        timestamps = _meaning(files, timestamps)
        state = None
        if files.fingerprint is not None:
            fingerprint = fingerprint_of(files, timestamps, replace=replace)
            if again:
                await self._imports.forget(fingerprint)
            state = await self._imports.begin(fingerprint, str(files.folder))
        run = _Run(state, KnownRows(await self._imports.log_end() if state is None else state.log_before))
        if state is not None and state.status == DONE:
            run.done.before = state.changed_at
            return run.done
        try:
            if not run.number_stored:
                # Checked before anything is stored, so that nothing is of a file that is refused.
                await self._look_first(files, timestamps, limits, progress)
            await self._import(run, files, timestamps, progress, replace=replace)
        except DataSetError as error:
            if state is not None:
                await self._imports.end(state.import_id, FAILED, str(error))
            raise
        if state is not None:
            await self._imports.end(state.import_id, DONE)
        return run.done

    async def check(
        self,
        files: Files,
        *,
        timestamps: Timestamps = "seconds",
        limits: Limits = DEFAULT,
        progress: Progress,
    ) -> Imported:
        """Read and check all rows and store nothing.

        Raises
        ------
        DataSetError
            A file cannot be read, or has too many bad rows where a limit is given.
        """
        cleaners = await self._cleaners(files, _meaning(files, timestamps))
        await asyncio.to_thread(settle, files, progress)
        looked = await asyncio.to_thread(look, files, cleaners, progress, all_rows=True)
        if limits.of_all:
            require_within(looked, limits, self._lines)
        return looked.as_imported()

    def explain(self, examples: list[Example]) -> list[BadRow]:
        """Say where rows are that were left out, and what would be accepted."""
        return explained(examples, self._event_types.known)

    def _lines(self, examples: list[Example]) -> list[str]:
        return [str(one) for one in self.explain(examples)]

    async def _look_first(self, files: Files, timestamps: Timestamps, limits: Limits, progress: Progress) -> None:
        if files.fingerprint is None:
            return
        cleaners = await self._cleaners(files, timestamps)

        def work() -> Looked:
            settle(files, progress)
            return look(files, cleaners, progress, all_rows=limits.of_all)

        require_within(await asyncio.to_thread(work), limits, self._lines)

    async def _cleaners(self, files: Files, timestamps: Timestamps) -> dict[str, Clean]:
        schema = await self._schema.load()
        exported = files.interactions is not None and files.interactions.exported

        def usable(table: Any, dropped: dict[str, int]) -> Any:
            return clean_interactions(table, timestamps, dropped, self._event_types, exported=exported)

        return {
            ITEMS: partial(clean_items, schema=schema),
            USERS: partial(clean_users, schema=schema),
            INTERACTIONS: usable,
        }

    async def _import(
        self, run: "_Run", files: Files, timestamps: Timestamps, progress: Progress, *, replace: bool
    ) -> None:
        def store_items(connection: Connection, given: Sequence[GivenItem]) -> None:
            rows = [one.row for one in given]
            if replace:
                self._items.put_now(connection, rows)
            else:
                self._items.merge_now(connection, rows, [one.named for one in given])

        store_users = self._users.put_now if replace else self._users.merge_now
        cleaners = await self._cleaners(files, timestamps)
        for name, chunks, clean, store in (
            (ITEMS, files.items, cleaners[ITEMS], store_items),
            (USERS, files.users, cleaners[USERS], store_users),
        ):
            async for part in run.parts(name, chunks, clean):
                part.counted.new += len(part.rows)

                def work(connection: Connection, rows: Any = part.rows, store: Any = store) -> None:
                    store(connection, rows)
                    self._advance(run, connection)

                await self._changes.write(work)
                run.number += 1
                progress(f"import {name}", part.share)

        async for part in run.parts(
            INTERACTIONS, files.interactions, cleaners[INTERACTIONS], stored_too=bool(run.known)
        ):
            if part.is_stored:
                await self._bulk.pass_over(part.rows, run.known)
                continue
            count = part.counted

            def also(
                connection: Connection,
                new: int,
                conflicts: int,
                count: Count = count,
                before: tuple[int, int, int] = (count.new, count.kept, count.dropped.get(CONFLICT, 0)),
            ) -> None:
                # Assigned, not added to: a transaction that a deadlock rolled back runs again.
                count.new, count.kept = before[0] + new, before[1] - conflicts
                if conflicts:
                    count.dropped[CONFLICT] = before[2] + conflicts
                self._advance(run, connection)

            await self._bulk.add(part.rows, also, run.known)
            run.number += 1
            progress("import", part.share)
        found = run.done.interactions
        if files.interactions is not None and not found.kept:
            lines = "; ".join(found.report().lines())
            raise DataSetError(f"{INTERACTIONS}: no row can be imported: {lines}")

    def _advance(self, run: "_Run", connection: Connection) -> None:
        if run.import_id is not None:
            self._imports.advance(connection, run.import_id, run.number, run.done.as_json())


def fingerprint_of(files: Files, timestamps: Timestamps, *, replace: bool = False) -> str:
    """Return the key of an import: equal for the same files, meaning of `timestamp` and way of storing."""
    key = f"{str(files.fingerprint)[:60]}{'-ord' if _meaning(files, timestamps) == 'order' else ''}"
    return f"{key[:56]}-rep{key[60:]}" if replace else key


def _meaning(files: Files, timestamps: Timestamps) -> Timestamps:
    return "order" if files.interactions is not None and files.interactions.only_order else timestamps


class _Part(NamedTuple):
    """The cleaned rows of a chunk, the counts of their kind, how much has been read, and whether they are stored."""

    rows: Any
    counted: Count
    share: float
    is_stored: bool


class _Run:
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
    ) -> AsyncIterator[_Part]:
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
                    yield _Part(rows, count, chunk.share, stored)
        finally:
            await asyncio.gather(coming, return_exceptions=True)
