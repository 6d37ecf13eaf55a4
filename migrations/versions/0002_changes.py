"""The change feed, what items were when, and the contexts of recommendations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    transaction = sa.text("(pg_current_xact_id()::text::bigint)") if is_postgresql else None
    op.create_table(
        "changes",
        sa.Column("id", KEY, sa.Identity(always=False), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), server_default=transaction),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("keys", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_changes_transaction_id", "changes", ["transaction_id"])
    op.create_index("ix_changes_created_at", "changes", ["created_at"])
    op.add_column("items", sa.Column("changed_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("items", sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_items_changed_at", "items", ["changed_at"])
    op.create_table(
        "requests",
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("user_id", sa.String(128)),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("context", JSON, nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="pk_requests"),
    )


def downgrade() -> None:
    op.drop_table("requests")
    op.drop_index("ix_items_changed_at", "items")
    op.drop_column("items", "deleted")
    op.drop_column("items", "changed_at")
    op.drop_table("changes")
