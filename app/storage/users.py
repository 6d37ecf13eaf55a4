"""Users' profiles in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from app.storage.changes import ChangeStore
from app.storage.database import Database, pages
from app.storage.tables import users
from app.times import now
from models.data.columns import USER

_ROWS_A_STATEMENT = 1000


class UserStore:
    """Reads and writes users; a row is a dict with the columns of the table."""

    def __init__(self, database: Database, changes: ChangeStore) -> None:
        self._database = database
        self._changes = changes

    def put_now(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Put users, each in the place of the one that was there, as part of a transaction."""
        statement = self._database.insert(users)
        others = {name: statement.excluded[name] for name in ("attributes", "changed_at", "described")}
        statement = statement.on_conflict_do_update(index_elements=[USER], set_=others)
        for page in pages([{**row, "described": True, "changed_at": now()} for row in rows], _ROWS_A_STATEMENT):
            connection.execute(statement, page)
