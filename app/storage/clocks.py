"""The clock of the database, which machines with clocks of their own share."""

from sqlalchemy import Connection, text

from app.times import now

_CLOCK = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")


def moment_of(connection: Connection) -> int:
    """Return the time in microseconds since 1970: the server's, or this machine's where the database is a file."""
    return now() if connection.dialect.name == "sqlite" else int(connection.scalar(_CLOCK) or 0)
