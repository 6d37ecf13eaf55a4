"""Indexes of the log that rows without an `event_id` or a `request_id` cost nothing.

On PostgreSQL they are made while the log is written to; what a migration that was stopped left over is made anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            # Under another name until it is there: at every moment one of the two keeps `event_id` unique.
            _make("UNIQUE", "uq_interactions_event_id_new", "interactions (event_id) WHERE event_id IS NOT NULL")
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_interactions_event_id")
            op.execute("ALTER INDEX uq_interactions_event_id_new RENAME TO uq_interactions_event_id")
            _make("", "ix_interactions_timestamp_of_requests", "interactions (timestamp) WHERE request_id IS NOT NULL")
            _make("", "ix_requests_user_id", "requests (user_id)")
        return
    op.drop_index("uq_interactions_event_id", "interactions")
    has_event, has_request = sa.text("event_id IS NOT NULL"), sa.text("request_id IS NOT NULL")
    op.create_index("uq_interactions_event_id", "interactions", ["event_id"], unique=True, sqlite_where=has_event)
    op.create_index("ix_interactions_timestamp_of_requests", "interactions", ["timestamp"], sqlite_where=has_request)
    op.create_index("ix_requests_user_id", "requests", ["user_id"])


def _make(kind: str, name: str, what: str) -> None:
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"CREATE {kind} INDEX CONCURRENTLY {name} ON {what}")


def downgrade() -> None:
    op.drop_index("ix_requests_user_id", "requests")
    op.drop_index("ix_interactions_timestamp_of_requests", "interactions")
    op.drop_index("uq_interactions_event_id", "interactions")
    op.create_index("uq_interactions_event_id", "interactions", ["event_id"], unique=True)
