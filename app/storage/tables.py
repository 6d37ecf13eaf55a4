"""The tables, the same on SQLite and PostgreSQL. Times are microseconds since 1970, UTC."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.data.columns import (
    CONTEXT,
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    POSITION,
    QUANTITY,
    REQUEST_ID,
    REVENUE,
    SEQUENCE,
    TIMESTAMP,
    USER,
    VALUE,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# 256 bytes of UTF-8 at most. SQLite reads no length: there the tables keep the one with which they were made.
_ID = String(256).with_variant(String(128), "sqlite")
_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_KEY = BigInteger().with_variant(Integer, "sqlite")

interactions = Table(
    "interactions",
    metadata,
    Column("id", _KEY, Identity(always=False), primary_key=True),
    Column(USER, _ID, nullable=False),
    Column(ITEM, _ID, nullable=False),
    Column(EVENT_TYPE, String(64), nullable=False),
    Column(VALUE, Double),
    # Empty where an imported data set has no times.
    Column(TIMESTAMP, BigInteger),
    Column(EVENT_ID, _ID),
    Column(REQUEST_ID, _ID),
    Column(POSITION, Integer),
    Column(CONTEXT, _JSON),
    # Place in the order of a data set without times: any numbers, which mean nothing but their order.
    Column(SEQUENCE, Double),
    Column(QUANTITY, Double),
    Column(REVENUE, Double),
    Index("ix_interactions_user_id_timestamp", USER, TIMESTAMP),
    sqlite_autoincrement=True,
)
# Both are partial: they hold only the rows that have the column.
Index(
    "uq_interactions_event_id",
    interactions.c[EVENT_ID],
    unique=True,
    sqlite_where=interactions.c[EVENT_ID].is_not(None),
    postgresql_where=interactions.c[EVENT_ID].is_not(None),
)
Index(
    "ix_interactions_timestamp_of_requests",
    interactions.c[TIMESTAMP],
    sqlite_where=interactions.c[REQUEST_ID].is_not(None),
    postgresql_where=interactions.c[REQUEST_ID].is_not(None),
)

items = Table(
    "items",
    metadata,
    Column(ITEM, _ID, primary_key=True),
    Column("title", Text),
    Column("description", Text),
    Column("url", Text),
    Column("image_url", Text),
    Column("categories", _JSON, nullable=False),
    Column("tags", _JSON, nullable=False),
    Column("price", Double),
    Column("attributes", _JSON, nullable=False),
    # The attributes that are declared as vectors; see `vectors`.
    Column("vectors", LargeBinary),
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Column("available_from", BigInteger),
    Column("available_until", BigInteger),
    Column("changed_at", BigInteger, nullable=False, server_default=text("0")),
    # When it became available, if that is known, else when it was stored first.
    Column("appeared_at", BigInteger, nullable=False, server_default=text("0")),
    # A deleted item stays, without its content, so that other processes learn of the deletion.
    Column("deleted", Boolean, nullable=False, server_default=false()),
    # False for an item that was only named by an interaction: it has no content.
    Column("described", Boolean, nullable=False, server_default=true()),
    Index("ix_items_changed_at", "changed_at"),
)
_SHOWN = items.c.described & ~items.c.deleted
Index("ix_items_appeared_at", items.c.appeared_at, sqlite_where=_SHOWN, postgresql_where=_SHOWN)

users = Table(
    "users",
    metadata,
    Column(USER, _ID, primary_key=True),
    Column("attributes", _JSON, nullable=False),
    Column("changed_at", BigInteger, nullable=False, server_default=text("0")),
    Column("described", Boolean, nullable=False, server_default=true()),
)

# The schema that was declared over HTTP, in one row.
declared_schemas = Table(
    "declared_schemas",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("declared", _JSON, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

# Every version of every scenario; the newest of a name is in force.
scenarios = Table(
    "scenarios",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # NULL where the scenario was deleted.
    Column("definition", _JSON),
    Column("changed_at", BigInteger, nullable=False),
)

# Users whom bundles must not show that do not name the token: erased ones, and those merged into others.
masked_users = Table(
    "masked_users",
    metadata,
    Column(USER, _ID, primary_key=True),
    Column("masked_at", BigInteger, nullable=False),
    # A new one each time: a bundle names those of the masks that its training knew.
    Column("token", String(16), nullable=False, server_default=""),
    # Whether all that bundles hold of the user is to go; that of merged users stays, as a merge can be undone.
    Column("erased", Boolean, nullable=False, server_default=true()),
)

merges = Table(
    "merges",
    metadata,
    Column(USER, _ID, primary_key=True),
    Column("into_user_id", _ID, nullable=False),
    Column("moved", BigInteger, nullable=False),
    Column("merged_at", BigInteger, nullable=False),
    # The profile of the merged user, until the merge cannot be undone any more.
    Column("profile", _JSON),
    Index("ix_merges_into_user_id", "into_user_id"),
)

# What each merge moved, until it cannot be undone any more.
moved_rows = Table(
    "moved_rows",
    metadata,
    # The merged user.
    Column(USER, String(256), nullable=False),
    Column("interaction_id", BigInteger),
    Column(REQUEST_ID, String(256)),
    Index("ix_moved_rows_user_id", USER),
)

imports = Table(
    "imports",
    metadata,
    Column("import_id", String(32), primary_key=True),
    # Hash of the files: an interrupted import resumes, and a finished one is not repeated.
    Column("fingerprint", String(64), nullable=False, unique=True),
    Column("folder", Text, nullable=False),
    Column("status", String(16), nullable=False),
    # How many chunks of the files are committed.
    Column("parts", Integer, nullable=False, server_default=text("0")),
    # The largest id of the log when it began: rows without an `event_id` are compared with those up to it.
    Column("log_before", BigInteger, nullable=False, server_default=text("0")),
    Column("counts", _JSON, nullable=False),
    Column("error", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    # Digests of the users who were erased since it began, until it ends: it must not store them again.
    Column("erased", _JSON),
)

changes = Table(
    "changes",
    metadata,
    Column("id", _KEY, Identity(always=False), primary_key=True),
    # The writing transaction, on PostgreSQL: by it readers find rows that are committed late.
    Column("transaction_id", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("origin", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    # NULL where anything may have changed.
    Column("keys", _JSON),
    Index("ix_changes_transaction_id", "transaction_id"),
    Index("ix_changes_created_at", "created_at"),
    sqlite_autoincrement=True,
)

requests = Table(
    "requests",
    metadata,
    Column(REQUEST_ID, _ID, primary_key=True),
    Column(USER, _ID),
    Column(TIMESTAMP, BigInteger, nullable=False),
    Column(CONTEXT, _JSON, nullable=False),
    Index("ix_requests_user_id", USER),
)

training_jobs = Table(
    "training_jobs",
    metadata,
    Column("job_id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    # What added the job.
    Column("origin", String(16), nullable=False),
    Column("options", _JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    # The worker that runs it, until its lease ends.
    Column("worker", String(255)),
    Column("lease_until", BigInteger),
    Column("cancelling", Boolean, nullable=False, server_default=false()),
    Column("phase", String(64)),
    Column("progress", Double),
    # The newest interaction when a worker took the job: newer ones are not in the training data.
    Column("last_interaction_id", BigInteger),
    # The version that it publishes, chosen when it is first taken: a later attempt can find it published.
    Column("bundle_version", String(64)),
    Column("reason", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Index("ix_training_jobs_created_at", "created_at"),
)

training_job_lines = Table(
    "training_job_lines",
    metadata,
    Column("id", _KEY, Identity(always=False), primary_key=True),
    Column("job_id", String(32), nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
    Index("ix_training_job_lines_job_id", "job_id", "id"),
    sqlite_autoincrement=True,
)

activations = Table(
    "activations",
    metadata,
    Column("id", _KEY, Identity(always=False), primary_key=True),
    Column("bundle_version", String(64), nullable=False),
    Column("activated_at", BigInteger, nullable=False),
    Column("activated_by", String(64), nullable=False),
    Column("forced", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,
)
