"""Every route of the application with every kind of key: which of them it answers, and how it refuses the others."""

import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount

from app.api.access_rules import UNKNOWN, rule_of
from app.schemas.keys import NewKey
from tests.app.api.access.keys import SHOP, bearer

Make = Callable[..., Awaitable[NewKey]]
ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
SIGN_IN, CONSOLE = "/console/sign-in", "/console"
NO_KEY, WRONG_KEY, PAGES = "no key", "a wrong key", "publish"
ALLOWED = {
    NO_KEY: set[str](),
    WRONG_KEY: set[str](),
    "read": {"read"},
    "write": {"write"},
    "personal": {"personal"},
    "metrics": {"metrics"},
    "admin": {"read", "write", "personal", "metrics", "admin"},
    PAGES: set[str](),
}
VALUES = {
    # An id that the page's own anonymous user may have.
    "user_id": "anon-" + "a" * 22,
    "interaction_id": "1",
    "key_id": "0" * 12,
}


def calls_of(application: FastAPI) -> Iterator[tuple[str, str]]:
    """Give method and path of every route, also of those that the description leaves out."""
    for route in application.routes:
        inner = getattr(route, "effective_route_contexts", None)
        contexts: list[Any] = [route] if inner is None else list(inner())
        for one in contexts:
            # A folder of files is mounted without methods.
            if isinstance(one, Mount):
                yield "GET", f"{one.path}/"
            else:
                yield from ((method, one.path) for method in one.methods or ())


@pytest.fixture(scope="session")
def written(repository: Path) -> dict[str, set[str]]:
    """Return what docs/security.md says: each call, such as `GET /items`, and the scopes that it names for it."""
    page = (repository / "docs/security.md").read_text(encoding="utf-8")
    table = page.split("### Each call", 1)[1].split("##", 1)[0]
    found: dict[str, set[str]] = {}
    for line in table.splitlines()[4:]:
        if line.startswith("|"):
            _, scope, calls, _ = line.split("|")
            for call in re.findall(r"`([A-Z]+ /[^`]*)`", calls):
                found.setdefault(call, set()).add(NO_KEY if "none" in scope else scope.strip(" `"))
    return found


def expected(scopes: set[str], kind: str) -> int | None:
    """Return the status of a refusal, or None where the call is answered."""
    if NO_KEY in scopes or scopes & (ALLOWED[kind] | {kind}):
        return None
    return 401 if kind in {NO_KEY, WRONG_KEY} else 403


async def headers_of(kind: str, make: Make) -> dict[str, str]:
    if kind == NO_KEY:
        # Without any key in force this machine needs none.
        await make("admin")
        return {}
    if kind == PAGES:
        return bearer(await make(PAGES, origins=[SHOP]), origin=SHOP)
    key = await make("admin" if kind == WRONG_KEY else kind)
    return bearer(key) if kind != WRONG_KEY else {"authorization": f"Bearer {key.key[:-1]}?"}


def without_rules(application: FastAPI) -> set[tuple[str, str]]:
    return {(method, path) for method, path in calls_of(application) if rule_of(method, path) is UNKNOWN}


def test_every_route_has_a_rule(application: FastAPI) -> None:
    assert len(list(calls_of(application))) > 65
    assert without_rules(application) == set()


def test_a_route_without_a_rule_is_found() -> None:
    router, application = APIRouter(prefix="/secrets"), FastAPI(openapi_url=None)

    @router.get("/{name}", include_in_schema=False)
    async def secret(name: str) -> str:
        return name

    application.include_router(router)
    assert without_rules(application) == {("GET", "/secrets/{name}")}


@ONE
@pytest.mark.parametrize("kind", sorted(ALLOWED))
async def test_every_call_with_every_kind_of_key(
    client: httpx.AsyncClient, application: FastAPI, make: Make, kind: str, written: dict[str, set[str]]
) -> None:
    """The status of each, against the table in docs/security.md: the rules are not asked what they should be."""
    headers, found, wrong = await headers_of(kind, make), 0, []
    for method, path in calls_of(application):
        url = re.sub(r"{(\w+)}", lambda name: VALUES.get(name[1], "x"), path)
        # Nothing that passes is carried out: the bodies are not valid.
        # Forms are sent by a page of the server's own.
        own = {"origin": f"http://{client.base_url.netloc.decode()}"} if path.startswith("/console/") else {}
        answer = await client.request(method, url, headers=own | headers, content=b"{")
        refused = answer.status_code if answer.status_code in {401, 403} else None
        if path.startswith(CONSOLE) and (answer.status_code, answer.headers.get("location")) == (303, SIGN_IN):
            # A browser is shown the form in place of a refusal.
            refused = 401
        # A wrong password is 401 as well, and a form of another page 403.
        call = f"{method.replace('HEAD', 'GET')} {path}"
        scopes = {"admin"} if call not in written and path.startswith(f"{CONSOLE}/") else written[call]
        if refused != expected(scopes, kind) and path not in {SIGN_IN, "/console/sign-out"}:
            wrong.append(f"{method} {path} with {kind}: {answer.status_code} {answer.text[:200]}")
        found += 1
    assert wrong == []
    assert found > 65


def test_the_page_on_security_names_each_call_and_no_other(
    application: FastAPI, written: dict[str, set[str]], repository: Path
) -> None:
    page = (repository / "docs/security.md").read_text(encoding="utf-8")
    there = {f"{method} {path}" for method, path in calls_of(application) if method != "HEAD"}
    others = {call for call in there - written.keys() if f" {CONSOLE}/" in call}
    assert written.keys() == there - others
    assert "every other page and form of the console" in page
    named = {scope for scopes in written.values() for scope in scopes}
    assert named == ALLOWED.keys() - {WRONG_KEY}
