"""A database that takes no writes: the disk is full, the file can only be read, or another process has the lock."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url

from app.storage.database import Database
from tests.postgresql import PostgreSQL

SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
POSTGRESQL_ONLY = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
NO_LIMIT = 1_073_741_823
MANY = [{"user_id": f"u{n}", "item_id": f"i{n}", "event_type": "view", "event_id": f"e{n}"} for n in range(2000)]
BACK = [{"user_id": "u", "item_id": "i", "event_type": "view", "event_id": "back"}]
Serve = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]
Refusal = AbstractAsyncContextManager[None]


async def _pragma(database: Database, on: str, off: str) -> AsyncIterator[None]:
    def run(pragma: str) -> None:
        assert database._writer is not None
        with database._writer.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA {pragma}")

    run(on)
    yield
    run(off)


async def _held(database: Database) -> AsyncIterator[None]:
    holder = sqlite3.connect(str(database.url.database), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.close()


async def _altered(server: PostgreSQL, name: str, setting: str) -> AsyncIterator[None]:
    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    server.sql(f"ALTER DATABASE {name} SET {setting}", ended)
    yield
    server.sql(f"ALTER DATABASE {name} RESET {setting.partition('=')[0]}", ended)


async def _full_server(server: PostgreSQL, name: str) -> AsyncIterator[None]:
    """Let PostgreSQL answer as it does when its disk is full; its own code, from a trigger."""
    server.sql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON interactions EXECUTE FUNCTION full_disk()",
        database=name,
    )
    yield
    server.sql("DROP TRIGGER full_disk ON interactions", "DROP FUNCTION full_disk", database=name)


@pytest.fixture
def refusing(
    backend: str, application: FastAPI, database_url: str, request: pytest.FixtureRequest, monkeypatch: Any
) -> Callable[[str], Refusal]:
    monkeypatch.setattr("app.storage.sqlite_files._BUSY_MILLISECONDS", 50)
    monkeypatch.setattr("app.storage.sqlite_files._TRIED_SECONDS", 0.05)
    name = str(make_url(database_url).database)

    @asynccontextmanager
    async def refuse(code: str) -> AsyncIterator[None]:
        database = application.state.serving.resources.database
        if backend == "sqlite":
            steps = {
                "storage_full": lambda: _pragma(database, "max_page_count=1", f"max_page_count={NO_LIMIT}"),
                "storage_read_only": lambda: _pragma(database, "query_only=1", "query_only=0"),
                "storage_locked": lambda: _held(database),
            }
        else:
            server: PostgreSQL = request.getfixturevalue("postgresql")
            steps = {
                "storage_full": lambda: _full_server(server, name),
                "storage_read_only": lambda: _altered(server, name, "default_transaction_read_only=on"),
            }
        step = steps[code]()
        await anext(step)
        yield
        await anext(step, None)

    return refuse


@pytest.mark.parametrize("code", ["storage_full", "storage_read_only"])
async def test_writes_are_refused_by_name_and_reads_go_on(
    serve: Serve, refusing: Callable[[str], Refusal], refused: Any, code: str
) -> None:
    async with serve() as client:
        assert (await client.post("/interactions/batch", json=MANY[:1])).json()["stored"] == 1
        async with refusing(code):
            answer = await client.post("/interactions/batch", json=MANY)
            problem = refused(answer, 503, code)
            assert "nothing was stored" in problem["detail"]
            assert "sqlite" not in problem["detail"]
            assert int(answer.headers["retry-after"]) >= 30
            assert (await client.get("/recommend/new")).json()["items"][0]["item_id"] == "i0"
            assert (await client.get("/users/u0/interactions")).json()["items"][0]["item_id"] == "i0"
            ready = await client.get("/health/ready")
            assert (ready.status_code, ready.json()["status"]) == (200, "ok")
            check = ready.json()["checks"]["storage"]
            assert check["status"] == "degraded"
            assert "reads go on" in check["detail"]
        answer = await client.post("/interactions/batch", json=BACK)
        assert answer.json()["stored"] == 1
        assert (await client.get("/health/ready")).json()["checks"]["storage"]["status"] == "ok"
        assert len((await client.get("/users/u1/interactions")).json()["items"]) == 0


@SQLITE_ONLY
async def test_a_lock_is_told_before_a_write_met_it(
    serve: Serve, refusing: Callable[[str], Refusal], refused: Any
) -> None:
    async with serve() as client:
        async with refusing("storage_locked"):
            ready = await client.get("/health/ready")
            assert ready.status_code == 200
            check = ready.json()["checks"]["storage"]
            assert check["status"] == "degraded"
            assert "find the process that writes" in check["detail"]
            refused(await client.post("/interactions", json=MANY[0]), 503, "storage_locked")
            assert (await client.get("/recommend/u0")).status_code == 200
        assert (await client.post("/interactions", json=MANY[0])).status_code == 201
        assert (await client.get("/health/ready")).json()["checks"]["storage"]["status"] == "ok"


@SQLITE_ONLY
async def test_little_room_on_the_disk_is_told(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.monitoring.storage_checks.LITTLE_ROOM", 1 << 60)
    check = (await client.get("/health/ready")).json()["checks"]["storage"]
    assert check["status"] == "degraded"
    assert "are free on the disk of" in check["detail"]


@POSTGRESQL_ONLY
async def test_a_read_only_server_is_told_before_a_write_met_it(
    serve: Serve, refusing: Callable[[str], Refusal]
) -> None:
    async with serve() as client, refusing("storage_read_only"):
        check = (await client.get("/health/ready")).json()["checks"]["storage"]
        assert (check["status"], "primary server" in check["detail"]) == ("degraded", True)
