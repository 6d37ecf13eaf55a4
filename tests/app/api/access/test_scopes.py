"""Which scope each call needs."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.api.access_rules import RULES, UNKNOWN, methods_of, rule_of
from app.schemas.keys import NewKey
from tests.app.api.access.keys import bearer

Refused = Callable[..., dict[str, Any]]
Make = Callable[..., Awaitable[NewKey]]
FORMS = ("sign-in", "sign-out", "keys", "keys/{key_id}/rotate", "keys/{key_id}/revoke")
ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_every_operation_has_a_rule_and_every_rule_an_operation(openapi: dict[str, Any]) -> None:
    there = {(method.upper(), path) for path, operations in openapi["paths"].items() for method in operations}
    ruled = [(method, rule.path) for rule in RULES if rule.needs != "docs" for method in rule.methods]
    pages = {("GET", "/"), ("GET", "/console/sign-in"), ("GET", "/console/keys")}
    forms = {("POST", f"/console/{path}") for path in FORMS}
    assert sorted(ruled) == sorted(there | pages | forms)


def test_a_name_comes_before_a_parameter() -> None:
    assert rule_of("GET", "/users/a/similar").needs == "personal"
    assert rule_of("POST", "/items/similar").needs == "read"
    assert rule_of("POST", "/items/batch").needs == "write"
    assert rule_of("HEAD", "/items/a").needs == "read"
    assert rule_of("POST", "/") is rule_of("POST", "/items") is rule_of("GET", "") is UNKNOWN


def test_all_methods_of_a_path_are_listed() -> None:
    assert methods_of("/users/a") == ["DELETE", "GET", "HEAD", "PATCH", "PUT"]
    assert methods_of("/keys") == ["GET", "HEAD", "POST"]
    assert methods_of("/items/similar") == ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]
    assert methods_of("/nothing") == methods_of("") == []


@ONE
async def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(
    client: httpx.AsyncClient, refused: Refused
) -> None:
    for path in ("/keys", "/items", "/schema", "/training-jobs", "/items/a", "/health/live"):
        for method in ("OPTIONS", "TRACE"):
            answer = await client.request(method, path)
            refused(answer, 405, "method_not_allowed")
            assert answer.headers["allow"] == ", ".join(methods_of(path))


@ONE
async def test_a_key_for_a_scenario_asks_nothing_else(client: httpx.AsyncClient, make: Make, refused: Refused) -> None:
    key = await make("read", scenarios=["home"])
    assert (await client.get("/scenarios/home/recommend?user_id=u", headers=bearer(key))).status_code == 200
    for path in ("/scenarios/trending/recommend", "/scenarios/home", "/popular", "/items"):
        refused(await client.get(path, headers=bearer(key)), 403, "forbidden")
