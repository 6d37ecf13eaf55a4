"""The interaction log and the catalogue."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "interactions",
        sa.Column("id", KEY, sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("item_id", sa.String(128), nullable=False),
        sa.Column("event_type", sa.String(64), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("timestamp", sa.BigInteger()),
        sa.Column("event_id", sa.String(128)),
        sa.Column("request_id", sa.String(128)),
        sa.Column("position", sa.Integer()),
        sa.Column("context", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_interactions"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_interactions_event_id", "interactions", ["event_id"], unique=True)
    op.create_index("ix_interactions_user_id_timestamp", "interactions", ["user_id", "timestamp"])
    op.create_table(
        "items",
        sa.Column("item_id", sa.String(128), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("categories", JSON, nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("price", sa.Double()),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("available_from", sa.BigInteger()),
        sa.Column("available_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("item_id", name="pk_items"),
    )


def downgrade() -> None:
    op.drop_table("items")
    op.drop_table("interactions")
