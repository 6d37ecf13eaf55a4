"""Metrics of the pool of database connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from app.storage.engines import Readers

CONNECTIONS = Gauge(
    "braid_database_connections",
    "Database connections of the pools: in use, or open and idle; of all workers together.",
    ["state"],
    multiprocess_mode="livesum",
)
LIMIT = Gauge(
    "braid_database_connections_limit",
    "Most database connections of the pools (BRAID_DATABASE_POOL), of all workers together.",
    multiprocess_mode="livesum",
)
WAITING = Gauge(
    "braid_database_connections_waiting",
    "Transactions that wait for a database connection, of all workers together.",
    multiprocess_mode="livesum",
)


class CountedPool:
    """Hands out the connections of an engine, and counts them.

    Parameters
    ----------
    engine
        Of one database; a process that serves has one.
    readers
        Its connections on SQLite.
    """

    def __init__(self, engine: AsyncEngine, readers: Readers) -> None:
        self._engine = engine
        self._readers = readers
        self._in_use = CONNECTIONS.labels("in_use")
        self._idle = CONNECTIONS.labels("idle")
        self._note()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """Wait for a connection; leaving gives it back."""
        waits = True
        WAITING.inc()
        try:
            async with self._engine.connect() as connection:
                WAITING.dec()
                waits = False
                self._note()
                yield connection
        finally:
            if waits:
                WAITING.dec()
            self._note()

    async def close(self) -> None:
        """Close all connections that are idle."""
        await self._engine.dispose()
        await self._readers.close()
        self._note()

    def _note(self) -> None:
        # Closing all of them has replaced the pool.
        pool = self._engine.sync_engine.pool
        if isinstance(pool, QueuePool):
            LIMIT.set(pool.size())
            self._in_use.set(pool.checkedout())
            self._idle.set(pool.checkedin())
