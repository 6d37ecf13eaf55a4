"""Values of settings that are addresses: what they must look like."""

from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}


def database_url(value: str) -> str:
    """Return the URL of a database with the driver that Braid uses.

    Raises
    ------
    ValueError
        It is none, or none of SQLite or PostgreSQL.
    """
    try:
        url = make_url(value)
    except ArgumentError as error:
        raise ValueError("is not a database URL") from error
    if url.drivername not in _DRIVERS:
        raise ValueError(f"{url.drivername!r} is neither SQLite nor PostgreSQL")
    options = {"ssl" if name == "sslmode" else name: text for name, text in url.query.items()}
    unknown = sorted(set(options) - (set() if url.drivername.startswith("sqlite") else {"ssl"}))
    if unknown:
        raise ValueError(f"has an option that Braid does not know: {unknown[0]}")
    return url.set(drivername=_DRIVERS[url.drivername], query=options).render_as_string(hide_password=False)


def bundle_place(value: str) -> str:
    """Return the folder or URL of bundles.

    Raises
    ------
    ValueError
        It is neither.
    """
    parts = urlsplit(value)
    if "://" in value and parts.scheme not in {"file", "s3", "gs"}:
        raise ValueError(f"{value!r} is neither a folder nor a URL of file://, s3:// or gs://")
    if parts.scheme in {"s3", "gs"} and not parts.netloc:
        raise ValueError(f"{value!r} names no bucket: {parts.scheme}://bucket/folder")
    if value.startswith("file://") and parts.netloc:
        raise ValueError(f"{value!r} names a host: a folder is file:///folder")
    return value
