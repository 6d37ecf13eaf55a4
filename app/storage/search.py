"""Full-text search over the catalogue: title, description, categories and tags."""

from collections.abc import Sequence

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.database import Database
from app.storage.search_index import POSTGRESQL_COLUMN, SQLITE_NUMBERS, SQLITE_TABLE, for_postgresql, for_sqlite

_WHOLE_WORD = 1.5
"""How much more an item counts that has the last word of the query as a whole."""
# The rows are chosen first, the latest of them, so that no more than `most` are scored.
_FIRST_SQLITE = f"""
SELECT item_id, 1 FROM (SELECT rowid AS number FROM {SQLITE_TABLE} WHERE {SQLITE_TABLE} MATCH :words
    ORDER BY rowid DESC LIMIT :most) JOIN {SQLITE_NUMBERS} ON id = number"""  # noqa: S608 - names of tables
_SCORED_SQLITE = f"""
SELECT item_id, score FROM (
    SELECT rowid AS number, -bm25({SQLITE_TABLE}, 10.0, 1.0, 4.0, 4.0) AS score FROM {SQLITE_TABLE}
    WHERE {SQLITE_TABLE} MATCH :words ORDER BY rowid DESC LIMIT :most
) JOIN {SQLITE_NUMBERS} ON id = number"""  # noqa: S608
_SCORED_POSTGRESQL = f"""
SELECT item_id, ts_rank('{{0.1, 0.2, 0.4, 1.0}}', {POSTGRESQL_COLUMN}, to_tsquery('simple', :words), 1) AS score
FROM (SELECT item_id, {POSTGRESQL_COLUMN} FROM items
    WHERE {POSTGRESQL_COLUMN} @@ to_tsquery('simple', :words) LIMIT :most) AS found"""  # noqa: S608
# A frequent word would be looked for in the whole table, in the hope that enough items have it before its end.
_BY_INDEX = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)"
)


class SearchStore:
    """Finds items by words."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scored = text(_SCORED_SQLITE if database.is_sqlite else _SCORED_POSTGRESQL)
        # BM25 counts the rows of every word, which takes longer than to find them; `ts_rank` counts nothing.
        self._first = text(_FIRST_SQLITE) if database.is_sqlite else self._scored

    async def matching(self, words: Sequence[str], most: int) -> list[tuple[str, float]]:
        """Return items that have all words, the last one as the beginning of a word, with their scores, in any order.

        If there are more, those that have the last word as a whole come first, then the items that were stored last
        on SQLite, and first on PostgreSQL.

        Parameters
        ----------
        words
            At least one, as `words_of` gives them.
        most
            Number of items that are scored.
        """
        async with self._database.begin() as connection:
            if not self._database.is_sqlite:
                await connection.execute(_BY_INDEX)
            whole = dict(await self._found(connection, self._first, words, most, prefix=False))
            partial = len(whole) < most
            scores = whole
            if partial or self._first is not self._scored:
                scores = dict(await self._found(connection, self._scored, words, most, prefix=partial))
            if not whole.keys() <= scores.keys():
                # More items begin with the word than are scored.
                scores |= dict(await self._found(connection, self._scored, words, most, prefix=False))
        return [(item_id, score * (_WHOLE_WORD if item_id in whole else 1.0)) for item_id, score in scores.items()]

    async def _found(
        self, connection: AsyncConnection, statement: TextClause, words: Sequence[str], most: int, *, prefix: bool
    ) -> list[tuple[str, float]]:
        write = for_sqlite if self._database.is_sqlite else for_postgresql
        found = await connection.execute(statement, {"words": write(words, prefix=prefix), "most": most})
        return [(item_id, float(score)) for item_id, score in found]
