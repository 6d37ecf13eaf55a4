"""Links of items: to a page and to a picture."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("url", sa.Text()))
    op.add_column("items", sa.Column("image_url", sa.Text()))


def downgrade() -> None:
    op.drop_column("items", "image_url")
    op.drop_column("items", "url")
