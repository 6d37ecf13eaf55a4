"""Imports a data-set folder chunk by chunk, and resumes after an interruption."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence, Sized
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from app.services.kit.event_types import EventTypeRule
from app.services.state.declared_schema import DeclaredSchema
from app.services.transfer.import_rows import GivenItem, Timestamps, clean_interactions, clean_items, clean_users
from app.storage.bulk import BulkStore
from app.storage.changes import ChangeStore
from app.storage.imports import DONE, FAILED, ImportState, ImportStore
from app.storage.items import ItemStore
from app.storage.users import UserStore
from models.data.cleaning import CleaningReport
from models.data.errors import DataSetError
from models.data.file_chunks import FileChunks, Files
from models.data.progress import Progress

_CONFLICT = "event_id in the log with other content"
INTERACTIONS, ITEMS, USERS = "interactions", "items", "users"
Cleaned = TypeVar("Cleaned", bound=Sized)


@dataclass
class Count:
    """Rows of one kind: read, kept as the API would take them, new in the database, and left out by reason."""

    read: int = 0
    kept: int = 0
    new: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    def report(self) -> CleaningReport:
        """Return the numbers of kept and dropped rows."""
        return CleaningReport(self.read, self.kept, self.dropped)


@dataclass
class Imported:
    """The counts of an import, with those before an interruption; `before` is when the same import ended earlier."""

    interactions: Count = field(default_factory=Count)
    items: Count | None = None
    users: Count | None = None
    before: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the counts in the form in which they are stored."""
        counts = {INTERACTIONS: self.interactions, ITEMS: self.items, USERS: self.users}
        return {name: vars(count) for name, count in counts.items() if count is not None}

    @classmethod
    def from_json(cls, counts: dict[str, Any]) -> "Imported":
        """Read stored counts."""
        found = {name: Count(**given) for name, given in counts.items()}
        return cls(found.get(INTERACTIONS, Count()), found.get(ITEMS), found.get(USERS))


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

        Raises
        ------
        DataSetError
            A file cannot be read, or no interaction can be imported.
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
        run = _Run(state)
        if state is not None and state.status == DONE:
            run.done.before = state.changed_at
            return run.done
        try:
            if not run.number_stored:
                # Checked before anything is stored: rows stored before a damaged part would be stored again with the
                # corrected file.
                await asyncio.to_thread(_read_through, files, progress)
            await self._import(run, files, timestamps, progress, replace=replace)
        except DataSetError as error:
            if state is not None:
                await self._imports.end(state.import_id, FAILED, str(error))
            raise
        if state is not None:
            await self._imports.end(state.import_id, DONE)
        return run.done

    async def _import(
        self, run: "_Run", files: Files, timestamps: Timestamps, progress: Progress, *, replace: bool
    ) -> None:
        schema = await self._schema.load()

        def store_items(connection: Connection, given: Sequence[GivenItem]) -> None:
            rows = [one.row for one in given]
            if replace:
                self._items.put_now(connection, rows)
            else:
                self._items.merge_now(connection, rows, [one.named for one in given])

        store_users = self._users.put_now if replace else self._users.merge_now
        for name, chunks, clean, store in (
            (ITEMS, files.items, partial(clean_items, schema=schema), store_items),
            (USERS, files.users, partial(clean_users, schema=schema), store_users),
        ):
            async for rows, count, share in run.chunks(name, chunks, clean):
                count.new += len(rows)

                def work(connection: Connection, rows: Any = rows, store: Any = store) -> None:
                    store(connection, rows)
                    self._advance(run, connection)

                await self._changes.write(work)
                run.number += 1
                progress(f"import {name}", share)

        def usable(table: Any, dropped: dict[str, int]) -> Any:
            return clean_interactions(
                table, timestamps, dropped, self._event_types, exported=files.interactions.exported
            )

        async for table, count, share in run.chunks(INTERACTIONS, files.interactions, usable):

            def also(
                connection: Connection,
                new: int,
                conflicts: int,
                count: Count = count,
                before: tuple[int, int, int] = (count.new, count.kept, count.dropped.get(_CONFLICT, 0)),
            ) -> None:
                # Assigned, not added to: a transaction that a deadlock rolled back runs again.
                count.new, count.kept = before[0] + new, before[1] - conflicts
                if conflicts:
                    count.dropped[_CONFLICT] = before[2] + conflicts
                self._advance(run, connection)

            await self._bulk.add(table, also)
            run.number += 1
            progress("import", share)
        found = run.done.interactions
        if not found.kept:
            lines = "; ".join(found.report().lines())
            raise DataSetError(f"{INTERACTIONS}: no row can be imported: {lines}")

    def _advance(self, run: "_Run", connection: Connection) -> None:
        if run.import_id is not None:
            self._imports.advance(connection, run.import_id, run.number, run.done.as_json())


def _read_through(files: Files, progress: Progress) -> None:
    """Read all files to their ends.

    Raises
    ------
    DataSetError
        One of them cannot be read.
    """
    if files.fingerprint is None:
        return
    for chunks in filter(None, (files.items, files.users, files.interactions)):
        for _, share in chunks.tables():
            progress("reading", share)


def fingerprint_of(files: Files, timestamps: Timestamps, *, replace: bool = False) -> str:
    """Return the key of an import: equal for the same files, meaning of `timestamp` and way of storing."""
    key = f"{str(files.fingerprint)[:60]}{'-ord' if _meaning(files, timestamps) == 'order' else ''}"
    return f"{key[:56]}-rep{key[60:]}" if replace else key


def _meaning(files: Files, timestamps: Timestamps) -> Timestamps:
    return "order" if files.interactions.only_order else timestamps


class _Run:
    """A running import: the number of the next chunk, and the counts so far."""

    def __init__(self, state: ImportState | None) -> None:
        self.import_id = None if state is None else state.import_id
        self.done = Imported() if state is None else Imported.from_json(state.counts)
        self.number = 0
        self._read = 0
        self.number_stored = 0 if state is None else state.parts

    async def chunks(
        self, name: str, chunks: FileChunks | None, clean: Callable[[Any, dict[str, int]], Cleaned]
    ) -> AsyncIterator[tuple[Cleaned, Count, float]]:
        """Yield one cleaned chunk after the other; the next one is read and cleaned while the database works."""
        if chunks is None:
            return
        count = getattr(self.done, name) or Count()
        setattr(self.done, name, count)
        tables = chunks.tables()

        def read() -> tuple[Cleaned | None, int, dict[str, int], float] | None:
            for table, share in tables:
                dropped: dict[str, int] = {}
                self._read += 1
                stored = self._read <= self.number_stored
                return None if stored else clean(table, dropped), table.num_rows, dropped, share
            return None

        coming = asyncio.ensure_future(asyncio.to_thread(read))
        try:
            while (found := await coming) is not None:
                rows, read_rows, dropped, share = found
                coming = asyncio.ensure_future(asyncio.to_thread(read))
                if rows is None:
                    self.number += 1
                    continue
                count.read += read_rows
                count.kept += len(rows)
                for reason, number in dropped.items():
                    count.dropped[reason] = count.dropped.get(reason, 0) + number
                yield rows, count, share
        finally:
            await asyncio.gather(coming, return_exceptions=True)
