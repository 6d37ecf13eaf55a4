"""Pieces and price of an interaction; rows from before have neither."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("interactions", sa.Column("quantity", sa.Double()))
    op.add_column("interactions", sa.Column("revenue", sa.Double()))


def downgrade() -> None:
    op.drop_column("interactions", "revenue")
    op.drop_column("interactions", "quantity")
