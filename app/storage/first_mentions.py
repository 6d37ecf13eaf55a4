"""Users and items that are created when an interaction first names them."""

from collections.abc import Collection, Iterable
from mmap import mmap

import orjson
from sqlalchemy import Connection, select

from app.storage.database import Database
from app.storage.tables import items, users
from models.data.columns import ITEM, USER

_PLACES = 1 << 18
_WORD = (1 << 64) - 1
_INTO_USERS = "INSERT INTO users (user_id, attributes, described) SELECT value,"
_INTO_ITEMS = "INSERT INTO items (item_id, categories, tags, attributes, described) SELECT value,"
_SQLITE = (
    # Without WHERE the parser would read ON CONFLICT as part of a join.
    f"{_INTO_USERS} '{{}}', false FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
    f"{_INTO_ITEMS} '[]', '[]', '{{}}', false FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
)
_UNNEST = "FROM unnest($1::text[]) AS given(value) ON CONFLICT DO NOTHING"
_POSTGRESQL = (
    f"{_INTO_USERS} '{{}}'::jsonb, false {_UNNEST}",
    f"{_INTO_ITEMS} '[]'::jsonb, '[]'::jsonb, '{{}}'::jsonb, false {_UNNEST}",
)


class KnownIds:
    """Remembers ids in fixed memory (2 MB): an id that it knows exists; one that it does not know may exist."""

    def __init__(self) -> None:
        self._places = _empty()

    def unknown(self, ids: Iterable[str]) -> list[str]:
        """Return the ids that are not remembered, ascending: writing them in one order avoids deadlocks."""
        places = self._places
        return sorted({name for name in ids if places[(code := hash(name) & _WORD) % _PLACES] != code})

    def add(self, ids: Iterable[str]) -> None:
        """Remember ids; each may overwrite another one."""
        for name in ids:
            code = hash(name) & _WORD
            self._places[code % _PLACES] = code

    def forget(self, ids: Collection[str] | None) -> None:
        """Forget ids, all of them where None."""
        if ids is None:
            self._places = _empty()
            return
        for name in ids:
            self._places[(hash(name) & _WORD) % _PLACES] = 0


def _empty() -> "memoryview[int]":
    # Anonymous pages: the system hands them out when they are first written to, all zero.
    return memoryview(mmap(-1, 8 * _PLACES)).cast("Q")


class FirstMentions:
    """Creates the users and items that interactions name and that do not exist yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.users = KnownIds()
        self._items = KnownIds()

    def create(
        self, connection: Connection, user_ids: Iterable[str], item_ids: Iterable[str]
    ) -> tuple[list[str], list[str]]:
        """Create missing users and items as part of a transaction; return those to `remember` after the commit."""
        found = self.users.unknown(user_ids), self._items.unknown(item_ids)
        for new, statement in zip(found, _SQLITE if self._database.is_sqlite else _POSTGRESQL, strict=True):
            if new:
                given = orjson.dumps(new).decode() if self._database.is_sqlite else new
                connection.exec_driver_sql(statement, (given,))
        return found

    def remember(self, created: tuple[list[str], list[str]]) -> None:
        """Remember ids that are committed."""
        self.users.add(created[0])
        self._items.add(created[1])

    async def missing(self, user_ids: Collection[str], item_ids: Collection[str]) -> tuple[set[str], set[str]]:
        """Return the users and the items that do not exist; a deleted item does not."""
        async with self._database.begin() as connection:
            there = set(await connection.scalars(select(users.c[USER]).where(users.c[USER].in_(sorted(user_ids)))))
            known = items.c[ITEM].in_(sorted(item_ids)) & ~items.c.deleted
            return set(user_ids) - there, set(item_ids) - set(
                await connection.scalars(select(items.c[ITEM]).where(known))
            )
