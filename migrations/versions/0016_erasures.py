"""Masks are recognised by a token instead of by times, and imports remember who was erased while they run."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_TOKENS = {
    "sqlite": "UPDATE masked_users SET token = lower(hex(randomblob(8)))",
    "postgresql": "UPDATE masked_users SET token = substr(md5(random()::text || user_id), 1, 16)",
}


def upgrade() -> None:
    op.add_column("masked_users", sa.Column("token", sa.String(16), nullable=False, server_default=""))
    op.add_column("masked_users", sa.Column("erased", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.execute(_TOKENS[op.get_context().dialect.name])
    # The bundles keep who was merged: that can be undone.
    op.execute("UPDATE masked_users SET erased = false WHERE user_id IN (SELECT user_id FROM merges)")
    op.add_column("imports", sa.Column("erased", _JSON))


def downgrade() -> None:
    op.drop_column("imports", "erased")
    op.drop_column("masked_users", "erased")
    op.drop_column("masked_users", "token")
