"""Values of settings that are addresses or limits: what they must look like."""

from importlib.util import find_spec
from ipaddress import ip_network
from urllib.parse import urlsplit

from limits import parse_many
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}
_LONGEST_SECONDS = 366 * 86_400
"""Of the time of a rate limit: a year."""


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


def networks(value: str) -> str:
    """Return addresses and networks, separated by commas.

    Raises
    ------
    ValueError
        One of them is neither.
    """
    found = [part.strip() for part in value.split(",") if part.strip()]
    for part in found:
        try:
            ip_network(part)
        except ValueError as error:
            raise ValueError(f"{part!r} is neither an address (10.0.0.5) nor a network (10.0.0.0/8)") from error
    return ",".join(found)


def rate_limit(value: str) -> str:
    """Return how many requests there may be in which time, without spaces and line breaks around it.

    Raises
    ------
    ValueError
        It is no such text, has several limits, allows no request, or its time is longer than a year.
    """
    try:
        first, *others = parse_many(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a limit such as 600/minute or 50/second") from error
    if others:
        raise ValueError(f"{value!r} has several limits: give one, such as 600/minute")
    if first.amount < 1:
        raise ValueError(f"{value!r} allows no request at all")
    if first.get_expiry() > _LONGEST_SECONDS:
        raise ValueError(f"{value!r} counts over more than a year: give a shorter time, such as 600/minute")
    return " ".join(value.split())


def limit_storage(value: str) -> str:
    """Return the URL of the place where requests are counted.

    Raises
    ------
    ValueError
        It is neither the memory of the process nor a Redis server.
    """
    if value != "memory://" and urlsplit(value).scheme not in {"redis", "rediss", "redis+unix"}:
        raise ValueError("is neither memory:// nor a URL of redis://, rediss:// or redis+unix://")
    if value != "memory://" and find_spec("redis") is None:
        raise ValueError("needs the package redis: install Braid with the extra `redis`")
    return value
