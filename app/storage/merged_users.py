"""Users who were merged into others: chains that end with one user, never in a circle."""

from sqlalchemy import Connection, select

from app.storage.tables import merges
from models.data.columns import USER


def end_of(connection: Connection, user_id: str) -> str:
    """Return who a user is now: the last of those that it was merged into, one into the other."""
    return chain_of(connection, user_id)[-1]


def chain_of(connection: Connection, user_id: str) -> list[str]:
    """Return a user, and all that it was merged into, one into the other."""
    chain = [user_id]
    while (target := connection.scalar(select(merges.c.into_user_id).where(merges.c[USER] == chain[-1]))) is not None:
        chain.append(target)
    return chain


def all_of(connection: Connection, user_id: str) -> list[str]:
    """Return a user, and all who were merged into it, also by way of others."""
    found, latest = [user_id], [user_id]
    while latest:
        latest = list(connection.scalars(select(merges.c[USER]).where(merges.c.into_user_id.in_(latest))))
        found += latest
    return found
