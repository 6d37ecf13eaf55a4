"""Limits of keys and addresses over HTTP, in front of the hot path too."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.schemas.keys import NewKey
from app.services.access.rate_limits import RateLimits
from tests.app.api.access.conftest import Make
from tests.app.api.access.keys import SHOP, bearer
from tests.app.services.access.redis_server import running_redis

Refused = Callable[..., dict[str, Any]]
ANONYMOUS = "anon-q0y1o3lW2bD3v8uX1sQ6rT"
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"rate_limit": "3/minute", "address_rate_limit": "2/minute"})


def check(answer: httpx.Response, name: str, quota: int) -> None:
    """Expect the headers of a refusal."""
    assert answer.headers["ratelimit-policy"] == f'"{name}";q={quota};w=60'
    assert answer.headers["ratelimit"] == f'"{name}";r=0;t={answer.headers["retry-after"]}'
    assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_a_key_has_a_limit(client: httpx.AsyncClient, make: Make, refused: Refused) -> None:
    first, second = await make("read"), await make("read", "admin")
    for path, left in (("/recommend/u", 2), ("/recommend/u", 1), ("/items", 0)):
        answer = await client.get(path, headers=bearer(first))
        assert answer.headers["ratelimit"].startswith(f'"key";r={left};t=')
    for path in ("/recommend/u", "/items"):
        answer = await client.get(path, headers=bearer(first))
        problem = refused(answer, 429, "too_many_requests")
        check(answer, "key", 3)
        assert "this API key may send 3 requests in 60 s" in problem["detail"]
    answer = await client.get("/bundles", headers=bearer(await make("read")))
    refused(answer, 403, "forbidden")
    assert answer.headers["ratelimit"].startswith('"key";r=2;t=')
    assert (await client.get("/bundles", headers=bearer(second))).status_code == 200


async def test_a_key_may_have_a_limit_of_its_own(client: httpx.AsyncClient, make: Make, refused: Refused) -> None:
    admin = await make("admin", rate_limit="100/hour")
    asked = {"name": "n", "scopes": ["read"], "rate_limit": "1/minute"}
    few = NewKey.model_validate_json((await client.post("/keys", json=asked, headers=bearer(admin))).content)
    answer = await client.post(f"/keys/{few.key_id}/rotate", json={}, headers=bearer(admin))
    replaced = NewKey.model_validate_json(answer.content)
    for key in (few, replaced):
        assert (await client.get("/recommend/u", headers=bearer(key))).status_code == 200
        answer = await client.get("/recommend/u", headers=bearer(key))
        refused(answer, 429, "too_many_requests")
        check(answer, "key", 1)
    listed = await client.get("/keys", headers=bearer(admin))
    assert [one["rate_limit"] for one in listed.json()["items"]] == ["100/hour", "1/minute", "1/minute"]
    assert listed.headers["ratelimit-policy"] == '"key";q=100;w=3600'
    assert listed.headers["ratelimit"].startswith('"key";r=97;t=')


async def test_keys_and_pages_are_counted_in_redis(
    client: httpx.AsyncClient, make: Make, page: NewKey, refused: Refused, application: FastAPI, free_port: int
) -> None:
    reader = bearer(await make("read"))
    with running_redis(free_port) as url:
        limits = application.state.serving.rate_limits = RateLimits(url, "1/minute", "1/minute", 1)
        for name, headers in (("key", reader), ("address", bearer(page, origin=SHOP))):
            answer = await client.get(f"/recommend/{ANONYMOUS}", headers=headers)
            assert answer.headers["ratelimit"] == f'"{name}";r=0;t=60'
            answer = await client.get(f"/recommend/{ANONYMOUS}", headers=headers)
            refused(answer, 429, "too_many_requests")
            check(answer, name, 1)
        await limits.close()


async def test_pages_of_an_address_have_a_limit(client: httpx.AsyncClient, page: NewKey, refused: Refused) -> None:
    headers = bearer(page, origin=SHOP)
    for _ in range(2):
        assert (await client.get(f"/recommend/{ANONYMOUS}", headers=headers)).status_code == 200
    answer = await client.get(f"/recommend/{ANONYMOUS}", headers=headers)
    refused(answer, 429, "too_many_requests")
    check(answer, "address", 2)
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "RateLimit" in answer.headers["access-control-expose-headers"]


async def test_wrong_keys_and_sign_ins_have_a_limit(client: httpx.AsyncClient, make: Make, refused: Refused) -> None:
    key = await make("admin")
    wrong = {"authorization": f"Bearer {key.key[:-1]}"}
    refused(await client.get("/items", headers=wrong), 401, "unauthorized")
    assert (await client.post("/console/sign-in", data={"key": "x"})).status_code == 401
    for answer in (
        await client.get("/items", headers=wrong),
        await client.post("/console/sign-in", data={"key": key.key}),
    ):
        refused(answer, 429, "too_many_requests")
        check(answer, "tries", 2)
    assert (await client.get("/console/sign-in")).status_code == 200
    assert (await client.get("/items", headers=bearer(key))).status_code == 200
    refused(await client.get("/items"), 401, "unauthorized")


async def test_wrong_keys_at_a_health_check_count_and_get_its_answer(
    client: httpx.AsyncClient, make: Make, refused: Refused
) -> None:
    await make("admin")
    wrong = {"authorization": "Bearer x"}
    for _ in range(3):
        assert (await client.get("/health/ready", headers=wrong)).status_code == 200
    refused(await client.get("/items", headers=wrong), 429, "too_many_requests")


async def test_what_a_client_says_of_its_address_does_not_count(
    client: httpx.AsyncClient, make: Make, refused: Refused, application: FastAPI
) -> None:
    await make("admin")
    assert application.state.serving.resources.settings.trusted_proxies is None
    for number in range(2):
        headers = {"authorization": "Bearer x", "x-forwarded-for": f"192.0.2.{number}"}
        refused(await client.get("/items", headers=headers), 401, "unauthorized")
    headers = {"authorization": "Bearer x", "x-forwarded-for": "192.0.2.9"}
    refused(await client.get("/items", headers=headers), 429, "too_many_requests")
