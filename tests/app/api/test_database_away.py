"""A database that goes away while the service runs, and comes back."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import make_url, text

VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}
SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
POSTGRESQL_ONLY = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def away(backend: str, database_url: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Away:
    """Keep the service from writing to its database: SQLite is locked, PostgreSQL takes no connection."""
    monkeypatch.setattr("app.storage.sqlite_files._BUSY_MILLISECONDS", 100)
    name = make_url(database_url).database

    @contextmanager
    def locked() -> Iterator[None]:
        holder = sqlite3.connect(str(name), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.close()

    @contextmanager
    def closed() -> Iterator[None]:
        server = request.getfixturevalue("postgresql")
        server.sql(
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        yield
        server.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    return locked if backend == "sqlite" else closed


async def test_writes_fail_as_problems_and_work_again_when_it_is_back(
    application: FastAPI, backend: str, away: Away, serve: Any, refused: Callable[..., dict[str, Any]]
) -> None:
    async with serve() as client:
        assert (await client.post("/interactions", json=VIEW)).status_code == 201
        with away():
            for answer in (
                await client.post("/interactions", json=VIEW | {"event_id": "e"}),
                await client.put("/items/new", json={}),
            ):
                refused(answer, 503, "storage_locked" if backend == "sqlite" else "database_unavailable")
                assert answer.headers["retry-after"] == "1"
            assert (await client.get("/health/live")).status_code == 200
        assert (await client.post("/interactions", json=VIEW | {"event_id": "e"})).status_code == 201
        assert (await client.put("/items/new", json={})).status_code == 201
    async with serve():
        assert await application.state.serving.resources.interactions.count() == 2


@POSTGRESQL_ONLY
async def test_a_process_without_its_database_is_not_ready(
    away: Away, serve: Any, refused: Callable[..., dict[str, Any]]
) -> None:
    async with serve() as client:
        assert (await client.get("/health/ready")).status_code == 200
        with away():
            answer = await client.get("/health/ready")
            assert answer.status_code == 503
            assert {name: check["status"] for name, check in answer.json()["checks"].items()} == {
                "database": "failed",
                "migrations": "failed",
                "bundle": "none",
                "background": "ok",
                "storage": "degraded",
                "change_feed": "ok",
                "training": "degraded",
                "event_types": "ok",
            }
            refused(await client.get("/recommend/u"), 503, "database_unavailable")
            refused(await client.get("/items/i"), 503, "database_unavailable")
        assert (await client.get("/health/ready")).status_code == 200


@SQLITE_ONLY
async def test_a_process_whose_file_is_gone_is_not_ready(database_url: str, serve: Any) -> None:
    async with serve() as client:
        for _ in range(3):
            assert (await client.post("/interactions", json=VIEW)).status_code == 201
        Path(str(make_url(database_url).database)).unlink()
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert "run `braid migrate`" in answer.json()["checks"]["migrations"]["detail"]


@SQLITE_ONLY
@pytest.mark.parametrize("replaced", [False, True])
async def test_nothing_is_acknowledged_into_a_file_that_is_gone(
    replaced: bool, database_url: str, serve: Any, refused: Callable[..., dict[str, Any]]
) -> None:
    file = Path(str(make_url(database_url).database))
    async with serve() as client:
        assert (await client.post("/interactions", json=VIEW)).status_code == 201
        file.rename(file.with_name("aside"))
        if replaced:
            file.touch()
        refused(await client.post("/interactions", json=VIEW), 503, "database_not_migrated")
        refused(await client.get("/items/i"), 503, "database_not_migrated")


async def test_tables_of_a_newer_version_are_named(application: FastAPI, serve: Any) -> None:
    async with serve() as client:
        async with application.state.serving.resources.database.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        checks = answer.json()["checks"]
        assert (checks["database"]["status"], checks["migrations"]["status"]) == ("ok", "failed")
        assert "9999" in checks["migrations"]["detail"]
        assert "of-the-test" not in answer.text
