"""Publishable keys: for pages of their origins, and each page's own user."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.schemas.keys import NewKey
from app.services.access.signed_users import sign
from tests.app.api.access.keys import SHOP, bearer

Refused = Callable[..., dict[str, Any]]
VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}
ANONYMOUS = "anon-q0y1o3lW2bD3v8uX1sQ6rT"
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def test_a_publishable_key_acts_for_its_own_user(
    client: httpx.AsyncClient, page: NewKey, refused: Refused
) -> None:
    headers = bearer(page, origin=SHOP)
    posted = await client.post("/interactions", json=VIEW | {"user_id": ANONYMOUS}, headers=headers)
    assert posted.status_code == 201, posted.text
    assert posted.headers["access-control-allow-origin"] == SHOP
    assert (await client.get(f"/recommend/{ANONYMOUS}", headers=headers)).status_code == 200
    assert (await client.get("/popular", headers=headers)).status_code == 200
    for answer in (
        await client.post("/interactions", json=VIEW, headers=headers),
        await client.get("/recommend/u", headers=headers),
        await client.get("/popular?user_id=u", headers=headers),
        await client.post("/pages/recommend", json={"user_id": "u", "rows": []}, headers=headers),
    ):
        refused(answer, 403, "foreign_user")
    for method, path in (("GET", "/items"), ("POST", "/recommend/batch"), ("GET", "/users"), ("GET", "/keys")):
        refused(await client.request(method, path, headers=headers), 403, "forbidden")


async def test_a_back_end_signs_its_users(client: httpx.AsyncClient, page: NewKey, refused: Refused) -> None:
    secret, later = str(page.signing_secret), int(time.time()) + 600
    for user, signature, status in (
        ("u", sign(secret, "u", later), 201),
        ("v", sign(secret, "u", later), 403),
        ("u", sign(secret, "u", int(time.time()) - 1), 403),
        ("u", sign("other", "u", later), 403),
        ("u", f"{later}.", 403),
        ("u", "", 403),
    ):
        headers = bearer(page, origin=SHOP) | {"braid-user-signature": signature}
        answer = await client.post("/interactions", json=VIEW | {"user_id": user}, headers=headers)
        assert answer.status_code == status, (user, signature)


async def test_pages_of_other_origins_may_not_use_it(client: httpx.AsyncClient, page: NewKey, refused: Refused) -> None:
    for more in ({}, {"origin": "https://evil.example"}):
        refused(await client.get("/popular", headers=bearer(page, **more)), 403, "forbidden")
    asked = {"origin": SHOP, "access-control-request-method": "POST"}
    allowed = await client.options("/interactions", headers=asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, SHOP)
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    other = await client.options("/interactions", headers=asked | {"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


VICTIM = b'{"user_id":"victim","item_id":"i","event_type":"view"%s}'


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + VICTIM % b"",
        (VICTIM % b"").decode().encode("utf-16"),
        VICTIM % b',"value":NaN',
        VICTIM % b',"context":{"a":1e999}',
        VICTIM % (b',"context":' + b'{"a":' * 1100 + b"1" + b"}" * 1100),
        b'{"user_id":"anon-q0y1o3lW2bD3v8uX1sQ6rT",' + (VICTIM % b"")[1:],
    ],
)
async def test_what_one_reader_takes_and_another_does_not_is_refused(
    client: httpx.AsyncClient, page: NewKey, body: bytes
) -> None:
    headers = bearer(page, origin=SHOP) | {"content-type": "application/json"}
    answer = await client.post("/interactions", content=body, headers=headers)
    assert answer.status_code in {403, 422}, answer.text
    assert answer.headers["access-control-allow-origin"] == SHOP


async def test_a_page_cannot_take_the_event_ids_of_a_back_end(
    client: httpx.AsyncClient, page: NewKey, refused: Refused
) -> None:
    headers = bearer(page, origin=SHOP)
    event = VIEW | {"user_id": ANONYMOUS}
    refused(
        await client.post("/interactions", json=event | {"event_id": "order-1"}, headers=headers), 403, "foreign_user"
    )
    own = await client.post("/interactions", json=event | {"event_id": f"{ANONYMOUS}:1"}, headers=headers)
    assert own.status_code == 201


async def test_a_page_that_leaves_before_its_body_is_complete_ends_quietly(application: FastAPI, page: NewKey) -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"user_id":', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError(message)

    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {page.key}".encode()), (b"origin", SHOP.encode())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/interactions",
        "raw_path": b"/interactions",
        "headers": headers,
    }
    await application({**scope, "query_string": b"", "client": ("127.0.0.1", 1)}, receive, send)
    assert messages == []
