"""What the log held when an import began; imports from before compare no rows."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("imports", sa.Column("log_before", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("imports", "log_before")
