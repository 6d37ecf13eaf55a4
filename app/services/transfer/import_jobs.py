"""Imports over HTTP: the files are kept, and imported by a process of its own, so that requests are not slowed down."""

import asyncio
import fcntl
import os
import secrets
import shutil
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import BinaryIO

import structlog

from app.errors import DatabaseError, InvalidFieldsError, NotFoundError
from app.schemas.imports import ImportJob
from app.schemas.problems import FieldError
from app.services.transfer.import_rows import Timestamps
from app.services.transfer.importing import fingerprint_of
from app.storage.imports import DONE, FAILED, ImportState, ImportStore
from app.storage.refusals import write_refused
from app.times import from_microseconds, now
from models.bundle.writing import partial_folder, sweep, sync_folder
from models.data.errors import DataSetError
from models.data.file_chunks import Files, open_folder
from models.data.reading.mapping import read_mappings
from models.data.reading.opening import Wishes, data_suffix

_ORDER, _REPLACE, _LOCK, _MAPPING = "ORDER", "REPLACE", "LOCK", "mapping.toml"
_UNUSABLE = 2
_ATTEMPTS = 5
_RETRY_SECONDS = 5.0
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
    """

    def __init__(
        self, root: Path, imports: ImportStore, environment: Mapping[str, str], event_types: Collection[str]
    ) -> None:
        self._root = root
        self._event_types = frozenset(event_types)
        self._environment = environment
        self._imports = imports
        self._accepted: asyncio.Queue[Path] = asyncio.Queue()

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
        """
        name = secrets.token_hex(8)
        folder = self._root / name
        # The folder is hidden until it is complete, so that no process starts to import a part of it.
        with partial_folder(self._root, name) as partial:
            try:
                opened = await asyncio.to_thread(self._keep, partial, files, timestamps, replace)
            except DataSetError as error:
                text = str(error).replace(f"{partial}/", "").replace(str(partial), "the upload")
                problem = FieldError(field="body", code="unusable_files", detail=text)
                raise InvalidFieldsError(text, [problem]) from error
            except OSError as error:
                raise write_refused(error, f"{self._root}: the files cannot be kept") from error
            state = await self._imports.begin(fingerprint_of(opened, timestamps, replace=replace), str(folder))
            if state.status == DONE:
                return _job(state)
            await asyncio.to_thread(_show, partial, folder)
        self._accepted.put_nowait(folder)
        return _job(state)

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
        return _job(state)

    async def run(self) -> None:
        """Import files that an earlier process left, and those accepted from now on, for as long as the process lives.

        What is under way when it is cancelled is continued at the next start.
        """
        await asyncio.to_thread(sweep, self._root)
        async with asyncio.TaskGroup() as under_way:
            for folder in await asyncio.to_thread(_folders, self._root):
                under_way.create_task(self._import_until_done(folder))
            while True:
                under_way.create_task(self._import_until_done(await self._accepted.get()))

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
                code, said = await _run_command(folder, self._environment)
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

    async def _state(self, folder: Path) -> ImportState | None:
        try:
            opened = await asyncio.to_thread(self._open, folder)
        except DataSetError:
            return None
        return await self._imports.find(fingerprint_of(opened, _timestamps(folder), replace=_replaces(folder)))

    def _open(self, folder: Path) -> Files:
        mapping = folder / _MAPPING
        by_file = read_mappings(mapping) if mapping.exists() else {}
        return open_folder(
            folder,
            Wishes(
                by_file=by_file,
                known_events=self._event_types,
                timestamps=_timestamps(folder),
            ),
        )

    def _keep(
        self,
        folder: Path,
        files: Mapping[str, tuple[str, BinaryIO]],
        timestamps: Timestamps,
        replace: bool,
    ) -> Files:
        for name, wanted in ((_ORDER, timestamps == "order"), (_REPLACE, replace)):
            if wanted:
                (folder / name).touch()
        for name, (filename, content) in files.items():
            suffix = ".toml" if name == _MAPPING.removesuffix(".toml") else data_suffix(filename)
            if suffix is None:
                known = ".csv, .tsv, .jsonl, .json or .parquet, also in .gz, .zst or .zip"
                raise DataSetError(f"{name}: the file {filename!r} ends in none of {known}")
            with (folder / f"{name}{suffix}").open("wb") as target:
                shutil.copyfileobj(content, target, 1 << 20)
                target.flush()
                os.fsync(target.fileno())
        return self._open(folder)


async def _run_command(folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run `braid import`; return its exit code and its last line of output."""
    command = [sys.executable, "-m", "app.cli", "import", str(folder), "--timestamps", _timestamps(folder)]
    if _replaces(folder):
        command.append("--replace")
    if (folder / _MAPPING).exists():
        command += ["--mapping", str(folder / _MAPPING)]
    # Nobody can be asked about ids: the job counts the rows that are left out, unless the mapping encodes them.
    command += ["--ids", "drop"]
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    lines = said.decode(errors="replace").strip().splitlines()
    return process.returncode or 0, lines[-1] if lines else ""


def _timestamps(folder: Path) -> Timestamps:
    return "order" if (folder / _ORDER).exists() else "seconds"


def _replaces(folder: Path) -> bool:
    return (folder / _REPLACE).exists()


def _show(partial: Path, folder: Path) -> None:
    sync_folder(partial)
    partial.rename(folder)
    sync_folder(folder.parent)


def _folders(root: Path) -> list[Path]:
    return (
        sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
        if root.is_dir()
        else []
    )


def _job(state: ImportState) -> ImportJob:
    moments = from_microseconds(state.created_at), from_microseconds(state.changed_at)
    fields = {"import_id": state.import_id, "status": state.status, "counts": state.counts, "error": state.error}
    return ImportJob(**fields, created_at=moments[0], changed_at=moments[1])
