"""A key may have a rate limit of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("rate_limit", sa.String(64)))


def downgrade() -> None:
    op.drop_column("api_keys", "rate_limit")
