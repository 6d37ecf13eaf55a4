"""Bodies that are too large, compressed or cut off: a problem document, and nothing is stored."""

import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from app.api.bodies import MAX_BYTES

JSON = {"content-type": "application/json"}
GZIP = JSON | {"content-encoding": "gzip"}
VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}
Refused = Callable[..., dict[str, Any]]


async def count(application: FastAPI) -> int:
    return int(await application.state.serving.resources.interactions.count())


async def test_a_compressed_body_is_unpacked(client: httpx.AsyncClient, application: FastAPI) -> None:
    answer = await client.post("/interactions", content=gzip.compress(orjson.dumps(VIEW)), headers=GZIP)
    assert answer.status_code == 201
    assert await count(application) == 1


async def test_every_member_of_a_compressed_body_is_read(
    client: httpx.AsyncClient, application: FastAPI, refused: Refused
) -> None:
    members = [gzip.compress(orjson.dumps(VIEW | {"item_id": f"i{number}"}) + b"\n") for number in range(5)]
    lines = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}

    async def parts(size: int) -> AsyncIterator[bytes]:
        whole = b"".join(members)
        for start in range(0, len(whole), size):
            yield whole[start : start + size]

    for size in (1, 7, len(members[0]), 10_000):
        answer = await client.post("/interactions/batch", content=parts(size), headers=lines)
        assert answer.json()["stored"] == 5
    assert await count(application) == 20
    for rest in (b"junk", members[0][:-3], b"x" * 100_000):
        body = b"".join(members) + rest
        refused(await client.post("/interactions/batch", content=body, headers=lines), 422, "malformed_json", "body")
    many = b"".join(gzip.compress(b" " * 1_000_000) for _ in range(12))
    refused(await client.post("/interactions/batch", content=many, headers=lines), 413, "body_too_large")
    assert await count(application) == 20


@pytest.mark.parametrize("path", ["/interactions", "/items/i"])
async def test_a_body_of_eleven_megabytes_is_refused(
    client: httpx.AsyncClient, application: FastAPI, refused: Refused, path: str
) -> None:
    body = b'{"title": "' + b"x" * 11_000_000 + b'"}'
    method = "POST" if path == "/interactions" else "PUT"
    refused(await client.request(method, path, content=body, headers=JSON), 413, "body_too_large")

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    refused(await client.request(method, path, content=parts(), headers=JSON), 413, "body_too_large")
    assert await count(application) == 0


async def test_a_gzip_bomb_is_not_unpacked(client: httpx.AsyncClient, application: FastAPI, refused: Refused) -> None:
    bomb = gzip.compress(b" " * (20 * MAX_BYTES))
    assert len(bomb) < MAX_BYTES
    refused(await client.post("/interactions", content=bomb, headers=GZIP), 413, "body_too_large")
    assert await count(application) == 0


@pytest.mark.parametrize(
    "body",
    [b"not gzip", gzip.compress(orjson.dumps(VIEW))[:-9], b""],
    ids=["no gzip", "cut short", "empty"],
)
async def test_what_is_no_whole_gzip_is_refused(
    client: httpx.AsyncClient, application: FastAPI, refused: Refused, body: bytes
) -> None:
    refused(await client.post("/interactions", content=body, headers=GZIP), 422, "malformed_json", "body")
    assert await count(application) == 0


async def test_another_encoding_is_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    answer = await client.post("/interactions", content=b"{}", headers=JSON | {"content-encoding": "br"})
    refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("path", ["/interactions", "/interactions/batch"])
async def test_an_interrupted_upload_stores_nothing(client: httpx.AsyncClient, application: FastAPI, path: str) -> None:
    whole = orjson.dumps(VIEW if path == "/interactions" else [VIEW, VIEW])
    messages = iter([{"type": "http.request", "body": whole, "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("braid", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    await application(scope, receive, send)
    assert await count(application) == 0
    assert not sent or sent[0]["status"] >= 400
    assert (await client.post("/interactions", json=VIEW)).status_code == 201
