"""The console's page of keys."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

Refused = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
KEY = re.compile(r"braid_[a-z]+_[0-9a-f]{12}_[A-Za-z0-9_-]{43}")


def csrf_of(page: httpx.Response) -> str:
    return str(re.findall(r'name="csrf" value="([0-9a-f]{64})"', page.text)[0])


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


async def test_a_key_is_made_shown_once_replaced_and_revoked(
    client: httpx.AsyncClient, session: dict[str, str]
) -> None:
    page = await client.get("/console/keys", headers=session)
    form = {"csrf": csrf_of(page)}
    made = await client.post(
        "/console/keys",
        data=form | {"name": "<shop>", "scopes": ["read", "write"], "days": "30", "rate_limit": "77/minute"},
        headers=session,
    )
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    assert "&lt;shop&gt;" in made.text
    (key,) = KEY.findall(made.text)
    key_id = key.split("_")[2]
    assert (await client.get("/items", headers=bearer(key))).status_code == 200
    again = await client.get("/console/keys", headers=session)
    assert key_id in again.text
    assert "77/minute" in again.text
    assert not KEY.findall(again.text)

    replaced = await client.post(f"/console/keys/{key_id}/rotate", data=form, headers=session)
    (newer,) = KEY.findall(replaced.text)
    assert (await client.get("/items", headers=bearer(newer))).status_code == 200
    assert (await client.post(f"/console/keys/{key_id}/revoke", data=form, headers=session)).status_code == 200
    assert (await client.get("/items", headers=bearer(key))).status_code == 401
    twice = await client.post(f"/console/keys/{key_id}/revoke", data=form, headers=session)
    assert twice.status_code == 422
    assert "there is no valid key" in twice.text


async def test_acts_of_the_page_are_in_the_audit_log_once(
    client: httpx.AsyncClient, session: dict[str, str], admin: str
) -> None:
    form = {"csrf": csrf_of(await client.get("/console/keys", headers=session))}
    await client.post("/console/keys", data=form | {"name": "n", "scopes": "read"}, headers=session)
    acts = (await client.get("/audit-log", headers=bearer(admin))).json()["items"]
    assert [(act["actor"], act["action"]) for act in acts][:2] == [
        (admin.split("_")[2], "key create"),
        (admin.split("_")[2], "sign in"),
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "", "scopes": "read"}, "name: "),
        ({"name": "n"}, "scopes: "),
        ({"name": "n", "scopes": "reed"}, "scopes"),
        ({"name": "n", "scopes": "publish"}, "needs origins"),
        ({"name": "n", "scopes": "publish", "origins": "shop"}, "is no origin"),
        ({"name": "n", "scopes": "read", "rate_limit": "many"}, "is not a limit"),
        ({"name": "n", "scopes": "read", "days": "soon"}, "is not a number of days"),
        ({"name": "n", "scopes": "read", "days": "-1"}, "must be in the future"),
    ],
)
async def test_what_is_wrong_is_said_and_no_key_made(
    client: httpx.AsyncClient, session: dict[str, str], given: dict[str, str], said: str
) -> None:
    form = {"csrf": csrf_of(await client.get("/console/keys", headers=session))}
    answer = await client.post("/console/keys", data=form | given, headers=session)
    assert answer.status_code == 422
    (wrong,) = re.findall(r'role="alert">(.*?)</p>', answer.text)
    assert said in wrong
    assert not KEY.findall(answer.text)


async def test_a_form_of_another_page_or_session_does_nothing(
    client: httpx.AsyncClient, session: dict[str, str], admin: str, refused: Refused
) -> None:
    given = {"name": "n", "scopes": "admin"}
    form = given | {"csrf": csrf_of(await client.get("/console/keys", headers=session))}
    for wrong in (given, given | {"csrf": "0" * 64}, given | {"csrf": "ü"}):
        refused(await client.post("/console/keys", data=wrong, headers=session), 403, "forbidden")
    foreign = session | {"origin": "https://evil.example"}
    refused(await client.post("/console/keys", data=form, headers=foreign), 403, "foreign_origin")
    refused(await client.post("/console/keys", data=form), 401, "unauthorized")
    keys = (await client.get("/keys", headers=bearer(admin))).json()["items"]
    assert [key["name"] for key in keys] == ["a"]


async def test_who_is_not_signed_in_is_led_to_the_form(client: httpx.AsyncClient, admin: str) -> None:
    answer = await client.get("/console/keys")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")


async def test_the_first_key_is_made_on_this_machine_without_a_session(
    client: httpx.AsyncClient, application: FastAPI, refused: Refused
) -> None:
    page = await client.get("/console/keys")
    assert "There is none" in page.text
    foreign = {"origin": "https://evil.example"}
    given = {"name": "first", "scopes": "admin"}
    refused(await client.post("/console/keys", data=given, headers=foreign), 403, "foreign_origin")
    refused(await client.post("/console/keys", data=given), 403, "forbidden")
    own = {"origin": f"http://{client.base_url.netloc.decode()}"}
    (key,) = KEY.findall((await client.post("/console/keys", data=given, headers=own)).text)
    assert (await client.get("/keys", headers=bearer(key))).status_code == 200
    refused(await client.post("/console/keys", data=given), 401, "unauthorized")


async def test_a_browser_is_told_on_a_page_why_a_form_was_not_taken(
    client: httpx.AsyncClient, session: dict[str, str]
) -> None:
    browser = {"accept": "text/html,*/*"}
    stale = await client.post("/console/keys", data={"csrf": "0" * 64, "name": "n"}, headers=session | browser)
    assert (stale.status_code, stale.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "the form is not of this session: open the page again" in stale.text
    ended = await client.post("/console/keys", data={"name": "n"}, headers=browser)
    assert (ended.status_code, ended.headers["location"]) == (303, "/console/sign-in")
