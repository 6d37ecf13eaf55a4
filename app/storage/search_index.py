"""The search index of items, which the database keeps: how a query is written for it."""

import unicodedata
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import ColumnElement, literal_column, text

from app.storage.tables import items
from models.data.columns import ITEM

SQLITE_TABLE = "items_search"
SQLITE_NUMBERS = "searched_items"
POSTGRESQL_COLUMN = "search_vector"
_INDEX = f"ix_items_{POSTGRESQL_COLUMN}"
_WORD = ("L", "M", "N")
"""Letters, marks on them, and digits; all else separates words."""
_PLAIN = range(0xC0, 0x250)
_TITLE = "A"


def words_of(query: str) -> list[str]:
    """Return the words of a query, each once, in the order of the query."""
    composed = unicodedata.normalize("NFC", query)
    spaced = "".join(one if unicodedata.category(one).startswith(_WORD) else " " for one in composed)
    words = spaced.split()
    # The last word may be the beginning of one: it stays where it is.
    return [*dict.fromkeys(word for word in words[:-1] if word != words[-1]), *words[-1:]]


def for_sqlite(words: Sequence[str], *, prefix: bool, titles: bool = False) -> str:
    """Write words in the language of FTS5: all must occur, the last one as the beginning of a word if `prefix`."""
    quoted = " ".join(f'"{word}"' for word in words) + ("*" if prefix else "")
    return f"{{title}} : ({quoted})" if titles else quoted


def for_postgresql(words: Sequence[str], *, prefix: bool, titles: bool = False) -> str:
    """Write words in the language of `to_tsquery`, with accents removed as the index removes them."""
    weight = _TITLE if titles else ""
    marks = [weight] * (len(words) - 1) + [weight + ("*" if prefix else "")]
    return " & ".join(
        f"'{_without_accents(word)}'" + (f":{mark}" if mark else "") for word, mark in zip(words, marks, strict=True)
    )


def title_has(words: Sequence[str], *, sqlite: bool) -> ColumnElement[bool]:
    """Return the condition that all words occur in the title of an item, the last one as the beginning of a word."""
    if sqlite:
        table = text(
            f"SELECT item_id FROM {SQLITE_TABLE} JOIN {SQLITE_NUMBERS} ON id = {SQLITE_TABLE}.rowid"  # noqa: S608
            f" WHERE {SQLITE_TABLE} MATCH :words"
        )
        return items.c[ITEM].in_(table.bindparams(words=for_sqlite(words, prefix=True, titles=True)))
    return literal_column(POSTGRESQL_COLUMN).op("@@")(
        text("to_tsquery('simple', :words)").bindparams(words=for_postgresql(words, prefix=True, titles=True))
    )


def is_compared(
    name: str | None,
    kind: Literal["schema", "table", "column", "index", "unique_constraint", "foreign_key_constraint"],
    _parents: object,
) -> bool:
    """Tell whether Alembic compares something of a database with the tables of the code: not what is of the index."""
    of_index = kind == "table" and (name or "").startswith((SQLITE_TABLE, SQLITE_NUMBERS))
    return not of_index and (kind, name) not in {("column", POSTGRESQL_COLUMN), ("index", _INDEX)}


def _without_accents(word: str) -> str:
    plain = [unicodedata.normalize("NFKD", one)[0] if ord(one) in _PLAIN else one for one in word]
    return "".join(new if new.isascii() and new.isalpha() else old for new, old in zip(plain, word, strict=True))
