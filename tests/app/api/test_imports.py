"""`POST /imports`: files over HTTP, imported by a process of its own."""

import asyncio
import errno
import gzip
import shutil
import threading
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
from app.errors import DatabaseError
from app.main import create_app
from app.process.serving_state import serving_state
from app.services.transfer import import_jobs
from app.storage.imports import ImportStore
from models.data.progress import silent

Refused = Callable[..., dict[str, Any]]
CSV = b"user_id,item_id,timestamp\nu,i,1000\nu,j,2000\nbad id,j,2000\n"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"imports": tmp_path / "imports"})


async def ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    until = time.monotonic() + 180
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
    assert [event[2] for event in (await application.state.serving.histories.get("u")).events] == ["i", "j"]
    again = await client.post("/imports", files=files)
    assert again.json() == job
    until = time.monotonic() + 60
    while list(settings.imports.iterdir()):
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_file_without_a_usable_row_fails_with_the_reason(client: httpx.AsyncClient) -> None:
    answer = await client.post("/imports", files={"interactions": ("a.csv", b"user_id,item_id\na b,i\n")})
    job = await ended(client, answer.headers["location"])
    assert (job["status"], "no row can be imported" in job["error"]) == ("failed", True)


@pytest.mark.parametrize(
    ("name", "content", "path", "held"),
    [
        ("items", b"sku;name\nI1;Shoe\n", "/items/I1", {"title": "Shoe"}),
        ("users", b"customer_id\tage\nU1\t40\n", "/users/U1", {"attributes": {"age": "40"}}),
    ],
)
async def test_a_catalogue_or_users_are_imported_alone(
    client: httpx.AsyncClient, name: str, content: bytes, path: str, held: dict[str, Any]
) -> None:
    answer = await client.post("/imports", files={name: ("a.csv.gz", gzip.compress(content))})
    assert answer.status_code == 202
    job = await ended(client, answer.headers["location"])
    assert (job["status"], job["error"]) == ("done", None)
    assert job["counts"] == {name: {"read": 1, "kept": 1, "new": 1, "dropped": {}}}
    assert (await client.get(path)).json().items() >= held.items()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_mapping_says_how_files_are_read(client: httpx.AsyncClient, application: FastAPI) -> None:
    mapping = b'[interactions]\ncolumns = { value = "my_rating_x" }\nignore = ["seen_date"]\n'
    content = b"user_id,item_id,my_rating_x,seen_date\nu,i,5,x\n"
    files = {"interactions": ("a.csv", content), "mapping": ("m.toml", mapping)}
    job = await ended(client, (await client.post("/imports", files=files)).headers["location"])
    assert (job["status"], job["error"]) == ("done", None)
    log = await application.state.serving.resources.interactions.table(silent)
    assert log.select(["event_type", "value"]).to_pylist() == [{"event_type": "rating", "value": 5.0}]


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ({"interactions": ("a.pdf", CSV)}, "body"),
        ({"interactions": ("a.csv", b"user_id,thing\nu,i\n")}, "body"),
        ({"interactions": ("a.parquet", CSV)}, "body"),
        ({"interactions": ("a.csv", b"user_id,item_id,my_rating_x\nu,i,5\n")}, "body"),
        ({"items": ("a.csv", CSV), "mapping": ("m.toml", b"[items]\nzone = 1\n")}, "body"),
        ({"mapping": ("m.toml", b"")}, "interactions"),
    ],
)
async def test_what_is_no_data_set_is_refused(
    client: httpx.AsyncClient, settings: Settings, refused: Refused, files: dict[str, Any], field: str
) -> None:
    problem = refused(await client.post("/imports", files=files), 422, "invalid_request", field)
    assert str(settings.imports) not in problem["detail"]
    assert not settings.imports.exists() or not list(settings.imports.iterdir())


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_what_a_process_has_left_is_gone_on_with(settings: Settings) -> None:
    left = settings.imports / "left"
    left.mkdir(parents=True)
    (left / "interactions.csv").write_bytes(CSV)
    async with serving_state(settings) as state:
        await state.start()
        until = time.monotonic() + 180
        while left.exists():
            assert time.monotonic() < until
            await asyncio.sleep(0.1)
        assert await state.resources.interactions.count() == 2


async def test_an_import_that_is_none_is_not_found(client: httpx.AsyncClient, refused: Refused) -> None:
    refused(await client.get("/imports/none"), 404, "not_found")


async def test_an_upload_that_breaks_off_leaves_nothing(
    client: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    def full(source: Any, target: Any, _size: int) -> None:
        target.write(source.read(20))
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("shutil.copyfileobj", full)
        refused(await client.post("/imports", files={"interactions": ("a.csv", CSV)}), 503, "storage_full")
    assert list(settings.imports.iterdir()) == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_process_that_starts_takes_no_upload_that_is_being_written(
    client: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, half = shutil.copyfileobj, threading.Event()
    going_on = threading.Event()

    def slowly(source: Any, target: Any, size: int) -> None:
        target.write(source.read(30))
        target.flush()
        half.set()
        assert going_on.wait(10)
        copy(source, target, size)

    monkeypatch.setattr("shutil.copyfileobj", slowly)
    posting = asyncio.create_task(client.post("/imports", files={"interactions": ("a.csv", CSV)}))
    await asyncio.to_thread(half.wait, 10)
    async with serving_state(settings) as other:
        other.background.start("imports", other.import_jobs.run)
        await asyncio.sleep(0.3)
    going_on.set()
    answer = await posting
    job = await ended(client, answer.headers["location"])
    assert (job["status"], job["counts"]["interactions"]["new"]) == ("done", 2)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_an_accepted_upload_waits_for_a_database_that_is_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "_RETRY_SECONDS", 0.05)
    left = settings.imports / "left"
    left.mkdir(parents=True)
    (left / "interactions.csv").write_bytes(CSV)
    fails = [DatabaseError("away")] * 8
    find = ImportStore.find

    async def away(self: ImportStore, fingerprint: str) -> Any:
        if fails:
            raise fails.pop()
        return await find(self, fingerprint)

    async def failed(*_: Any) -> tuple[int, str]:
        return 1, "away"

    monkeypatch.setattr(ImportStore, "find", away)
    until = time.monotonic() + 180
    with monkeypatch.context() as unreachable:
        unreachable.setattr(import_jobs, "run_command", failed)
        async with serving_state(settings) as state:
            state.background.start("imports", state.import_jobs.run)
            while fails:
                assert time.monotonic() < until
                await asyncio.sleep(0.01)
            assert left.exists()
    async with serving_state(settings) as state:
        state.background.start("imports", state.import_jobs.run)
        while left.exists():
            assert time.monotonic() < until
            await asyncio.sleep(0.1)
        assert await state.resources.interactions.count() == 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_folder_that_cannot_be_opened_stops_no_other_import(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "_RETRY_SECONDS", 0.05)
    broken, good = settings.imports / "broken", settings.imports / "good"
    # The lock cannot be taken: its place is a folder.
    (broken / import_jobs._LOCK).mkdir(parents=True)
    good.mkdir()
    for folder in (broken, good):
        (folder / "interactions.csv").write_bytes(CSV)
    until = time.monotonic() + 180
    async with serving_state(settings) as state:
        state.background.start("imports", state.import_jobs.run)
        while good.exists():
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        assert state.background.failing == {}
        assert await state.resources.interactions.count() == 2
        assert broken.exists()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_files_that_failed_may_be_imported_again_when_the_rules_allow_them(
    serve: Any, settings: Settings
) -> None:
    files = {"interactions": ("a.csv", b"user_id,item_id,event_type,timestamp\nu,i,wave,1000\n")}
    async with serve() as client:
        first = await ended(client, (await client.post("/imports", files=files)).headers["location"])
        assert first["status"] == "failed"
    app = create_app(settings.model_copy(update={"allow_unknown_event_types": True}))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        answer = await client.post("/imports", files=files)
        assert (answer.json()["status"], answer.json()["import_id"]) == ("running", first["import_id"])
        job = await ended(client, answer.headers["location"])
        assert (job["status"], job["error"], job["counts"]["interactions"]["new"]) == ("done", None, 1)


async def test_a_form_without_its_boundary_is_named(client: httpx.AsyncClient, refused: Refused) -> None:
    answer = await client.post("/imports", content=b"x", headers={"content-type": "multipart/form-data"})
    refused(answer, 422, "malformed_form", "body")
