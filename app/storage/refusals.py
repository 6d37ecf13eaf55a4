"""What errors of a database or a disk say, and which of them mean that it takes no writes, while it can be read."""

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.errors import StorageFullError, StorageLockedError, StorageReadOnlyError, WriteRefusedError

_OF_SQLITE: dict[int, type[WriteRefusedError]] = {
    sqlite3.SQLITE_FULL: StorageFullError,
    sqlite3.SQLITE_READONLY: StorageReadOnlyError,
    sqlite3.SQLITE_BUSY: StorageLockedError,
    sqlite3.SQLITE_LOCKED: StorageLockedError,
}
_OF_POSTGRESQL: dict[str, type[WriteRefusedError]] = {
    "53100": StorageFullError,
    "25006": StorageReadOnlyError,
    "55P03": StorageLockedError,
}
_OF_THE_SYSTEM: dict[int, type[WriteRefusedError]] = {
    errno.EROFS: StorageReadOnlyError,
    errno.EACCES: StorageReadOnlyError,
    errno.EPERM: StorageReadOnlyError,
}
_PRIMARY = 0xFF
"""The part of an extended result code of SQLite that is the code itself."""


def refusal_of(cause: object) -> type[WriteRefusedError] | None:
    """Return how an error of a driver says that nothing is written; None for any other error."""
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return _OF_SQLITE.get(code & _PRIMARY)
    return _OF_POSTGRESQL.get(str(getattr(cause, "sqlstate", None)))


def write_refused(error: OSError, about: str) -> WriteRefusedError:
    """Return the error for files that cannot be written."""
    kind = _OF_THE_SYSTEM.get(error.errno or 0, StorageFullError)
    return kind(f"{about}: {error.strerror or error}")


def reason_of(error: Exception) -> str:
    """Return what a driver says, in one line."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).splitlines() or [type(cause).__name__]
    line = lines[0] if not isinstance(cause, SQLAlchemyError) else str(cause.args[0])
    return line.partition(">: ")[2] or line
