"""The metrics of the pool say how many connections are used, idle and waited for."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from app.errors import DatabaseError
from app.storage.database import Database


def measured() -> dict[str, float | None]:
    name, read = "braid_database_connections", REGISTRY.get_sample_value
    states = {state: read(name, {"state": state}) for state in ("in_use", "idle")}
    return {**states, "limit": read(f"{name}_limit"), "waiting": read(f"{name}_waiting")}


async def test_connections_are_counted_by_what_they_do(database_url: str) -> None:
    database = Database(database_url, pool=2)
    assert measured() == {"in_use": 0, "idle": 0, "limit": 2, "waiting": 0}

    async def read() -> int | None:
        async with database.begin() as connection:
            number: int | None = await connection.scalar(text("SELECT 1"))
            return number

    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(database.connected())
        waiting = [asyncio.create_task(read()) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert measured() == {"in_use": 2, "idle": 0, "limit": 2, "waiting": 3}
        waiting.pop().cancel()
        await asyncio.sleep(0.05)
        assert measured() == {"in_use": 2, "idle": 0, "limit": 2, "waiting": 2}
    assert await asyncio.gather(*waiting) == [1, 1]
    assert measured() == {"in_use": 0, "idle": 2, "limit": 2, "waiting": 0}
    await database.close()
    assert measured() == {"in_use": 0, "idle": 0, "limit": 2, "waiting": 0}


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:////proc/none/x.sqlite3", "postgresql+asyncpg://u:p@127.0.0.1:1/x"])
async def test_nobody_waits_after_a_database_was_not_reached(url: str) -> None:
    database = Database(url)
    with pytest.raises(DatabaseError):
        async with database.begin():
            pass
    assert measured() == {"in_use": 0, "idle": 0, "limit": 10, "waiting": 0}
    await database.close()
