"""The engines of SQLAlchemy that a database works with."""

import asyncio
from threading import Thread
from typing import Any
from weakref import WeakSet

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


class ReaderThreads:
    """The threads of the connections that read from a file of SQLite."""

    def __init__(self) -> None:
        self._threads: WeakSet[Thread] = WeakSet()

    def connect(self, *arguments: Any, **options: Any) -> aiosqlite.Connection:
        """Make a connection, as the engine would."""
        connection = aiosqlite.connect(*arguments, **options)
        thread: Thread = connection._thread  # noqa: SLF001 - as SQLAlchemy does; nothing public leads to it
        thread.daemon = True
        self._threads.add(thread)
        return connection

    async def ended(self) -> None:
        """Wait two seconds at most until connections that were told to close are closed.

        One whose caller was cancelled closes by itself, and tells the event loop, which has to be there still.
        """
        started = [thread for thread in self._threads if thread.is_alive()]

        def join() -> None:
            for thread in started:
                thread.join(_CLOSING_SECONDS / len(started))

        if started:
            await asyncio.to_thread(join)


def make_engine(
    url: str, pool: int, statement_seconds: float, lock_seconds: float | None, readers: ReaderThreads
) -> AsyncEngine:
    """Make the engine of a database; see `Database` for the parameters."""
    engine = _make_engine(url, pool, statement_seconds, lock_seconds, readers)
    _trace(engine.sync_engine)
    return engine


def _trace(engine: Engine) -> None:
    if traces.on:
        trace_statements(engine)


def _make_engine(
    url: str, pool: int, statement_seconds: float, lock_seconds: float | None, readers: ReaderThreads
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
