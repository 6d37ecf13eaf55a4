"""What stands in front of every call: without a key this machine alone may ask, with one every call needs it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.schemas.keys import NewKey
from tests.app.api.access.keys import bearer

Refused = Callable[..., dict[str, Any]]
Make = Callable[..., Awaitable[NewKey]]
VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


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
        for header in ("x-forwarded-for", "forwarded", "via", "x-real-ip"):
            refused(await client.get("/popular", headers={header: "192.0.2.1"}), 403, "key_required")
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
    refused(await client.get("/guide/"), 401, "unauthorized")
    assert (await client.get("/guide", headers=bearer(key))).status_code == 307


async def test_details_of_health_are_for_those_who_run_it(client: httpx.AsyncClient, make: Make) -> None:
    def details(answer: httpx.Response) -> int:
        assert answer.status_code == 200
        checks = answer.json()["checks"]
        assert checks["database"]["status"] == "ok"
        return sum(bool(check["detail"]) for check in checks.values())

    assert details(await client.get("/health/ready")) == 8
    for foreign in ({"host": "shop.example"}, {"x-forwarded-for": "192.0.2.1"}):
        assert details(await client.get("/health/ready", headers=foreign)) == 0
    admin, reader = await make("admin"), await make("read")
    assert details(await client.get("/health/ready", headers=bearer(admin))) == 8
    assert details(await client.get("/health/ready", headers=bearer(reader))) == 0
    assert details(await client.get("/health/ready")) == 0
