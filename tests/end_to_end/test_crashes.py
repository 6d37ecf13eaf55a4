"""What was acknowledged is there after any crash, once; a batch that was not is there as a whole or not at all."""

import asyncio
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from benchmarks.load.errors import LoadError
from benchmarks.load.postgresql import Cluster, cluster
from tests.conftest import REQUIRED
from tests.end_to_end.crashing import Clients, Sent, Server

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("BRAID_TEST_CRASH_KILLS", "1"))
STOPS = int(os.environ.get("BRAID_TEST_CRASH_STOPS", "1"))
PERSISTENT = pytest.mark.parametrize("persistent", [False, True], ids=["sent once", "sent until acknowledged"])


@pytest.fixture(scope="module")
def durable() -> Iterator[Cluster]:
    """A PostgreSQL server that writes every commit to the disk, as it is when it is installed."""
    try:
        with cluster() as server:
            yield server
    except LoadError as error:
        if os.environ.get(REQUIRED):
            pytest.fail(str(error))
        pytest.skip(str(error))


async def log_of(database: str) -> list[str]:
    """Read the `event_id` of every row, by the database's own means."""
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.partition("///")[2])) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return [row[0] for row in connection.execute("SELECT event_id FROM interactions")]
    connection = await asyncpg.connect(database)
    try:
        return [row[0] for row in await connection.fetch("SELECT event_id FROM interactions")]
    finally:
        await connection.close()


def check(sent: Sent, found: list[str], *, persistent: bool) -> None:
    there = set(found)
    assert len(there) == len(found), "an event is there twice"
    assert not sent.acknowledged - there, "an acknowledged event is lost"
    assert not there - sent.events
    for batch in sent.batches:
        assert len(there.intersection(batch)) in (0, len(batch)), "half a batch is there"
    if persistent:
        assert len(found) == len(sent.events)
    assert sent.acknowledged
    print(  # noqa: T201
        f"{len(sent.events):,} events sent, {len(sent.acknowledged):,} acknowledged, {len(found):,} in the log,"
        f" {len(sent.batches):,} batches, {sent.retried:,} sent again: none lost, none twice, no half batch"
    )


async def run(server: Server, crash: Callable[[], None], times: int, *, persistent: bool) -> Sent:
    await server.start()
    clients = Clients(server.url, persistent=persistent)
    clients.start()
    for _ in range(times):
        await asyncio.sleep(random.uniform(0.2, 1.5))
        await asyncio.to_thread(crash)
        await server_again(server, crash)
        # Everybody posts again before the next one.
        await asyncio.sleep(0.3)
    await clients.stop()
    return clients.sent


async def server_again(server: Server, crash: Callable[[], None]) -> None:
    if crash == server.kill:
        await server.start()


@PERSISTENT
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_the_server_is_killed(
    tmp_path: Path, free_port: int, request: pytest.FixtureRequest, database: str, persistent: bool
) -> None:
    url = f"sqlite:///{tmp_path}/braid.sqlite3"
    if database == "postgresql":
        url = request.getfixturevalue("durable").create(f"killed_{persistent}".lower())
    server = Server(tmp_path, free_port, url)
    await asyncio.to_thread(server.braid, "migrate")
    try:
        sent = await run(server, server.kill, KILLS, persistent=persistent)
    finally:
        server.kill()
    print(f"\n{database}, the server killed {KILLS} times, {'persistent' if persistent else 'one try'}:")  # noqa: T201
    check(sent, await log_of(url), persistent=persistent)


@PERSISTENT
async def test_the_database_is_stopped_at_once(
    tmp_path: Path, free_port: int, durable: Cluster, persistent: bool
) -> None:
    url = durable.create(f"stopped_{persistent}".lower())
    server = Server(tmp_path, free_port, url)
    await asyncio.to_thread(server.braid, "migrate")

    def stop_and_start() -> None:
        durable.stop()
        durable.start()

    try:
        sent = await run(server, stop_and_start, STOPS, persistent=persistent)
    finally:
        server.kill()
    print(f"\nPostgreSQL stopped {STOPS} times, {'persistent' if persistent else 'one try'}:")  # noqa: T201
    check(sent, await log_of(url), persistent=persistent)
