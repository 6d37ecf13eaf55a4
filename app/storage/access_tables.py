"""The tables of API keys, sessions of the console and administrative acts."""

from sqlalchemy import JSON, BigInteger, Column, Identity, Integer, String, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.tables import metadata

_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_KEY = BigInteger().with_variant(Integer, "sqlite")

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    # SHA-256 of the key.
    Column("digest", String(64), nullable=False),
    Column("scopes", _JSON, nullable=False),
    # The only scenarios that it may ask; all where null.
    Column("scenarios", _JSON),
    # Of a publishable key: the pages that may use it.
    Column("origins", _JSON),
    # Of a publishable key: what user ids are signed with.
    Column("signing_secret", String(64)),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    # As `600/minute`; where null, that of the settings.
    Column("rate_limit", String(64)),
)

# Who is signed in to the console: SHA-256 of the cookie.
console_sessions = Table(
    "console_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("key_id", String(16), nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", _KEY, Identity(always=False), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("address", String(64)),
    sqlite_autoincrement=True,
)
