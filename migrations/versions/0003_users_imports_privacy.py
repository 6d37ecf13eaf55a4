"""Users, imports, what was erased or merged, and items that were only seen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("items", sa.Column("described", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("described", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
    )
    op.create_table(
        "masked_users",
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("masked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_masked_users"),
    )
    op.create_table(
        "merges",
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("into_user_id", sa.String(128), nullable=False),
        sa.Column("moved", sa.BigInteger(), nullable=False),
        sa.Column("merged_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_merges"),
    )
    op.create_index("ix_merges_into_user_id", "merges", ["into_user_id"])
    op.create_table(
        "imports",
        sa.Column("import_id", sa.String(32), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("parts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", name="pk_imports"),
        sa.UniqueConstraint("fingerprint", name="uq_imports_fingerprint"),
    )


def downgrade() -> None:
    for name in ("imports", "merges", "masked_users", "users"):
        op.drop_table(name)
    op.drop_column("items", "described")
