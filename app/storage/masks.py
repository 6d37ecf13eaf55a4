"""Users whom bundles of an earlier training hide: their data was erased, or moved to another user."""

from sqlalchemy import Connection

from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.tables import masked_users
from app.times import now
from models.data.columns import USER


def hide(database: Database, changes: ChangeStore, connection: Connection, user_id: str) -> None:
    """Hide a user in all bundles made until now, as part of a transaction."""
    statement = database.insert(masked_users).values({USER: user_id, "masked_at": now()})
    newer = {"masked_at": statement.excluded.masked_at}
    connection.execute(statement.on_conflict_do_update(index_elements=[USER], set_=newer))
    changes.record_now(connection, "masks", [user_id])
