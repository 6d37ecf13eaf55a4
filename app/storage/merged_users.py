"""Users who were merged into others: chains that end with one user, never in a circle."""

from collections.abc import Sequence

import orjson
from sqlalchemy import Connection, select

from app.storage.tables import merges
from models.data.columns import USER

_ENDS = """
WITH RECURSIVE chain(user_id, target) AS (
    SELECT user_id, into_user_id FROM merges WHERE user_id IN ({given})
    UNION SELECT chain.user_id, later.into_user_id FROM chain JOIN merges AS later ON later.user_id = chain.target
)
SELECT user_id, target FROM chain WHERE target NOT IN (SELECT user_id FROM merges)
"""
_ENDS_SQLITE = _ENDS.format(given="SELECT value FROM json_each(?)")
_ENDS_POSTGRESQL = _ENDS.format(given="SELECT unnest($1::text[])")


def end_of(connection: Connection, user_id: str) -> str:
    """Return who a user is now: the last of those that it was merged into, one into the other."""
    return chain_of(connection, user_id)[-1]


def chain_of(connection: Connection, user_id: str) -> list[str]:
    """Return a user, and all that it was merged into, one into the other."""
    chain = [user_id]
    while (target := connection.scalar(select(merges.c.into_user_id).where(merges.c[USER] == chain[-1]))) is not None:
        chain.append(target)
    return chain


def ends_of(connection: Connection, user_ids: Sequence[str]) -> dict[str, str]:
    """Return who users are now, of those that were merged into others; nothing is looked up where nobody was."""
    if connection.scalar(select(merges.c[USER]).limit(1)) is None:
        return {}
    sqlite = connection.dialect.name == "sqlite"
    given = orjson.dumps(user_ids).decode() if sqlite else list(user_ids)
    found = connection.exec_driver_sql(_ENDS_SQLITE if sqlite else _ENDS_POSTGRESQL, (given,))
    return {row.user_id: row.target for row in found}


def all_of(connection: Connection, user_id: str) -> list[str]:
    """Return a user, and all who were merged into it, also by way of others."""
    found, latest = [user_id], [user_id]
    while latest:
        latest = list(connection.scalars(select(merges.c[USER]).where(merges.c.into_user_id.in_(latest))))
        found += latest
    return found
