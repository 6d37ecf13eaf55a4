"""`POST /imports`: files over HTTP, imported by a process of its own."""

import asyncio
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.context import Context

Refused = Callable[..., dict[str, Any]]
CSV = b"user_id,item_id,timestamp\nu,i,1000\nu,j,2000\nbad id,j,2000\n"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"imports": tmp_path / "imports"})


async def ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while True:
        job: dict[str, Any] = (await client.get(path)).json()
        if job["status"] != "running":
            return job
        assert time.monotonic() < until, job
        await asyncio.sleep(0.1)


async def test_files_are_imported(
    client: httpx.AsyncClient, application: FastAPI, settings: Settings, documented: Any
) -> None:
    items = BytesIO()
    pq.write_table(pa.table({"item_id": ["i"], "title": ["Shoe"]}), items)
    files = {"interactions": ("log.csv", CSV), "items": ("catalogue.parquet", items.getvalue())}
    answer = await client.post("/imports", files=files)
    assert answer.status_code == 202
    documented("ImportJob", answer.json())
    assert answer.headers["location"] == f"/imports/{answer.json()['import_id']}"
    job = await ended(client, answer.headers["location"])
    documented("ImportJob", job)
    assert (job["status"], job["error"]) == ("done", None)
    dropped = {"user_id missing or not an id that the API takes": 1}
    assert job["counts"]["interactions"] == {"read": 3, "kept": 2, "new": 2, "dropped": dropped}
    assert (await client.get("/items/i")).json()["title"] == "Shoe"
    assert [event[2] for event in (await application.state.context.histories.get("u")).events] == ["i", "j"]
    again = await client.post("/imports", files=files)
    assert again.json() == job
    until = time.monotonic() + 5
    while list(settings.imports.iterdir()):
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


async def test_a_file_without_a_usable_row_fails_with_the_reason(client: httpx.AsyncClient) -> None:
    answer = await client.post("/imports", files={"interactions": ("a.csv", b"user_id,item_id\na b,i\n")})
    job = await ended(client, answer.headers["location"])
    assert (job["status"], "no row can be imported" in job["error"]) == ("failed", True)


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ({"interactions": ("a.txt", CSV)}, "body"),
        ({"interactions": ("a.csv", b"user_id,thing\nu,i\n")}, "body"),
        ({"interactions": ("a.parquet", CSV)}, "body"),
        ({"items": ("a.csv", b"item_id\ni\n")}, "interactions"),
    ],
)
async def test_what_is_no_data_set_is_refused(
    client: httpx.AsyncClient, settings: Settings, refused: Refused, files: dict[str, Any], field: str
) -> None:
    problem = refused(await client.post("/imports", files=files), 422, "invalid_request", field)
    assert str(settings.imports) not in problem["detail"]
    assert not settings.imports.exists() or not list(settings.imports.iterdir())


async def test_what_a_process_has_left_is_gone_on_with(settings: Settings) -> None:
    left = settings.imports / "left"
    left.mkdir(parents=True)
    (left / "interactions.csv").write_bytes(CSV)
    async with Context(settings) as context:
        await context.follow()
        until = time.monotonic() + 30
        while left.exists():
            assert time.monotonic() < until
            await asyncio.sleep(0.1)
        assert await context.interactions.count() == 2


async def test_an_import_that_is_none_is_not_found(client: httpx.AsyncClient, refused: Refused) -> None:
    refused(await client.get("/imports/none"), 404, "not_found")
