"""Uploads that somebody looks at before they are imported: kept for an hour, with their mapping."""

import asyncio
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from app.errors import InvalidFieldsError, NotFoundError
from app.schemas.imports import ImportJob
from app.schemas.problems import FieldError
from app.schemas.upload_previews import UploadPreview
from app.services.kit.event_types import EventTypeRule
from app.services.state.declared_schema import DeclaredSchema
from app.services.transfer.import_jobs import ImportJobs
from app.services.transfer.import_rows import Timestamps
from app.services.transfer.upload_check import MAPPING
from app.services.transfer.upload_folders import write
from app.storage.refusals import write_refused
from models.data.reading.mapping import FileMapping, as_toml
from models.data.reading.opening import data_suffix

MAX_FILES = 8
_FOLDER = ".drafts"
_MOST, _SECONDS = 5, 3600
"""Drafts that are kept, and for how long: each has its files on the disk."""
_ID = re.compile(r"[0-9a-f]{16}")
_STRANGE = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME = 100


class ImportDrafts:
    """Keeps uploaded files until it is decided how they are imported.

    Parameters
    ----------
    root
        Where the files of imports are.
    """

    def __init__(
        self, root: Path, jobs: ImportJobs, event_types: EventTypeRule, schema: DeclaredSchema, id_rule: str
    ) -> None:
        self._root = root / _FOLDER
        self._jobs = jobs
        self._event_types = event_types
        self._schema = schema
        self._id_rule = id_rule

    async def keep(self, files: Sequence[tuple[str, BinaryIO]]) -> str:
        """Keep files under their own names, which say what they are; return the id of the draft.

        Raises
        ------
        InvalidFieldsError
            There is none, or one is of no format that is read.
        WriteRefusedError
            There is no room for them, or their folder can only be read.
        """
        named = _named(files)
        draft_id = secrets.token_hex(8)
        try:
            await asyncio.to_thread(self._keep, self._root / draft_id, named)
        except OSError as error:
            raise write_refused(error, f"{self._root}: the files cannot be kept") from error
        return draft_id

    async def preview(
        self, draft_id: str, mappings: Mapping[str, FileMapping], timestamps: Timestamps | None, *, asks_ids: bool
    ) -> UploadPreview:
        """Say what the files hold, and how they would be read.

        Parameters
        ----------
        mappings
            What is said of the files, by their names; the rest is found out.
        timestamps
            None asks where numbers seem to be an order.
        asks_ids
            Whether ids are asked about that would be left out and need not be.

        Raises
        ------
        NotFoundError
            There is no such draft any more.
        InvalidFieldsError
            They cannot be read in this way.
        OverloadedError
            The system lets no process look at the files.
        """
        folder = self._find(draft_id)
        await asyncio.to_thread(_say, folder, mappings)
        wanted = {
            "timestamps": timestamps,
            "asks_ids": asks_ids,
            "events": sorted(self._event_types.known),
            "allow_unknown": self._event_types.allow_unknown,
            "id_rule": self._id_rule,
            "schema": self._schema.current.model_dump(mode="json", exclude_none=True),
        }
        return await self._jobs.preview(folder, wanted)

    async def accept(
        self, draft_id: str, mappings: Mapping[str, FileMapping], timestamps: Timestamps, *, replace: bool
    ) -> ImportJob:
        """Begin to import the files.

        Raises
        ------
        NotFoundError
            There is no such draft any more.
        InvalidFieldsError
            They cannot be imported in this way.
        QueueFullError
            Too many imports wait.
        OverloadedError
            The system lets no process look at the files.
        """
        folder = self._find(draft_id)
        await asyncio.to_thread(_say, folder, mappings)
        job = await self._jobs.accept_folder(folder, timestamps, replace=replace)
        # The files of an import that was done before stay where they are.
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return job

    async def discard(self, draft_id: str) -> None:
        """Remove the files of a draft; it may be gone already."""
        if _ID.fullmatch(draft_id):
            await asyncio.to_thread(shutil.rmtree, self._root / draft_id, ignore_errors=True)

    def _find(self, draft_id: str) -> Path:
        folder = self._root / draft_id
        if _ID.fullmatch(draft_id) is None or not folder.is_dir():
            raise NotFoundError(
                "the uploaded files are not here any more: they are kept for an hour; upload them again"
            )
        return folder

    def _keep(self, folder: Path, named: Mapping[str, BinaryIO]) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        self._remove_old()
        folder.mkdir()
        try:
            for name, content in named.items():
                write(folder / name, content)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _remove_old(self) -> None:
        newest = sorted(self._root.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        before = time.time() - _SECONDS
        for place, path in enumerate(newest, start=1):
            if place >= _MOST or path.stat().st_mtime < before:
                shutil.rmtree(path, ignore_errors=True)


def _say(folder: Path, mappings: Mapping[str, FileMapping]) -> None:
    path = folder / MAPPING
    if mappings:
        path.write_text(as_toml(mappings), encoding="utf-8")
    else:
        path.unlink(missing_ok=True)


def _named(files: Sequence[tuple[str, BinaryIO]]) -> dict[str, BinaryIO]:
    """Give each file a name that is safe within a folder, and says as much as its own."""
    if not files:
        raise _wrong("choose a file first")
    if len(files) > MAX_FILES:
        raise _wrong(f"{len(files)} files are too many at once: at most {MAX_FILES} are taken")
    named: dict[str, BinaryIO] = {}
    for filename, content in files:
        own = PurePosixPath(filename.replace("\\", "/")).name
        name = _STRANGE.sub("_", own).lstrip(".")[-_LONGEST_NAME:]
        if data_suffix(name) is None:
            known = ".csv, .tsv, .txt, .dat, .jsonl, .json or .parquet, also in .gz, .zst or .zip"
            raise _wrong(f"the file {own[:_LONGEST_NAME]!r} ends in none of {known}")
        if name in named:
            raise _wrong(f"two files are called {name!r}")
        named[name] = content
    return named


def _wrong(text: str) -> InvalidFieldsError:
    return InvalidFieldsError(text, [FieldError(field="files", code="unusable_files", detail=text)])
