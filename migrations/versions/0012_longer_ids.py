"""Room for ids of 256 bytes; SQLite reads no length, so there is nothing to widen."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COLUMNS = {
    "interactions": ("user_id", "item_id", "event_id", "request_id"),
    "items": ("item_id",),
    "users": ("user_id",),
    "masked_users": ("user_id",),
    "merges": ("user_id", "into_user_id"),
    "requests": ("request_id", "user_id"),
}


def upgrade() -> None:
    _set_length(256)


def downgrade() -> None:
    # PostgreSQL refuses it where an id is longer.
    _set_length(128)


def _set_length(length: int) -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    for table, names in _COLUMNS.items():
        # One statement a table: each locks it once, and makes its partial indexes once.
        changes = ", ".join(f"ALTER COLUMN {name} TYPE varchar({length})" for name in names)
        op.execute(sa.text(f"ALTER TABLE {table} {changes}"))
