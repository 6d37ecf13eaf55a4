"""What undoing a merge needs: which rows it moved, and the profile that the user had."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moved_rows",
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("interaction_id", sa.BigInteger()),
        sa.Column("request_id", sa.String(256)),
    )
    op.create_index("ix_moved_rows_user_id", "moved_rows", ["user_id"])
    op.add_column("merges", sa.Column("profile", sa.JSON().with_variant(JSONB(), "postgresql")))


def downgrade() -> None:
    op.drop_column("merges", "profile")
    op.drop_table("moved_rows")
