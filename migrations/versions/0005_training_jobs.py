"""Training jobs with their logs, and what activated which bundle."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "training_jobs",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("worker", sa.String(255)),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("cancelling", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("phase", sa.String(64)),
        sa.Column("progress", sa.Double()),
        sa.Column("last_interaction_id", sa.BigInteger()),
        sa.Column("bundle_version", sa.String(64)),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("job_id", name="pk_training_jobs"),
    )
    op.create_index("ix_training_jobs_created_at", "training_jobs", ["created_at"])
    op.create_table(
        "training_job_lines",
        sa.Column("id", KEY, sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_job_lines"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_training_job_lines_job_id", "training_job_lines", ["job_id", "id"])
    op.create_table(
        "activations",
        sa.Column("id", KEY, sa.Identity(always=False), nullable=False),
        sa.Column("bundle_version", sa.String(64), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=False),
        sa.Column("activated_by", sa.String(64), nullable=False),
        sa.Column("forced", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_activations"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for name in ("activations", "training_job_lines", "training_jobs"):
        op.drop_table(name)
