"""The engines of SQLAlchemy that a database works with."""

from typing import Any

import orjson
from sqlalchemy import URL, Engine, StaticPool, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.storage import sqlite_files
from app.storage.traced_statements import trace_statements
from app.tracing import traces

CONNECT_SECONDS = 5
_OPTIONS: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
    # Errors are logged: ids of users are among the parameters.
    "hide_parameters": True,
}


def make_sqlite_writer(url: URL, lock_seconds: float | None) -> Engine:
    """Make the engine of the one connection that writes to a file of SQLite."""
    # Threads take turns with the one connection.
    engine = create_engine(
        url.set(drivername="sqlite"), poolclass=StaticPool, connect_args={"check_same_thread": False}, **_OPTIONS
    )
    sqlite_files.prepare(engine, lock_seconds)
    _trace(engine)
    return engine


def make_engine(url: str, pool: int, statement_seconds: float, lock_seconds: float | None) -> AsyncEngine:
    """Make the engine of a database; see `Database` for the parameters."""
    engine = _make_engine(url, pool, statement_seconds, lock_seconds)
    _trace(engine.sync_engine)
    return engine


def _trace(engine: Engine) -> None:
    if traces.on:
        trace_statements(engine)


def _make_engine(url: str, pool: int, statement_seconds: float, lock_seconds: float | None) -> AsyncEngine:
    if url.startswith("sqlite"):
        engine = create_async_engine(url, pool_size=pool, max_overflow=0, **_OPTIONS)
        sqlite_files.prepare(engine.sync_engine, lock_seconds)
        return engine
    arguments = {
        "timeout": CONNECT_SECONDS,
        "server_settings": {"statement_timeout": str(round(statement_seconds * 1000)), "application_name": "braid"},
    }
    return create_async_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=CONNECT_SECONDS,
        pool_size=pool,
        max_overflow=0,
        connect_args=arguments,
        **_OPTIONS,
    )
