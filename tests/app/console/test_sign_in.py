"""Sign-in to the console by an admin key."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.process.resources import Resources
from app.schemas.keys import KeyIn
from app.services.access.api_keys import ApiKeys
from app.services.access.audit import Actor

Refused = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def sign_in(client: httpx.AsyncClient, key: str) -> str:
    answer = await client.post("/console/sign-in", data={"key": key})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    cookie = answer.headers["set-cookie"]
    assert {"httponly", "secure", "samesite=strict", "path=/console"} <= {
        part.strip().lower() for part in cookie.split(";")
    }
    assert key not in cookie
    return cookie.partition(";")[0]


async def test_who_is_not_signed_in_is_led_to_the_form(client: httpx.AsyncClient, admin: str) -> None:
    answer = await client.get("/console")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    form = await client.get("/console/sign-in")
    assert form.status_code == 200
    assert "frame-ancestors 'none'" in form.headers["content-security-policy"]


async def test_an_admin_key_signs_in_and_the_form_signs_out(
    client: httpx.AsyncClient, admin: str, refused: Refused
) -> None:
    cookie = {"cookie": await sign_in(client, admin)}
    shown = await client.get("/console", headers=cookie)
    assert shown.status_code == 200
    csrf = re.findall(r'name="csrf" value="([0-9a-f]{64})"', shown.text)[0]
    refused(await client.post("/console/sign-out", data={"csrf": "x"}, headers=cookie), 403, "forbidden")
    assert (await client.get("/console", headers=cookie)).status_code == 200
    # The cookie is for the console alone.
    refused(await client.get("/bundles", headers=cookie), 401, "unauthorized")
    assert (await client.post("/console/sign-out", data={"csrf": csrf}, headers=cookie)).status_code == 303
    assert (await client.get("/console", headers=cookie)).status_code == 303


@pytest.mark.parametrize("key", ["", "x", "braid_sk_000000000000_" + "a" * 43])
async def test_a_wrong_key_does_not(client: httpx.AsyncClient, admin: str, key: str) -> None:
    answer = await client.post("/console/sign-in", data={"key": key})
    assert answer.status_code in {401, 422}
    assert "set-cookie" not in answer.headers


async def test_a_key_that_is_no_admin_does_not(client: httpx.AsyncClient, application: FastAPI, admin: str) -> None:
    state = application.state.serving
    made = await ApiKeys(state.resources.keys, state.audit_log).add(KeyIn(name="r", scopes=["read"]), Actor("test"))
    await application.state.serving.keyring.load()
    assert (await client.post("/console/sign-in", data={"key": made.key})).status_code == 401


async def test_no_foreign_page_signs_in(client: httpx.AsyncClient, admin: str, refused: Refused) -> None:
    headers = {"origin": "https://evil.example"}
    refused(await client.post("/console/sign-in", data={"key": admin}, headers=headers), 403, "foreign_origin")


async def test_a_session_ends_with_its_key_and_when_nobody_asks(
    client: httpx.AsyncClient, application: FastAPI, admin: str, resources: Resources
) -> None:
    cookie = {"cookie": await sign_in(client, admin)}
    state = application.state.serving

    async def idle(minutes: int) -> None:
        async with resources.database.writing() as connection:
            await connection.execute(text(f"UPDATE console_sessions SET seen_at = seen_at - {minutes * 60_000_000}"))

    # A page that asks by itself does not count as somebody.
    await idle(20)
    assert (await client.get("/console?refreshed", headers=cookie)).status_code == 200
    await idle(5)
    assert (await client.get("/console", headers=cookie)).status_code == 200
    await idle(20)
    assert (await client.get("/console", headers=cookie)).status_code == 200
    await idle(31)
    assert (await client.get("/console", headers=cookie)).status_code == 303
    cookie = {"cookie": await sign_in(client, admin)}
    await ApiKeys(state.resources.keys, state.audit_log, state.keyring).revoke(admin.split("_")[2], Actor("test"))
    assert (await client.get("/console", headers=cookie)).status_code == 303
