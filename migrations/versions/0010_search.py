"""The search index of items: an FTS5 table on SQLite, a column with a GIN index on PostgreSQL.

The database itself keeps it right, in the transaction that writes the item: by triggers, or as a generated column.
"""

import unicodedata

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TEXTS = "title, description, categories, tags"


def _values(row: str) -> str:
    labels = (
        f"(SELECT group_concat(value, ' ') FROM json_each({row}.{name}))"  # noqa: S608
        for name in ("categories", "tags")
    )
    return ", ".join((f"{row}.title", f"{row}.description", *labels))


def _has_text(row: str) -> str:
    labels = f"{row}.categories <> '[]' OR {row}.tags <> '[]'"
    return f"({row}.title IS NOT NULL OR {row}.description IS NOT NULL OR {labels})"


def _number(row: str) -> str:
    return f"(SELECT id FROM searched_items WHERE item_id = {row}.item_id)"  # noqa: S608 - nothing of a user's


def _for_sqlite() -> tuple[str, ...]:
    # VACUUM may change the row ids of a table whose key is a text: the index has numbers of its own.
    add = f"""
        INSERT INTO searched_items (item_id)
            SELECT new.item_id WHERE {_has_text("new")} AND NOT EXISTS {_number("new")};
        INSERT INTO items_search (rowid, {_TEXTS}) SELECT {_number("new")}, {_values("new")} WHERE {_has_text("new")};
        """
    remove = f"""
        INSERT INTO items_search (items_search, rowid, {_TEXTS})
            SELECT 'delete', {_number("old")}, {_values("old")} WHERE {_has_text("old")};
        """
    changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in _TEXTS.split(", "))
    forget = "DELETE FROM searched_items WHERE item_id = old.item_id;"
    fill = f"""
        INSERT INTO items_search (rowid, {_TEXTS})
            SELECT id, {_values("items")} FROM searched_items JOIN items USING (item_id) ORDER BY id"""  # noqa: S608
    options = "content='', prefix='1 2 3', tokenize='unicode61 remove_diacritics 2'"
    return (
        "CREATE TABLE searched_items (id INTEGER PRIMARY KEY, item_id VARCHAR(128) NOT NULL UNIQUE)",
        f"CREATE VIRTUAL TABLE items_search USING fts5({_TEXTS}, {options})",
        f"INSERT INTO searched_items (item_id) SELECT item_id FROM items WHERE {_has_text('items')} ORDER BY rowid",  # noqa: S608
        fill,
        "INSERT INTO items_search (items_search) VALUES ('optimize')",
        f"CREATE TRIGGER items_search_insert AFTER INSERT ON items BEGIN {add} END",
        f"CREATE TRIGGER items_search_update AFTER UPDATE OF {_TEXTS} ON items WHEN {changed} BEGIN {remove} {add} END",
        f"CREATE TRIGGER items_search_delete AFTER DELETE ON items BEGIN {remove} {forget} END",
    )


def _folding() -> tuple[str, str]:
    """Return characters, and what stands for each: a space for punctuation, the plain letter for one with accents."""
    pairs = [(character, " ") for character in map(chr, range(33, 127)) if not character.isalnum()]
    for character in map(chr, range(0xC0, 0x250)):
        plain = unicodedata.normalize("NFKD", character)[0]
        if plain.isascii() and plain.isalpha():
            pairs.append((character, plain))
    return "".join(one for one, _ in pairs), "".join(plain for _, plain in pairs)


_LABEL_CHARACTERS = 50_000
"""Characters of labels that are indexed: PostgreSQL refuses to index more than a megabyte of an item."""


def _vector(text: str, weight: str) -> str:
    characters, plain = (one.replace("'", "''") for one in _folding())
    return f"setweight(to_tsvector('simple', translate({text}, '{characters}', '{plain}')), '{weight}')"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in _for_sqlite():
            connection.exec_driver_sql(statement)
        return
    parts = (
        _vector("coalesce(title, '')", "A"),
        _vector(f"left(categories::text, {_LABEL_CHARACTERS})", "B"),
        _vector(f"left(tags::text, {_LABEL_CHARACTERS})", "B"),
        _vector("coalesce(description, '')", "D"),
    )
    connection.exec_driver_sql(
        f"ALTER TABLE items ADD COLUMN search_vector tsvector GENERATED ALWAYS AS ({' || '.join(parts)}) STORED"
    )
    # Without a list of pending entries, which every search would have to read through.
    connection.exec_driver_sql(
        "CREATE INDEX ix_items_search_vector ON items USING gin (search_vector) WITH (fastupdate = off)"
    )


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for name in ("insert", "update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER items_search_{name}")
        connection.exec_driver_sql("DROP TABLE items_search")
        connection.exec_driver_sql("DROP TABLE searched_items")
        return
    op.drop_index("ix_items_search_vector", "items")
    op.drop_column("items", "search_vector")
