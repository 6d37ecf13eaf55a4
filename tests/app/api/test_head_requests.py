"""`HEAD` answers on every path as `GET` does, without the body."""

import re
from typing import Any

import httpx
import pytest

from app.api.hot_path import DEGRADED_HEADER
from models.bundle.store import BundleStore
from tests.app.api.asking import post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
CHANGING = {"/metrics", "/console"}
"""Pages whose length changes from one request to the next."""
PARAMETERS = {
    "user_id": "u",
    "item_id": "i05",
    "name": "home",
    "version": "none",
    "job_id": "none",
    "import_id": "none",
}
QUERIES = {"/search": "?q=shoe", "/scenarios/{name}/recommend": "?user_id=u"}


async def same(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    """Check that both answers are alike, and give that to `HEAD`."""
    for _ in range(5):
        whole = await client.get(path, headers=headers)
        head = await client.head(path, headers=headers)
        if whole.headers.get(DEGRADED_HEADER) == head.headers.get(DEGRADED_HEADER):
            break  # a slow machine may have limited one of them
    assert head.content == b"", path
    assert whole.content, path
    assert head.status_code == whole.status_code, path
    assert head.headers.keys() == whole.headers.keys(), path
    assert head.headers["content-type"] == whole.headers["content-type"], path
    if path not in CHANGING:
        assert head.headers.get("content-length") == whole.headers.get("content-length"), path
    return head


async def test_every_path_with_get_has_head(
    bundles: BundleStore, client: httpx.AsyncClient, openapi: dict[str, Any]
) -> None:
    await post(client, "u", "i05")
    paths = [path for path, operations in openapi["paths"].items() if "get" in operations]
    assert len(paths) > 20
    answered = 0
    for path in [*paths, "/docs", "/openapi.json", "/console", "/nowhere"]:
        filled = re.sub(r"{(\w+)}", lambda found: PARAMETERS[found[1]], path) + QUERIES.get(path, "")
        answered += (await same(client, filled)).status_code == 200
    assert answered > 20


async def test_the_hot_path_has_head(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i05")
    for _ in range(3):
        head = await same(client, "/recommend/u?limit=7")
        assert (head.status_code, head.headers["content-type"]) == (200, "application/json")
        assert int(head.headers["content-length"]) > 100


async def test_a_stream_ends_with_its_headers(client: httpx.AsyncClient) -> None:
    job = (await client.post("/training-jobs", json={})).json()["job_id"]
    head = await client.head(f"/training-jobs/{job}", headers={"accept": "text/event-stream"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


async def test_a_path_without_get_has_no_head(client: httpx.AsyncClient) -> None:
    assert (await client.head("/items/similar")).status_code == (await client.get("/items/similar")).status_code
    assert (await client.head("/interactions")).status_code == 405
