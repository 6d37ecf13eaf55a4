"""The declared schema, and the vectors of items; without either everything stays as it was."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("vectors", sa.LargeBinary()))
    op.create_table(
        "declared_schemas",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("declared", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_declared_schemas"),
    )


def downgrade() -> None:
    op.drop_table("declared_schemas")
    op.drop_column("items", "vectors")
