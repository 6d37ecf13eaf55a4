"""Answers that break after their beginning: the client must notice, over a real connection."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import event, make_url

ROWS = [{"user_id": "u", "item_id": f"i{number}", "event_type": "view"} for number in range(2500)]
Rename = Callable[[str, str], None]
Listen = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def rename(backend: str, database_url: str, request: pytest.FixtureRequest) -> Rename:
    """Rename a table behind the service's back."""
    name = str(make_url(database_url).database)

    def run(table: str, into: str) -> None:
        statement = f"ALTER TABLE {table} RENAME TO {into}"
        if backend == "sqlite":
            connection = sqlite3.connect(name)
            connection.execute(statement)
            connection.close()
        else:
            request.getfixturevalue("postgresql").sql(statement, database=name)

    return run


@pytest.fixture
def listen(application: FastAPI, free_port: int) -> Listen:
    """Serve the application on a port, as `braid serve` does."""

    @asynccontextmanager
    async def start() -> AsyncIterator[httpx.AsyncClient]:
        server = uvicorn.Server(uvicorn.Config(application, port=free_port, log_config=None))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            assert not serving.done()
            await asyncio.sleep(0.01)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}", timeout=10) as client:
                yield client
        finally:
            server.should_exit = True
            await serving

    return start


async def test_an_export_that_loses_its_database_breaks_off(
    listen: Listen, application: FastAPI, rename: Rename, caplog: pytest.LogCaptureFixture
) -> None:
    async with listen() as client:
        assert (await client.post("/interactions/batch", json=ROWS)).json()["stored"] == len(ROWS)
        whole = (await client.get("/users/u/export")).json()
        assert len(whole["interactions"]) == len(ROWS)
        engine = application.state.serving.resources.database.engine.sync_engine
        pages = 0

        def lose_the_second_page(*given: Any) -> None:
            nonlocal pages
            pages += "FROM interactions" in given[2] and "LIMIT" in given[2]
            if pages == 2:
                pages = -1
                rename("interactions", "gone")

        event.listen(engine, "before_cursor_execute", lose_the_second_page)
        try:
            received = b""
            with pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012 - it ends within the stream
                async with client.stream("GET", "/users/u/export") as answer:
                    assert answer.status_code == 200
                    async for part in answer.aiter_bytes():
                        received += part
            assert received.startswith(b'{"user_id":"u"')
            assert not received.endswith(b"]}")
        finally:
            event.remove(engine, "before_cursor_execute", lose_the_second_page)
            rename("gone", "interactions")
        assert (await client.get("/users/u/export")).json() == whole
    assert "answer broken off" in caplog.text
    assert "Traceback" not in caplog.text


async def test_the_events_of_a_job_that_lose_the_database_break_off(listen: Listen, rename: Rename) -> None:
    async with listen() as client:
        job = (await client.post("/training-jobs")).json()["job_id"]
        received = ""
        try:
            with pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012 - it ends within the stream
                headers = {"accept": "text/event-stream"}
                async with client.stream("GET", f"/training-jobs/{job}", headers=headers) as answer:
                    async for line in answer.aiter_lines():
                        if not received:
                            rename("training_jobs", "gone")
                        received += line
        finally:
            rename("gone", "training_jobs")
        assert "event: progress" in received
        assert "event: end" not in received
