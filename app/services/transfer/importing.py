"""Imports a data-set folder chunk by chunk, and resumes after an interruption."""

import asyncio
from functools import partial
from typing import Any

from sqlalchemy import Connection

from app.services.kit.event_types import EventTypeRule
from app.services.state.declared_schema import DeclaredSchema
from app.services.transfer.checking import DEFAULT, Clean, Limits, Looked, look, require_within, settle
from app.services.transfer.counts import INTERACTIONS, ITEMS, USERS, Imported
from app.services.transfer.dropped import CONFLICT, ERASED, Example, explained
from app.services.transfer.import_rows import Timestamps, clean_interactions, clean_items, clean_users
from app.services.transfer.import_run import ImportRun, Part
from app.services.transfer.merging import Left, Merging
from app.storage.bulk import BulkStore
from app.storage.changes import ChangeStore
from app.storage.erased_in_imports import erased_among
from app.storage.imports import DONE, FAILED, ImportStore
from app.storage.items import ItemStore
from app.storage.known_rows import KnownRows
from app.storage.users import UserStore
from models.data.errors import DataSetError
from models.data.file_chunks import Files
from models.data.progress import Progress
from models.data.reading.rows import BadRow

_ROWS_A_TRANSACTION = 200_000
"""Each commit writes most pages of the log's index anew; other writers wait while one is under way."""


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
            Whether files that were imported before are read once more; what is in the log is not added.
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
            fingerprint = import_key(files.fingerprint, as_order=timestamps == "order", replace=replace)
            if again:
                await self._imports.forget(fingerprint)
            state = await self._imports.begin(fingerprint, str(files.folder))
        run = ImportRun(state, KnownRows(await self._imports.log_end() if state is None else state.log_before))
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
        self, run: ImportRun, files: Files, timestamps: Timestamps, progress: Progress, *, replace: bool
    ) -> None:
        merging = Merging(self._items, self._users, replace=replace)
        cleaners = await self._cleaners(files, timestamps)
        for name, chunks, clean, store in (
            (ITEMS, files.items, cleaners[ITEMS], merging.put_items),
            (USERS, files.users, cleaners[USERS], merging.put_users),
        ):
            async for part in run.parts(name, chunks, clean):

                def work(connection: Connection, part: Part = part, store: Any = store) -> None:
                    left = store(connection, part.rows, erased_among(connection, run.import_id))
                    part.stored(len(part.rows) - len(left), left)
                    self._advance(run, connection, part)

                await self._changes.write(work)
                part.show_left()
                run.number += part.chunks
                progress(f"import {name}", part.share)

        async for part in run.parts(
            INTERACTIONS,
            files.interactions,
            cleaners[INTERACTIONS],
            rows_at_once=_ROWS_A_TRANSACTION,
            stored_too=bool(run.known),
        ):
            if part.is_stored:
                await self._bulk.pass_over(part.rows, run.known)
                continue

            def also(connection: Connection, new: int, conflicts: int, erased: int, part: Part = part) -> None:
                part.stored(new, [Left(None, CONFLICT)] * conflicts + [Left(None, ERASED)] * erased)
                self._advance(run, connection, part)

            await self._bulk.add(part.rows, also, run.known, run.import_id)
            run.number += part.chunks
            progress("import", part.share)
        found = run.done.interactions
        if files.interactions is not None and not found.kept:
            lines = "; ".join(found.report().lines())
            raise DataSetError(f"{INTERACTIONS}: no row can be imported: {lines}")

    def _advance(self, run: ImportRun, connection: Connection, part: Part) -> None:
        if run.import_id is not None:
            self._imports.advance(connection, run.import_id, run.number, part.chunks, run.done.as_json())


def import_key(fingerprint: str, *, as_order: bool, replace: bool) -> str:
    """Return the key of an import: equal for the same files, meaning of `timestamp` and way of storing."""
    key = f"{fingerprint[:60]}{'-ord' if as_order else ''}"
    return f"{key[:56]}-rep{key[60:]}" if replace else key


def _meaning(files: Files, timestamps: Timestamps) -> Timestamps:
    return "order" if files.interactions is not None and files.interactions.only_order else timestamps
