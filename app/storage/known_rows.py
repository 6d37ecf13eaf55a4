"""Rows without an `event_id` that were in the log before an import began: they are not stored once more.

A row is its content and its number: the nth of an import is in the log if there were n of its content before.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.arrow_types import INTERACTION_TYPES
from app.storage.database import pages
from app.storage.key_counts import KeyCounts, Keys
from app.storage.row_keys import CONTENT, row_keys, text_keys
from app.storage.tables import interactions
from models.data.columns import EVENT_ID, TIMESTAMP, USER

_SCHEMA = pa.schema([(name, INTERACTION_TYPES[name]) for name in CONTENT])
_NAMES = ", ".join(f"there.{name}" for name in CONTENT)
# CROSS JOIN and OFFSET 0 make both databases look for each given pair in the index of user and time, however many there
# are: PostgreSQL would read the whole log for each chunk.
_SQLITE = "SELECT {names} FROM json_each(?) AS given CROSS JOIN interactions AS there ON {same} WHERE there.id <= ?"
_POSTGRESQL = (
    "SELECT {names} FROM {given} CROSS JOIN LATERAL"
    " (SELECT * FROM interactions AS there WHERE {same} AND there.id <= $1 OFFSET 0) AS there"
)
_SQLITE_BY = [
    _SQLITE.format(names=_NAMES, same=same)
    for same in (
        "there.user_id = given.value->>0 AND there.timestamp = given.value->>1",
        "there.user_id = given.value AND there.timestamp IS NULL",
    )
]
_POSTGRESQL_BY = [
    _POSTGRESQL.format(names=_NAMES, given=given, same=same)
    for given, same in (
        (
            "unnest($2::text[], $3::int8[]) AS given(user_id, moment)",
            "there.user_id = given.user_id AND there.timestamp = given.moment",
        ),
        ("unnest($2::text[]) AS given(user_id)", "there.user_id = given.user_id AND there.timestamp IS NULL"),
    )
]
"""Statements that find rows by user and time, and those of users that have no time."""
_SPAN = select(func.min(interactions.c[TIMESTAMP]), func.max(interactions.c[TIMESTAMP]))
_USERS_A_STATEMENT = 1000
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Compared:
    """Which rows of a table are new, and the keys of those that the log has, to be counted once they are committed."""

    new: pa.Table
    keys: Keys


class KnownRows:
    """Compares the rows of one import, chunk after chunk, with the log as it was before.

    Parameters
    ----------
    log_before
        The largest id of the log when the import began; with 0 nothing is looked up.
    """

    def __init__(self, log_before: int) -> None:
        self._log_before = log_before
        self._passed = KeyCounts()
        """Rows of this import so far, of the contents that are in the log."""
        self._timeless = KeyCounts()
        """Rows of the log that have no time, of the users that the import has named so far."""
        self._users = KeyCounts()
        self._is_first = True
        self._span: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        """Whether there can be such rows."""
        return self._log_before > 0

    async def compare(self, connection: AsyncConnection, table: pa.Table, merged: Mapping[str, str]) -> Compared:
        """Compare the next rows; `remember` the result before those after them.

        Parameters
        ----------
        table
            Columns of the log, the users as they are after their merges.
        merged
            Users who were merged, and into whom: rows may stand under either name.
        """
        unnamed = pc.is_null(table[EVENT_ID]).to_numpy()
        rows = table.filter(pa.array(unnamed)).select([name for name in CONTENT if name in table.column_names])
        if not rows.num_rows or not self:
            return Compared(table, np.zeros(0, dtype=np.uint64))
        keys = row_keys(rows)
        there = await self._count(connection, rows, keys, merged)
        known = there > self._passed.of(keys) + _numbers(keys)
        new = np.ones(table.num_rows, dtype=np.bool_)
        new[unnamed] = ~known
        return Compared(table if new.all() else table.filter(pa.array(new)), keys[there > 0])

    def remember(self, compared: Compared) -> None:
        """Count rows that are committed."""
        self._passed.add(compared.keys)

    async def _count(
        self, connection: AsyncConnection, rows: pa.Table, keys: Keys, merged: Mapping[str, str]
    ) -> Numbers:
        """Count the rows of the log that have the content of each row."""
        before: dict[str, list[str]] = defaultdict(list)
        for earlier, user in merged.items():
            before[user].append(earlier)
        timeless = pc.is_null(rows[TIMESTAMP])
        await self._read_timeless(connection, pc.unique(rows.filter(timeless)[USER]).to_pylist(), before, merged)
        timed = await self._within_span(connection, rows.filter(pc.invert(timeless)).select([USER, TIMESTAMP]))
        pairs = timed.group_by([USER, TIMESTAMP]).aggregate([]).sort_by([(USER, "ascending"), (TIMESTAMP, "ascending")])
        users, moments = pairs[USER].to_pylist(), pairs[TIMESTAMP].to_pylist()
        for user, moment in list(zip(users, moments, strict=True)) if before else ():
            users += before.get(user, [])
            moments += [moment] * len(before.get(user, []))
        there = KeyCounts()
        if users:
            there.add(_keys_of(await self._find(connection, users, moments), merged))
        return there.of(keys) + np.where(timeless.to_numpy(), self._timeless.of(keys), 0)

    async def _within_span(self, connection: AsyncConnection, timed: pa.Table) -> pa.Table:
        """Leave out rows before all others of the log or after them, as those of a file of new rows are.

        The log has to be read for that, which takes longer than to look for a few rows: not at the first chunk.
        """
        if self._span is None and not self._is_first:
            found = (await connection.execute(_SPAN.where(interactions.c.id <= self._log_before))).one()
            self._span = (0, -1) if found[0] is None else (found[0], found[1])
        self._is_first = False
        if self._span is None:
            return timed
        moments = timed[TIMESTAMP]
        return timed.filter(pc.and_(pc.greater_equal(moments, self._span[0]), pc.less_equal(moments, self._span[1])))

    async def _read_timeless(
        self, connection: AsyncConnection, users: list[str], before: Mapping[str, list[str]], merged: Mapping[str, str]
    ) -> None:
        """Read all rows without a time of users that come for the first time: no index tells one from another."""
        codes = text_keys(users)
        unread = [user for user, times in zip(users, self._users.of(codes).tolist(), strict=True) if not times]
        for page in pages(sorted(unread), _USERS_A_STATEMENT):
            names = [*page, *(earlier for user in page for earlier in before.get(user, ()))]
            self._timeless.add(_keys_of(await self._find(connection, names), merged))
        self._users.add(text_keys(unread))

    async def _find(
        self, connection: AsyncConnection, users: list[str], moments: list[int] | None = None
    ) -> Sequence[Row[Any]]:
        """Find rows of the log by user and time, or those of users that have no time."""
        given: tuple[object, ...]
        if connection.dialect.name == "sqlite":
            pairs = users if moments is None else list(zip(users, moments, strict=True))
            statement, given = _SQLITE_BY[moments is None], (orjson.dumps(pairs).decode(), self._log_before)
        else:
            arrays = (users,) if moments is None else (users, moments)
            statement, given = _POSTGRESQL_BY[moments is None], (self._log_before, *arrays)
        return (await connection.exec_driver_sql(statement, given)).all()


def _keys_of(rows: Sequence[Row[Any]], merged: Mapping[str, str]) -> Keys:
    columns = [list(column) for column in zip(*rows, strict=True)]
    if not columns:
        return np.zeros(0, dtype=np.uint64)
    place = CONTENT.index(USER)
    if merged:
        columns[place] = [merged.get(str(user), user) for user in columns[place]]
    return row_keys(pa.table([pa.array(one, field.type) for one, field in zip(columns, _SCHEMA, strict=True)], _SCHEMA))


def _numbers(keys: Keys) -> Numbers:
    """Return for each key how many equal ones come before it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    places = np.arange(len(keys))
    numbers = np.empty(len(keys), dtype=np.int64)
    numbers[order] = places - np.maximum.accumulate(np.where(starts, places, 0))
    return numbers
