"""Users' profiles in SQL."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, select, true

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
        """Create or replace users as part of a transaction."""
        statement = self._database.insert(users)
        others = {name: statement.excluded[name] for name in ("attributes", "changed_at", "described")}
        statement = statement.on_conflict_do_update(index_elements=[USER], set_=others)
        for page in pages([{**row, "described": True, "changed_at": now()} for row in rows], _ROWS_A_STATEMENT):
            connection.execute(statement, page)

    async def put(self, user_id: str, attributes: dict[str, Any]) -> bool:
        """Create or replace a user and commit; return whether it is new."""

        def work(connection: Connection) -> bool:
            there = connection.scalar(select(users.c[USER]).where(users.c[USER] == user_id).with_for_update())
            self.put_now(connection, [{USER: user_id, "attributes": attributes}])
            return there is None

        return await self._changes.write(work)

    async def change(self, user_id: str, changed: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any] | None:
        """Change a user's attributes by a function, commit and return them; None where there is no such user."""

        def work(connection: Connection) -> dict[str, Any] | None:
            found = connection.execute(select(users.c.attributes).where(users.c[USER] == user_id).with_for_update())
            row = found.first()
            if row is None:
                return None
            attributes = changed(row[0])
            self.put_now(connection, [{USER: user_id, "attributes": attributes}])
            return attributes

        return await self._changes.write(work)

    async def put_many(self, rows: Sequence[dict[str, Any]]) -> None:
        """Create or replace users in one transaction and commit."""
        await self._changes.write(lambda connection: self.put_now(connection, rows))

    async def get(self, user_id: str) -> dict[str, Any] | None:
        """Return a user's attributes; None where there is no such user."""
        async with self._database.begin() as connection:
            statement = select(users.c.attributes).where(users.c[USER] == user_id)
            row = (await connection.execute(statement)).first()
            return None if row is None else dict(row[0])

    async def page(self, prefix: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Return users in the order of their ids, the first ones after an id."""
        wanted = true() if after is None else users.c[USER] > after
        if prefix is not None:
            wanted &= users.c[USER].startswith(prefix, autoescape=True)
        async with self._database.begin() as connection:
            statement = select(users.c[USER], users.c.attributes).where(wanted).order_by(users.c[USER]).limit(limit)
            return [dict(row) for row in (await connection.execute(statement)).mappings()]
