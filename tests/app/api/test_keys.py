"""API keys: without one this machine alone may ask, with one every call needs its scope."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.api.access_rules import RULES, UNKNOWN, rule_of
from app.config import Settings
from app.process.resources import Resources
from app.process.serving_state import serving_state
from app.schemas.keys import KeyIn, NewKey
from app.services.access.api_keys import ApiKeys
from app.services.access.signed_users import sign

Refused = Callable[..., dict[str, Any]]
Make = Callable[..., Awaitable[NewKey]]
VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}
ANONYMOUS = "anon-q0y1o3lW2bD3v8uX1sQ6rT"
SHOP = "https://shop.example"


@pytest.fixture
async def make(client: httpx.AsyncClient, application: FastAPI) -> Make:
    async def key(*scopes: str, **more: Any) -> NewKey:
        state = application.state.serving
        return await ApiKeys(state.resources.keys, state.keyring).add(KeyIn(name="k", scopes=list(scopes), **more))

    return key


def bearer(key: NewKey, **more: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key.key}"} | more


async def test_without_a_key_this_machine_may_do_everything(client: httpx.AsyncClient) -> None:
    assert (await client.post("/interactions", json=VIEW)).status_code == 201
    assert (await client.get("/bundles")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"host": "evil.example"}, "foreign_host"),
        ({"host": "127.0.0.1.evil.example"}, "foreign_host"),
        ({"origin": "https://evil.example"}, "foreign_origin"),
        ({"origin": "null"}, "foreign_origin"),
        ({"origin": "http://127.0.0.1:8001"}, "foreign_origin"),
    ],
)
async def test_without_a_key_no_foreign_page_may_ask(
    client: httpx.AsyncClient, refused: Refused, headers: dict[str, str], code: str
) -> None:
    for method, path in (
        ("POST", "/training-jobs"),
        ("GET", "/recommend/u"),
        ("POST", "/imports"),
        ("GET", "/console"),
    ):
        refused(await client.request(method, path, headers=headers), 403, code)
    assert (await client.get("/health/live", headers=headers)).status_code == 200


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
async def test_without_a_key_the_names_of_this_machine_are_taken(client: httpx.AsyncClient, host: str) -> None:
    headers = {"host": host, "origin": f"http://{host}"}
    assert (await client.get("/popular", headers=headers)).status_code == 200


async def test_without_a_key_other_machines_are_refused(
    client: httpx.AsyncClient, application: FastAPI, refused: Refused, settings: Settings
) -> None:
    transport = httpx.ASGITransport(application, client=("192.0.2.1", 123))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as other:
        refused(await other.get("/popular"), 403, "key_required")
        open_to_all = settings.model_copy(update={"allow_open": True})
        application.state.serving.resources.settings = open_to_all
        assert (await other.get("/popular", headers={"host": "braid.internal"})).status_code == 200
        refused(await other.get("/popular", headers={"origin": "https://evil.example"}), 403, "foreign_origin")


async def test_with_a_key_every_call_needs_one(client: httpx.AsyncClient, make: Make, refused: Refused) -> None:
    key = await make("read")
    for wrong in (None, "Bearer", "Basic dTpw", f"Bearer {key.key[:-1]}", f"Bearer {key.key}x", "Bearer braid_sk_"):
        answer = await client.get("/popular", headers={} if wrong is None else {"authorization": wrong})
        refused(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == 'Bearer realm="braid"'
    refused(await client.get("/nowhere"), 401, "unauthorized")
    assert (await client.get("/popular", headers=bearer(key))).status_code == 200
    assert (await client.head("/popular", headers=bearer(key, host="shop.example"))).status_code == 200
    for path in ("/health/live", "/health/ready", "/docs", "/openapi.json"):
        assert (await client.get(path)).status_code == 200


async def test_the_hot_path_asks_for_a_key_too(client: httpx.AsyncClient, make: Make, refused: Refused) -> None:
    assert (await client.get("/recommend/u?limit=3")).status_code == 200
    await make("write")
    refused(await client.get("/recommend/u?limit=3"), 401, "unauthorized")


async def test_a_setting_closes_the_documentation(
    client: httpx.AsyncClient, application: FastAPI, make: Make, refused: Refused, settings: Settings
) -> None:
    key = await make("read")
    application.state.serving.resources.settings = settings.model_copy(update={"docs": False})
    for path in ("/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css"):
        refused(await client.get(path), 401, "unauthorized")
        assert (await client.get(path, headers=bearer(key))).status_code == 200


ALLOWED = {
    "read": {"read"},
    "write": {"write"},
    "personal": {"personal"},
    "admin": {"read", "write", "personal", "admin"},
}


def test_every_operation_has_a_rule_and_every_rule_an_operation(openapi: dict[str, Any]) -> None:
    there = {(method.upper(), path) for path, operations in openapi["paths"].items() for method in operations}
    ruled = [(method, rule.path) for rule in RULES if rule.needs != "docs" for method in rule.methods]
    forms = {("GET", "/console/sign-in"), ("POST", "/console/sign-in"), ("POST", "/console/sign-out")}
    assert sorted(ruled) == sorted(there | forms)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("scope", sorted(ALLOWED))
async def test_the_matrix_of_scopes_and_calls(client: httpx.AsyncClient, make: Make, scope: str) -> None:
    key = await make(scope)
    for rule in RULES:
        if rule.needs in {"open", "docs"}:
            continue
        path = rule.path.replace("{version}", "none").replace("{key_id}", "0" * 12)
        for name in ("user_id", "item_id", "name", "import_id", "job_id"):
            path = path.replace(f"{{{name}}}", "x")
        path = path.replace("{interaction_id}", "1")
        for method in rule.methods:
            # Nothing that passes is carried out: the bodies are not valid.
            answer = await client.request(method, path, headers=bearer(key), content=b"{")
            allowed = rule.needs in ALLOWED[scope]
            assert (answer.status_code != 403) == allowed, (method, path, answer.text)
            assert answer.status_code != 401


def test_a_name_comes_before_a_parameter() -> None:
    assert rule_of("GET", "/users/a/similar").needs == "personal"
    assert rule_of("POST", "/items/similar").needs == "read"
    assert rule_of("POST", "/items/batch").needs == "write"
    assert rule_of("HEAD", "/items/a").needs == "read"
    assert rule_of("GET", "/") is rule_of("POST", "/items") is rule_of("GET", "") is UNKNOWN


async def test_a_key_ends(client: httpx.AsyncClient, make: Make, refused: Refused) -> None:
    admin, key = await make("admin"), await make("read")
    made = await client.post(f"/keys/{key.key_id}/rotate", json={"grace_hours": 1}, headers=bearer(admin))
    new = NewKey.model_validate_json(made.content)
    for one in (key, new):
        assert (await client.get("/popular", headers=bearer(one))).status_code == 200
    assert (await client.delete(f"/keys/{new.key_id}", headers=bearer(admin))).status_code == 204
    refused(await client.get("/popular", headers=bearer(new)), 401, "unauthorized")
    refused(await client.delete(f"/keys/{new.key_id}", headers=bearer(admin)), 404, "not_found")
    short = await client.post(
        "/keys", json={"name": "s", "scopes": ["read"], "expires_at": "2026-01-01T00:00:00Z"}, headers=bearer(admin)
    )
    refused(
        await client.get("/popular", headers=bearer(NewKey.model_validate_json(short.content))), 401, "unauthorized"
    )
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
    acts = (await client.get("/audit-log", headers=bearer(admin))).json()["items"]
    assert [(one["actor"], one["action"], one["subject"]) for one in acts] == [(admin.key_id, "PUT", "/scenarios/home")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "n", "scopes": []}, "scopes"),
        ({"name": "n", "scopes": ["everything"]}, "scopes.0"),
        ({"name": "n", "scopes": ["publish", "read"], "origins": [SHOP]}, "body"),
        ({"name": "n", "scopes": ["publish"]}, "body"),
        ({"name": "n", "scopes": ["read"], "origins": ["shop.example"]}, "body"),
        ({"name": "n", "scopes": ["read"], "origins": [f"{SHOP}/path"]}, "body"),
    ],
)
async def test_what_is_no_key_is_refused(
    client: httpx.AsyncClient, refused: Refused, body: dict[str, Any], field: str
) -> None:
    refused(await client.post("/keys", json=body), 422, "invalid_request", field)


@pytest.fixture
async def page(make: Make) -> NewKey:
    return await make("publish", origins=[SHOP])


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


async def test_a_key_for_a_scenario_asks_nothing_else(client: httpx.AsyncClient, make: Make, refused: Refused) -> None:
    key = await make("read", scenarios=["home"])
    assert (await client.get("/scenarios/home/recommend?user_id=u", headers=bearer(key))).status_code == 200
    for path in ("/scenarios/trending/recommend", "/scenarios/home", "/popular", "/items"):
        refused(await client.get(path, headers=bearer(key)), 403, "forbidden")


async def test_the_first_key_is_made_once(resources: Resources) -> None:
    keys = ApiKeys(resources.keys)
    first = await keys.add_first()
    assert first is not None
    assert first.scopes == ["admin"]
    assert await keys.add_first() is None
