"""Scenarios, and when items appeared: when they became available or, of those that are there, changed last."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scenarios",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("definition", sa.JSON().with_variant(JSONB(), "postgresql")),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name="pk_scenarios"),
    )
    op.add_column("items", sa.Column("appeared_at", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.execute(sa.text("UPDATE items SET appeared_at = coalesce(available_from, changed_at)"))
    # As the statements say it: SQLite compares the words.
    shown = sa.text(
        "described AND NOT deleted"
        if op.get_context().dialect.name == "postgresql"
        else "described = 1 AND deleted = 0"
    )
    op.create_index("ix_items_appeared_at", "items", ["appeared_at"], sqlite_where=shown, postgresql_where=shown)


def downgrade() -> None:
    op.drop_index("ix_items_appeared_at", "items")
    op.drop_column("items", "appeared_at")
    op.drop_table("scenarios")
