"""Keys are made, replaced and revoked, and every act is recorded."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.process.resources import Resources
from app.process.serving_state import serving_state
from app.schemas.keys import KeyIn, NewKey
from app.services.access.api_keys import ApiKeys
from app.services.access.audit import Actor
from tests.app.api.access.keys import SHOP, bearer

Refused = Callable[..., dict[str, Any]]
Make = Callable[..., Awaitable[NewKey]]


async def test_a_key_ends(client: httpx.AsyncClient, make: Make, refused: Refused) -> None:
    admin, key = await make("admin"), await make("read")
    made = await client.post(f"/keys/{key.key_id}/rotate", json={"grace_hours": 1}, headers=bearer(admin))
    new = NewKey.model_validate_json(made.content)
    for one in (key, new):
        assert (await client.get("/popular", headers=bearer(one))).status_code == 200
    assert (await client.delete(f"/keys/{new.key_id}", headers=bearer(admin))).status_code == 204
    refused(await client.get("/popular", headers=bearer(new)), 401, "unauthorized")
    refused(await client.delete(f"/keys/{new.key_id}", headers=bearer(admin)), 404, "not_found")
    soon = (datetime.now(UTC) + timedelta(seconds=0.3)).isoformat()
    asked = {"name": "s", "scopes": ["read"], "expires_at": soon}
    short = NewKey.model_validate_json((await client.post("/keys", json=asked, headers=bearer(admin))).content)
    assert (await client.get("/popular", headers=bearer(short))).status_code == 200
    await asyncio.sleep(0.3)
    refused(await client.get("/popular", headers=bearer(short)), 401, "unauthorized")
    listed = (await client.get("/keys", headers=bearer(admin))).json()["items"]
    assert len(listed) == 4
    assert all(set(one) & {"key", "digest", "signing_secret"} == set() for one in listed)
    # Without any key in force nothing is open again.
    await client.delete(f"/keys/{key.key_id}", headers=bearer(admin))
    await client.delete(f"/keys/{admin.key_id}", headers=bearer(admin))
    refused(await client.get("/popular"), 401, "unauthorized")


async def test_other_processes_follow_within_a_second(
    settings: Settings, client: httpx.AsyncClient, make: Make
) -> None:
    async with serving_state(settings) as other:
        await other.start()
        assert not other.keyring.has_any
        key = await make("read")
        until = time.monotonic() + 1
        while other.keyring.find(key.key) is None:
            assert time.monotonic() < until
            await other.feed.catch_up()


async def test_acts_are_recorded(client: httpx.AsyncClient, make: Make) -> None:
    admin = await make("admin")
    await client.put("/scenarios/home", json={"kind": "popular"}, headers=bearer(admin))
    await client.put("/scenarios/home", json={"kind": "nothing"}, headers=bearer(admin))
    await client.get("/bundles", headers=bearer(admin))
    made = (await client.post("/keys", json={"name": "n", "scopes": ["read"]}, headers=bearer(admin))).json()["key_id"]
    await client.put("/scenarios/home?dry_run=true", json={"kind": "popular"}, headers=bearer(admin))
    acts = (await client.get("/audit-log", headers=bearer(admin))).json()["items"]
    assert [(one["actor"], one["action"], one["subject"]) for one in acts] == [
        (admin.key_id, "key create", made),
        (admin.key_id, "PUT", "/scenarios/home"),
        ("test", "key create", admin.key_id),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "n", "scopes": []}, "scopes"),
        ({"name": "n", "scopes": ["everything"]}, "scopes.0"),
        ({"name": "n", "scopes": ["publish", "read"], "origins": [SHOP]}, "body"),
        ({"name": "n", "scopes": ["publish"]}, "body"),
        ({"name": "n", "scopes": ["read"], "origins": [SHOP]}, "body"),
        ({"name": "n", "scopes": ["publish"], "origins": ["shop.example"]}, "origins"),
        ({"name": "n", "scopes": ["publish"], "origins": [f"{SHOP}/path"]}, "origins"),
        ({"name": "n", "scopes": ["admin"], "scenarios": ["home"]}, "body"),
        ({"name": "a\u0000", "scopes": ["read"]}, "name"),
        ({"name": "n", "scopes": ["read"], "expires_at": "2026-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "n", "scopes": ["read"], "rate_limit": "often"}, "rate_limit"),
        ({"name": "n", "scopes": ["read"], "rate_limit": "0/minute"}, "rate_limit"),
        ({"name": "n", "scopes": ["read"], "rate_limit": "10/second; 1000/day"}, "rate_limit"),
        ({"name": "n", "scopes": ["read"], "rate_limit": "10 per 99999999999999 year"}, "rate_limit"),
        ({"name": "n", "scopes": ["publish"], "origins": [SHOP], "rate_limit": "9/minute"}, "body"),
    ],
)
async def test_what_is_no_key_is_refused(
    client: httpx.AsyncClient, refused: Refused, body: dict[str, Any], field: str
) -> None:
    refused(await client.post("/keys", json=body), 422, "invalid_request", field)


async def test_the_first_key_is_made_once(resources: Resources) -> None:
    keys = ApiKeys(resources.keys, resources.audit_log)
    first = await keys.add_first(Actor("test"))
    assert first is not None
    assert first.scopes == ["admin"]
    assert await keys.add_first(Actor("test")) is None


def test_limits_are_kept_without_line_breaks() -> None:
    assert KeyIn(name="n", scopes=["read"], rate_limit="5/minute\n").rate_limit == "5/minute"


def test_origins_are_kept_as_browsers_send_them() -> None:
    given = ["https://Shop.Example:443", "http://shop.example:80", "https://shop.example:8443", "HTTPS://[::1]:443"]
    assert KeyIn(name="n", scopes=["publish"], origins=given).origins == [
        "https://shop.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://[::1]",
    ]


async def test_an_older_reading_does_not_bring_a_revoked_key_back(
    client: httpx.AsyncClient, application: FastAPI, make: Make, refused: Refused
) -> None:
    admin, key = await make("admin"), await make("read")
    keyring = application.state.serving.keyring
    reading = [asyncio.ensure_future(keyring.load()) for _ in range(5)]
    await client.delete(f"/keys/{key.key_id}", headers=bearer(admin))
    await asyncio.gather(*reading)
    refused(await client.get("/popular", headers=bearer(key)), 401, "unauthorized")


@pytest.mark.parametrize("hours", [False, "1", None])
async def test_hours_are_a_number(client: httpx.AsyncClient, make: Make, refused: Refused, hours: object) -> None:
    admin, key = await make("admin"), await make("read")
    answer = await client.post(f"/keys/{key.key_id}/rotate", json={"grace_hours": hours}, headers=bearer(admin))
    refused(answer, 422, "invalid_request", "grace_hours")
