"""Users' profiles in SQL."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, select, true

from app.storage.changes import ChangeStore
from app.storage.database import Database, pages
from app.storage.tables import users
from app.times import now
from models.data.columns import USER
from models.data.profiles import ATTRIBUTES

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
        self._changes.record_now(connection, "users", [row[USER] for row in rows])

    def locked(self, connection: Connection, user_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the attributes of users, for a change as part of a transaction; unknown ones are left out."""
        found: dict[str, dict[str, Any]] = {}
        for page in pages(user_ids, _ROWS_A_STATEMENT):
            there = users.c[USER].in_(page)
            statement = select(users.c[USER], users.c.attributes).where(there).order_by(users.c[USER])
            found |= {row[0]: row[1] for row in connection.execute(statement.with_for_update())}
        return found

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

    async def attributes(self, user_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the attributes of several users; those without any are left out."""
        found: dict[str, dict[str, Any]] = {}
        async with self._database.begin() as connection:
            for page in pages(user_ids, _ROWS_A_STATEMENT):
                one = users.c[USER] == page[0] if len(page) == 1 else users.c[USER].in_(page)
                statement = select(users.c[USER], users.c.attributes).where(one & users.c.described)
                found |= {user: given for user, given in await connection.execute(statement) if given}
        return found

    async def table(self) -> pa.Table | None:
        """Read the described users in the columns of a data-set folder; None where there are none."""
        statement = select(users.c[USER], users.c.attributes).where(users.c.described)
        async with self._database.begin() as connection:
            rows = (await connection.execute(statement)).all()
        # Attributes as JSON: objects of any shape are no column of one type.
        found = {USER: [user for user, _ in rows], ATTRIBUTES: [json.dumps(given) for _, given in rows]}
        return pa.table(found) if rows else None

    async def page(self, prefix: str | None, after: str | None, limit: int) -> list[dict[str, Any]]:
        """Return users in the order of their ids, the first ones after an id."""
        wanted = true() if after is None else users.c[USER] > after
        if prefix is not None:
            wanted &= users.c[USER].startswith(prefix, autoescape=True)
        async with self._database.begin() as connection:
            statement = select(users.c[USER], users.c.attributes).where(wanted).order_by(users.c[USER]).limit(limit)
            return [dict(row) for row in (await connection.execute(statement)).mappings()]
