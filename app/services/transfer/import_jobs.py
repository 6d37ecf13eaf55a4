"""Imports over HTTP: the files are kept, and looked at and imported by processes of their own, one at a time.

So requests are not slowed down, and files that ask for much memory or time take it from no request.
"""

import asyncio
import fcntl
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from app.errors import DatabaseError, NotFoundError
from app.schemas.imports import ImportJob
from app.schemas.upload_previews import UploadPreview
from app.services.transfer.import_command import run_command
from app.services.transfer.import_progress import job_of
from app.services.transfer.import_rows import Timestamps
from app.services.transfer.importing import import_key
from app.services.transfer.upload_checker import UploadChecker
from app.services.transfer.upload_errors import told_of, unusable
from app.services.transfer.upload_folders import (
    keep,
    keep_key,
    keep_wishes,
    kept_key,
    replaces,
    show,
    timestamps_of,
    waiting_folders,
)
from app.storage.imports import DONE, FAILED, ImportState, ImportStore
from app.storage.queues import require_room
from app.storage.refusals import write_refused
from app.times import now
from models.bundle.writing import partial_folder, sweep
from models.data.errors import DataSetError

_LOCK = "LOCK"
_UNUSABLE = 2
_ATTEMPTS = 2
_RETRY_SECONDS = 5.0
_TURN_SECONDS = 0.2
_MAX_WAITING = 20
"""Imports that wait or run: each has its files on the disk."""
_MAX_LOOKED_AT, _LOOK_SECONDS = 2, 2
"""Uploads that are being looked at: each is an open request with its files."""
_log = structlog.get_logger(__name__)


class ImportJobs:
    """Takes uploaded files and has them imported.

    Parameters
    ----------
    root
        Where the files are, until they are imported.
    imports
        The state of imports.
    environment
        Settings of the processes that import, as environment variables.
    event_types
        Event types that are configured.
    memory_mb
        What an import may take.
    """

    def __init__(
        self,
        root: Path,
        imports: ImportStore,
        environment: Mapping[str, str],
        event_types: Collection[str],
        memory_mb: int,
    ) -> None:
        self._root = root
        self._event_types = frozenset(event_types)
        self._environment = environment
        self._imports = imports
        self._memory_mb = memory_mb
        self._accepted: asyncio.Queue[Path] = asyncio.Queue()
        self._one_at_a_time = asyncio.Lock()
        self._checker = UploadChecker()
        self._looked_at = 0

    async def accept(
        self, files: Mapping[str, tuple[str, BinaryIO]], timestamps: Timestamps, *, replace: bool = False
    ) -> ImportJob:
        """Keep files and begin to import them; the same files as before are not imported once more.

        Parameters
        ----------
        files
            By `interactions`, `items`, `users` and `mapping`: the name and content of each file.
        replace
            See `Importing.run`.

        Raises
        ------
        InvalidFieldsError
            The files are not a data-set folder.
        WriteRefusedError
            There is no room for them, or their folder can only be read.
        QueueFullError
            Too many uploads wait.
        OverloadedError
            The system lets no process look at the files.
        """
        require_room(self._looked_at, _MAX_LOOKED_AT, "uploads", retry_after=_LOOK_SECONDS)
        self._looked_at += 1
        try:
            require_room(len(await asyncio.to_thread(waiting_folders, self._root)), _MAX_WAITING, "imports")
            return await self._accept(files, timestamps, replace=replace)
        finally:
            self._looked_at -= 1

    async def _accept(
        self, files: Mapping[str, tuple[str, BinaryIO]], timestamps: Timestamps, *, replace: bool
    ) -> ImportJob:
        name = secrets.token_hex(8)
        folder = self._root / name
        # The folder is hidden until it is complete, so that no process starts to import a part of it.
        with partial_folder(self._root, name) as partial:
            try:
                await asyncio.to_thread(keep, partial, files, timestamps, replace)
                key = await self._key(partial)
            except DataSetError as error:
                raise unusable(told_of(error, partial)) from error
            except OSError as error:
                raise write_refused(error, f"{self._root}: the files cannot be kept") from error
            return await self._begin(partial, folder, key)

    async def accept_folder(self, kept: Path, timestamps: Timestamps, *, replace: bool = False) -> ImportJob:
        """Begin to import a folder of uploaded files that lies beside the others; it is moved there.

        Raises
        ------
        InvalidFieldsError
            The files are not a data-set folder.
        QueueFullError
            Too many imports wait.
        OverloadedError
            The system lets no process look at the files.
        """
        require_room(len(await asyncio.to_thread(waiting_folders, self._root)), _MAX_WAITING, "imports")
        try:
            await asyncio.to_thread(keep_wishes, kept, timestamps, replace)
            key = await self._key(kept)
        except DataSetError as error:
            raise unusable(told_of(error, kept)) from error
        except OSError as error:
            raise write_refused(error, f"{self._root}: the files cannot be kept") from error
        return await self._begin(kept, self._root / secrets.token_hex(8), key)

    async def preview(self, kept: Path, wanted: Mapping[str, Any]) -> UploadPreview:
        """Say what uploaded files hold, and how they would be read.

        Raises
        ------
        InvalidFieldsError, OverloadedError
            They cannot be read, or no process can look at them.
        """
        try:
            return UploadPreview.model_validate(await self._checker.preview(kept, wanted))
        except DataSetError as error:
            raise unusable(told_of(error, kept)) from error

    async def _begin(self, kept: Path, folder: Path, key: str) -> ImportJob:
        state = await self._imports.begin(key, str(folder))
        if state.status == DONE:
            return job_of(state)
        await asyncio.to_thread(show, kept, folder)
        self._accepted.put_nowait(folder)
        return job_of(state)

    async def latest(self, limit: int) -> list[ImportJob]:
        """List the imports that began last, newest first; those of commands too."""
        return [job_of(state) for state in await self._imports.latest(limit)]

    async def get(self, import_id: str) -> ImportJob:
        """Return how far an import has come.

        Raises
        ------
        NotFoundError
            There is no import with this id.
        """
        state = await self._imports.get(import_id)
        if state is None:
            raise NotFoundError(f"there is no import {import_id!r}")
        return job_of(state)

    async def run(self) -> None:
        """Import files that an earlier process left, and those accepted from now on, for as long as the process lives.

        What is under way when it is cancelled is continued at the next start.
        """
        await asyncio.to_thread(sweep, self._root)
        async with asyncio.TaskGroup() as under_way:
            for folder in await asyncio.to_thread(waiting_folders, self._root):
                under_way.create_task(self._import_until_done(folder))
            while True:
                under_way.create_task(self._import_until_done(await self._accepted.get()))

    async def close(self) -> None:
        """End the process that looks at uploads."""
        await self._checker.close()

    async def _import_until_done(self, folder: Path) -> None:
        """Import a folder; an unexpected error is logged and the folder tried again, and no other import notices."""
        while True:
            try:
                return await self._import(folder)
            except Exception:  # noqa: BLE001 - whatever it was, the files were accepted
                _log.exception("import is tried again", folder=str(folder))
                await asyncio.sleep(_RETRY_SECONDS)

    async def _import(self, folder: Path) -> None:
        """Import a folder and remove it, unless another process is importing it or has imported it."""
        try:
            lock = (folder / _LOCK).open("w")
        except FileNotFoundError:
            return
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            failures = 0
            while True:
                began = now()
                async with self._turn():
                    code, said = await run_command(folder, self._environment, self._memory_mb)
                try:
                    state = await self._state(folder)
                    if code == 0 or (state is not None and state.status == DONE):
                        break
                    # An attempt during which rows were stored, by any process, does not count as a failure.
                    failures += state is None or state.changed_at < began
                    if code == _UNUSABLE or failures == _ATTEMPTS:
                        _log.error("import failed", folder=str(folder), reason=said)
                        if state is not None:
                            await self._imports.end(state.import_id, FAILED, said)
                        break
                except DatabaseError as error:
                    # Accepted files are kept however long the database is unavailable.
                    said = str(error)
                _log.warning("import is tried again", folder=str(folder), reason=said)
                await asyncio.sleep(_RETRY_SECONDS)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until no other import runs, of this process or of another one with this folder."""
        async with self._one_at_a_time:
            folder = os.open(self._root, os.O_RDONLY)
            try:
                while not _locked(folder):  # noqa: ASYNC110 - the other one is a process
                    await asyncio.sleep(_TURN_SECONDS)
                yield
            finally:
                os.close(folder)

    async def _state(self, folder: Path) -> ImportState | None:
        try:
            return await self._imports.find(await self._key(folder))
        except DataSetError:
            return None

    async def _key(self, folder: Path) -> str:
        """Look at the files of a folder in a process of its own, and return the key of their import.

        Raises
        ------
        DataSetError
            They are not a data-set folder.
        OverloadedError
            The system lets no process look at them.
        """
        if (kept := await asyncio.to_thread(kept_key, folder)) is not None:
            return kept
        timestamps = timestamps_of(folder)
        found = await self._checker.look(folder, timestamps, self._event_types)
        as_order = found["only_order"] or timestamps == "order"
        key = import_key(found["fingerprint"], as_order=as_order, replace=replaces(folder))
        await asyncio.to_thread(keep_key, folder, key)
        return key


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
