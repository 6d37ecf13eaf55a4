"""What one request may cost: each was answered, or refused, only after seconds and gigabytes in an earlier version."""

import asyncio
import gzip
import io
import resource
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from app.config import Settings
from app.services.transfer import import_jobs, upload_checker
from app.services.transfer.upload_folders import waiting_folders

JSON = {"content-type": "application/json"}
VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}
Refused = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"imports": tmp_path / "imports"})


@contextmanager
def bounded(megabytes: float, seconds: float = 3) -> Iterator[None]:
    """Check what a block takes: processor time, since other tests run beside it, and memory of Python."""
    tracemalloc.start()
    began = time.process_time()
    try:
        yield
        assert time.process_time() - began < seconds
        assert tracemalloc.get_traced_memory()[1] < megabytes * 1e6
    finally:
        tracemalloc.stop()


def names(count: int) -> bytes:
    return b"{" + b",".join(b'"key%07d":1' % number for number in range(count)) + b"}"


async def test_half_a_million_unknown_names_are_refused_before_they_are_read(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    body = names(500_000)
    with bounded(megabytes=40):
        problem = refused(await client.post("/interactions", content=body, headers=JSON), 413, "body_too_large")
    assert problem["detail"] == "the JSON has more than 10,000 names of fields"


async def test_of_unknown_names_the_first_are_told(client: httpx.AsyncClient) -> None:
    answer = await client.post("/interactions", content=names(9_000), headers=JSON)
    problem = answer.json()
    assert (answer.status_code, len(problem["errors"]), len(answer.content) < 20_000) == (422, 100, True)
    assert problem["detail"].startswith("9,003 fields are not valid: ")
    assert problem["detail"].endswith(" and 8,903 more")


async def test_a_long_name_is_cut_in_what_is_told(client: httpx.AsyncClient) -> None:
    answer = await client.post("/interactions", json={**VIEW, "x" * 1_000_000: 1})
    assert (answer.status_code, len(answer.content) < 2_000) == (422, True)


async def test_a_row_with_very_many_names_is_refused_alone(client: httpx.AsyncClient) -> None:
    body = b"[" + names(100_000) + b"," + orjson.dumps(VIEW) + b"]"
    answer = await client.post("/interactions/batch", content=body, headers=JSON)
    (error,) = answer.json()["errors"]
    assert (answer.json()["stored"], error["code"], error["field"]) == (1, "extra_forbidden", "key0000000")


async def test_ten_thousand_rows_of_unknown_names_are_refused(client: httpx.AsyncClient) -> None:
    body = b"[" + b",".join([names(45)] * 10_000) + b"]"
    with bounded(megabytes=130):
        answer = await client.post("/interactions/batch", content=body, headers=JSON)
    assert (answer.json()["refused"], len(answer.json()["errors"])) == (10_000, 100)


@pytest.mark.parametrize("path", ["/interactions", "/interactions/batch"])
@pytest.mark.parametrize(
    "body", [b"[" * 5_000_000, b"[" + b"[]," * 3_000_000 + b"[]]", b'{"a":[' + b"1," * 4_000_000 + b"1]}"]
)
async def test_lists_and_values_are_bounded(
    client: httpx.AsyncClient, refused: Refused, path: str, body: bytes
) -> None:
    with bounded(megabytes=60):
        refused(await client.post(path, content=body, headers=JSON), 413, "body_too_large")


async def test_what_stands_in_texts_is_not_counted(client: httpx.AsyncClient) -> None:
    texts = ['{":,[' * 30_000, '\\"' * 100_000 + ":" * 20_000, "\\" * 400_001 + ":" * 20_000]
    for text in texts:
        answer = await client.put("/items/i", json={"title": "Shoe", "attributes": {"note": text[:0]}, "url": text})
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["url"]


@pytest.mark.parametrize("digits", [5_000, 1_000_000])
async def test_a_number_of_very_many_digits_is_refused(
    client: httpx.AsyncClient, refused: Refused, digits: int
) -> None:
    body = orjson.dumps(VIEW)[:-1] + b',"value":' + b"9" * digits + b"}"
    with bounded(megabytes=20, seconds=1):
        problem = refused(await client.post("/interactions", content=body, headers=JSON), 422, "malformed_json", "body")
    assert "too long a number" in problem["detail"]


@pytest.mark.parametrize("depth", [300, 900, 9_000])
async def test_what_is_nested_too_deep_is_refused(client: httpx.AsyncClient, depth: int) -> None:
    body = orjson.dumps(VIEW)[:-1] + b',"context":{"a":' + b"[" * depth + b"]" * depth + b"}}"
    answer = await client.post("/interactions", content=body, headers=JSON)
    assert answer.status_code == 422


async def test_gzip_members_are_counted(client: httpx.AsyncClient, refused: Refused) -> None:
    empty = gzip.compress(b"")
    body = gzip.compress(orjson.dumps(VIEW)) + empty * (9_000_000 // len(empty))

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    with bounded(megabytes=5, seconds=1):
        answer = await client.post("/interactions", content=parts(), headers=JSON | {"content-encoding": "gzip"})
    problem = refused(answer, 422, "malformed_json", "body")
    assert problem["detail"] == "the body has more than 1,000 gzip members: compress it as one"


async def test_packed_bytes_are_bounded_too(client: httpx.AsyncClient, refused: Refused) -> None:
    stored = gzip.compress(b"", compresslevel=0)[:-8]
    # Blocks that hold nothing: their bytes are read and unpack to none.
    body = stored[:10] + b"\x00\x00\x00\xff\xff" * 2_500_000
    answer = await client.post("/interactions", content=body, headers=JSON | {"content-encoding": "gzip"})
    refused(answer, 413, "body_too_large")


async def test_an_unpacked_body_arrives_whole_whatever_its_pieces(client: httpx.AsyncClient) -> None:
    rows = [VIEW | {"item_id": f"i{number}", "context": {"page": f"{number * 7919:0900d}"}} for number in range(5_000)]
    body = gzip.compress(b"\n".join(map(orjson.dumps, rows)))
    headers = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
    answer = await client.post("/interactions/batch", content=body, headers=headers)
    assert (answer.json()["stored"], answer.json()["refused"]) == (5_000, 0)


@pytest.mark.parametrize("context", [{"a": "x" * 4_100}, {f"n{number}": 1 for number in range(51)}])
async def test_a_context_is_small(client: httpx.AsyncClient, refused: Refused, context: dict[str, Any]) -> None:
    refused(await client.post("/interactions", json=VIEW | {"context": context}), 422, "invalid_request", "context")
    refused(await client.post("/recommend", json={"context": context}), 422, "invalid_request", "context")


async def test_a_training_job_has_a_budget_and_its_queue_an_end(client: httpx.AsyncClient, refused: Refused) -> None:
    refused(await client.post("/training-jobs", json={"budget": 86_401}), 422, "invalid_request", "budget")
    answers = await asyncio.gather(*(client.post("/training-jobs", json={"budget": 86_400}) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [202] * 10 + [429] * 2
    full = next(answer for answer in answers if answer.status_code == 429)
    problem = refused(full, 429, "queue_full")
    assert problem["detail"] == "10 training jobs are waiting, as many as may: try again later"
    assert full.headers["retry-after"] == "60"


@pytest.mark.parametrize(
    "files",
    [
        [("other", (None, b"x" * 1_000_000))] * 400,
        [("timestamps", (None, b"x" * 1_000_000))],
        [("interactions", ("a.csv", b"user_id,item_id\nu,i\n"))] * 400,
    ],
    ids=["many fields", "a long field", "many files"],
)
async def test_a_form_has_few_and_short_fields(client: httpx.AsyncClient, refused: Refused, files: Any) -> None:
    request = client.build_request("POST", "/imports", files=files)
    body = request.read()

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    headers = {"content-type": request.headers["content-type"]}
    with bounded(megabytes=20):
        refused(await client.post("/imports", content=parts(), headers=headers), 422, "malformed_form", "body")


async def test_an_unknown_field_of_a_form_is_named(client: httpx.AsyncClient, refused: Refused) -> None:
    files = {"interaction": ("a.csv", b"user_id,item_id\nu,i\n")}
    refused(await client.post("/imports", files=files), 422, "invalid_request", "interaction")


async def test_a_file_that_cannot_be_looked_at_within_the_memory_limit_is_refused(
    client: httpx.AsyncClient, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_checker, "_MEMORY_MB", 20)
    files = {"interactions": ("a.csv", b"user_id,item_id\nu,i\n")}
    refused(await client.post("/imports", files=files), 422, "invalid_request", "body")


@pytest.mark.skipif(sys.platform != "linux", reason="sets limits of another process")
async def test_files_that_no_process_can_look_at_are_not_to_blame(
    client: httpx.AsyncClient, settings: Settings, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = upload_checker._started

    async def without_files() -> asyncio.subprocess.Process:
        process = await start()
        # It has started once it answers.
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"folder": "none", "memory_mb": 512, "cpu_seconds": 60}\n')
        await process.stdout.readline()
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, 3))
        return process

    monkeypatch.setattr(upload_checker, "_started", without_files)
    answer = await client.post("/imports", files={"interactions": ("a.csv", b"user_id,item_id\nu,i\n")})
    problem = refused(answer, 503, "overloaded")
    assert problem["detail"].endswith("try again: Too many open files")
    assert answer.headers["retry-after"] == "1"
    assert list(settings.imports.iterdir()) == []


async def test_uploads_that_wait_are_bounded(
    client: httpx.AsyncClient, settings: Settings, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "_MAX_WAITING", 1)
    (settings.imports / "left").mkdir(parents=True)
    answer = await client.post("/imports", files={"interactions": ("a.csv", b"user_id,item_id\nu,i\n")})
    refused(answer, 429, "queue_full")
    assert len(waiting_folders(settings.imports)) == 1


async def test_uploads_that_come_together_are_looked_at_one_after_the_other(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, most = 0, 0
    ask = upload_checker.UploadChecker._ask

    async def counted(*arguments: Any) -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await ask(*arguments)
        finally:
            at_once -= 1

    async def imported(*_: Any) -> tuple[int, str]:
        return 1, "not in this test"

    monkeypatch.setattr(upload_checker.UploadChecker, "_ask", counted)
    monkeypatch.setattr(import_jobs, "run_command", imported)
    uploads = [{"interactions": ("a.csv", io.BytesIO(b"user_id,item_id\nu,i%d\n" % number))} for number in range(12)]
    answers = await asyncio.gather(*(client.post("/imports", files=files) for files in uploads))
    statuses = [answer.status_code for answer in answers]
    assert (sorted(statuses), most) == ([202] * 2 + [429] * 10, 1)
    assert {answer.headers.get("retry-after") for answer in answers} == {None, "2"}
