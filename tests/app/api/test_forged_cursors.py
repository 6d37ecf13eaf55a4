"""Cursors that this service did not write, in every list that takes one."""

import base64
import binascii
import struct
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from app.services.recommending.cursors import Cursor

GREAT = 10**30
ROUTES = {
    "/items": "items",
    "/users": "users",
    "/users/u/interactions": "log",
    "/training-jobs": "training_jobs",
    "/recommend/u": "",
    "/popular": "",
    "/trending": "",
    "/search?q=tea": "",
    "/items/i/similar": "",
    "/scenarios/home/recommend?user_id=u": "",
}
BODIES: dict[str, dict[str, Any]] = {
    "/recommend": {"user_id": "u"},
    "/items/i/similar": {},
    "/items/similar": {"item_ids": ["i"]},
    "/popular": {},
    "/trending": {},
    "/search": {"q": "tea"},
    "/scenarios/home/recommend": {"user_id": "u"},
}


def keyed(*parts: object) -> str:
    return base64.urlsafe_b64encode(b"[" + b",".join(map(_json, parts)) + b"]").decode().rstrip("=")


def _json(part: object) -> bytes:
    return str(part).encode() if isinstance(part, int) else orjson.dumps(part)


def packed(
    version: bytes = b"", names: bytes = b"", score: float = 1.0, *, digest: bytes = b"digest", delivered: int = 1
) -> str:
    """Write a cursor of a ranked list as this service does, checksum and all."""
    head = struct.pack("<BB6sBHH", 1, 2, digest, len(version), delivered, 2)
    scores = np.full(2 - delivered, score, "<f4").view("<u2")[1::2].tobytes()
    content = head + version + np.array([0, 1], "<u2").tobytes() + scores + names
    return base64.urlsafe_b64encode(content + binascii.crc32(content).to_bytes(4, "little")).decode().rstrip("=")


def forged(kind: str) -> dict[str, str]:
    """Return cursors for a list of this kind, or for any ranked list, by what is wrong with them."""
    log = kind == "log"
    return {
        "text": "next",
        "no ASCII": "é",
        "a NUL": keyed(kind, *((1, "\0") if kind == "training_jobs" else ("\0",))),
        "a great number": keyed(kind, GREAT, 1 if log else "x"),
        "a number below all": keyed(kind, -GREAT, 1 if log else "x"),
        "a truth value": keyed(kind, True, True if log else "x"),
        "a place of no number": keyed("log-sequence", "x", 1),
        "an endless place": base64.urlsafe_b64encode(b'["log-sequence",1e999,1]').decode(),
        "nested": base64.urlsafe_b64encode(b"[" * 5000).decode()[:900],
        "no list": base64.urlsafe_b64encode(b"{}").decode(),
        "of another list": keyed("masks", "x"),
        "of a ranked list": packed(),
        "a version that is no text": packed(b"\xff\xfe"),
        "names that are no text": packed(names=b"\xff\xfe"),
        "a score that is no number": packed(score=float("nan")),
        "more delivered than there is": packed(delivered=2)[:-8],
        "shortened": packed()[:-3],
    }


@pytest.fixture
async def shop(client: httpx.AsyncClient) -> httpx.AsyncClient:
    body = [{"user_id": "u", "item_id": item, "event_type": "view"} for item in ("i", "j", "k")]
    assert (await client.post("/interactions/batch", json=body)).status_code == 200
    assert (await client.put("/items/i", json={"title": "tea"})).status_code in {200, 201}
    assert (await client.put("/users/u", json={})).status_code in {200, 201}
    return client


async def test_a_forged_cursor_is_refused_in_a_query(shop: httpx.AsyncClient, refused: Any) -> None:
    for path, kind in ROUTES.items():
        for cursor in forged(kind).values():
            answer = await shop.get(httpx.URL(path).copy_merge_params({"cursor": cursor}))
            refused(answer, 422, "invalid_cursor", "cursor")


async def test_a_forged_cursor_is_refused_in_a_body(shop: httpx.AsyncClient, refused: Any) -> None:
    for path, body in BODIES.items():
        for cursor in forged("").values():
            refused(await shop.post(path, json={**body, "cursor": cursor}), 422, "invalid_cursor", "cursor")


def test_every_route_with_a_cursor_is_here(openapi: dict[str, Any]) -> None:
    queries, bodies = set(), set()
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            if any(each["name"] == "cursor" for each in operation.get("parameters", [])):
                queries.add((method, path))
            elif "cursor" in str(_body(openapi, operation)):
                bodies.add((method, path))
    assert len(queries) == len(ROUTES)
    # A batch of users takes `none` alone, and a preview is that of a scenario's own list.
    assert len(bodies) == len(BODIES) + 2, bodies


def _body(openapi: dict[str, Any], operation: dict[str, Any]) -> object:
    content = operation.get("requestBody", {}).get("content", {})
    names = str(content).split("#/components/schemas/")[1:]
    return [openapi["components"]["schemas"][name.partition("'")[0]].get("properties") for name in names]


def test_the_forger_writes_what_the_service_reads() -> None:
    read = Cursor.decode(packed(b"20260301T120000Z"))
    assert (read.version, read.delivered, read.scores.tolist()) == ("20260301T120000Z", 1, [1.0])
