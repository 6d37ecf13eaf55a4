"""Whether the database answers, has the right tables and takes writes, and whether disks have room."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from app.errors import DatabaseError, SchemaError, StorageReadOnlyError, WriteRefusedError
from app.schemas.health import Check
from app.storage.database import Database
from app.storage.migrations import require_schema
from app.storage.sqlite_files import is_read_only

LITTLE_ROOM = 200_000_000
"""Bytes below which a disk counts as nearly full."""
_MEGABYTE = 1_000_000


async def database_checks(database: Database) -> dict[str, Check]:
    """Check that the database answers, and its tables."""
    found = Check(status="ok", detail=database.url.get_backend_name())
    try:
        migrations = Check(status="ok", detail=await require_schema(database))
    except SchemaError as error:
        migrations = Check(status="failed", detail=str(error))
    except DatabaseError as error:
        return {
            "database": Check(status="failed", detail=f"{error}: {_advice(database)}"),
            "migrations": Check(status="failed", detail="unknown while the database does not answer"),
        }
    return {"database": found, "migrations": migrations}


async def storage_check(database: Database, folders: Iterable[Path]) -> Check:
    """Check that writes are taken, and that there is room on the disks.

    Parameters
    ----------
    folders
        Where else something is written, beside the database.
    """
    try:
        await database.require_writable()
    except WriteRefusedError as error:
        return Check(status="degraded", detail=f"{error}: {error.advice}")
    except DatabaseError as error:
        return Check(status="degraded", detail=f"unknown: {error}")
    free = {folder: shutil.disk_usage(folder).free for folder in nearest_folders(database, folders)}
    little = [
        f"{room // _MEGABYTE:,} MB are free on the disk of {folder}: free space, or enlarge it"
        for folder, room in free.items()
        if room < LITTLE_ROOM
    ]
    if little:
        return Check(status="degraded", detail="; ".join(little))
    least = min(free.values(), default=None)
    room_left = "" if least is None else f", and {least // _MEGABYTE:,} MB are free"
    return Check(status="ok", detail=f"takes writes{room_left}")


def _advice(database: Database) -> str:
    if database.is_sqlite and database.url.database and is_read_only(database.url.database):
        return StorageReadOnlyError.advice.partition(";")[0]
    return "see that it runs and can be reached, and that BRAID_DATABASE_URL is right"


def database_folders(database: Database) -> list[Path]:
    """Return the folder of an SQLite file."""
    return [Path(database.url.database).absolute().parent] if database.is_sqlite and database.url.database else []


def nearest_folders(database: Database, folders: Iterable[Path]) -> list[Path]:
    """Return the folders that are written to, or where one does not exist yet, the nearest one above it."""
    return sorted({_existing(folder) for folder in (*database_folders(database), *folders)})


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    whole = folder.absolute()
    return next(path for path in (whole, *whole.parents) if path.is_dir())
