"""Connections to files of SQLite."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.exc import DisconnectionError

from app.storage.search_index import SQLITE_TABLE

_BUSY_MILLISECONDS = 5000
_TRIED_SECONDS = 0.3
_TRUNCATE_MILLISECONDS = 100


def prepare(engine: Engine, lock_seconds: float | None = None) -> None:
    """Set up every new connection, and refuse one whose file was moved, removed or replaced.

    SQLite would go on writing into the old file: acknowledged rows would be lost.

    Parameters
    ----------
    lock_seconds
        How long a write tries again while another process has the lock.
    """

    def set_up(connection: Any, record: Any) -> None:
        _set_up(connection, record, _BUSY_MILLISECONDS if lock_seconds is None else round(lock_seconds * 1000))

    event.listen(engine, "connect", set_up)
    event.listen(engine, "checkout", _require_file)


def _set_up(connection: Any, record: Any, busy_milliseconds: int) -> None:
    pragmas = (
        f"busy_timeout={busy_milliseconds}",
        "synchronous=FULL",
        # What is deleted is overwritten: an erased user is not in free pages.
        "secure_delete=ON",
        # In pages of 4 KiB and in KiB. Random `event_id`s touch a page each: with the defaults every large batch would
        # be copied to the file at once, and read its index again.
        "wal_autocheckpoint=16000",
        "cache_size=-16000",
    )
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    _use_wal(cursor)
    cursor.execute("PRAGMA database_list")
    (_, _, path) = cursor.fetchone()
    cursor.close()
    record.info.update(path=path, file=_identity(path))


def _use_wal(cursor: Any) -> None:
    """Switch to the write-ahead log. While another process does so, SQLite refuses at once, despite the timeout."""
    until = time.monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except Exception as error:
            busy = getattr(getattr(error, "__cause__", None) or error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _require_file(_connection: object, record: Any, _fairy: object) -> None:
    if _identity(record.info["path"]) != record.info["file"]:
        raise DisconnectionError(f"{record.info['path']} is not the file that it was")


def is_read_only(path: str) -> bool:
    """Tell whether a file, or its folder, which holds the write-ahead log, cannot be written."""
    return not all(os.access(place, os.W_OK) for place in (path, Path(path).absolute().parent))


def try_lock(path: str) -> None:
    """Lock a file for writing and release it, so that the error says why it takes no writes."""
    uri = f"{Path(path).resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=_TRIED_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


def truncate_log(connection: Connection) -> bool:
    """Move the write-ahead log into the file and empty it; return whether no reader was in the way."""
    before = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    connection.exec_driver_sql(f"PRAGMA busy_timeout={_TRUNCATE_MILLISECONDS}")
    try:
        return bool(connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0] == 0)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={before}")


def lacks_columns(path: str | None, tables: MetaData) -> bool:
    """Tell whether a database lacks one of the tables or columns of this version, or the search index."""
    if path is None:
        return False
    try:
        with closing(sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return (
                any(
                    not {column.name for column in table.columns}
                    <= {row[1] for row in connection.execute(f'PRAGMA table_info("{table.name}")')}
                    for table in tables.sorted_tables
                )
                or not connection.execute(f'PRAGMA table_info("{SQLITE_TABLE}")').fetchall()
            )
    except sqlite3.Error:
        return False


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
