"""The engines of SQLAlchemy that a database works with."""

import asyncio
from threading import Thread
from typing import Any

import aiosqlite
import orjson
from sqlalchemy import URL, Engine, StaticPool, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.storage import sqlite_files
from app.storage.traced_statements import trace_statements
from app.tracing import traces

CONNECT_SECONDS = 5
_CLOSING_SECONDS = 2.0
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


class Readers:
    """The connections that read from a file of SQLite, each in a thread of its own."""

    def __init__(self) -> None:
        self._open: list[aiosqlite.Connection] = []

    def connect(self, *arguments: Any, **options: Any) -> aiosqlite.Connection:
        """Make a connection, as the engine would."""
        connection = aiosqlite.connect(*arguments, **options)
        _thread(connection).daemon = True
        self._open = [one for one in self._open if _thread(one).is_alive()] + [connection]
        return connection

    async def close(self) -> None:
        """Close what the engine has not closed, and wait two seconds at most until all are.

        It closes only what was given back. One whose caller was cancelled closes by itself, and tells the event loop,
        which has to be there still.
        """
        alive = [one for one in self._open if _thread(one).is_alive()]

        def join() -> None:
            for one in alive:
                _thread(one).join(_CLOSING_SECONDS / len(alive))

        for one in alive:
            one.stop()
        if alive:
            await asyncio.to_thread(join)


def _thread(connection: aiosqlite.Connection) -> Thread:
    # As SQLAlchemy does: nothing public leads to it.
    thread: Thread = connection._thread  # noqa: SLF001
    return thread


def make_engine(
    url: str, pool: int, statement_seconds: float, lock_seconds: float | None, readers: Readers
) -> AsyncEngine:
    """Make the engine of a database; see `Database` for the parameters."""
    engine = _make_engine(url, pool, statement_seconds, lock_seconds, readers)
    _trace(engine.sync_engine)
    return engine


def _trace(engine: Engine) -> None:
    if traces.on:
        trace_statements(engine)


def _make_engine(
    url: str, pool: int, statement_seconds: float, lock_seconds: float | None, readers: Readers
) -> AsyncEngine:
    if url.startswith("sqlite"):
        reading = {"async_creator_fn": readers.connect}
        engine = create_async_engine(url, pool_size=pool, max_overflow=0, connect_args=reading, **_OPTIONS)
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
