"""A column of its own for an order without times; rows that an import stored as `order` move to it."""

import sqlalchemy as sa
from alembic import op

from migrations.order_rows import certain, move

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("interactions", sa.Column("sequence", sa.Double()))
    connection = op.get_bind()
    move(connection, certain(connection))


def downgrade() -> None:
    op.execute(
        "UPDATE interactions SET timestamp = CAST(round(sequence * 1000000) AS bigint)"
        " WHERE timestamp IS NULL AND sequence BETWEEN -9e12 AND 9e12"
    )
    op.drop_column("interactions", "sequence")
