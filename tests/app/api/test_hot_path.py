"""Questions that come again are answered without the framework: the same answers, byte by byte as documented."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from models.bundle.store import BundleStore
from tests.app.api.asking import ask, item_ids, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def framework(application: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which requests the framework gets to see."""
    seen: list[str] = []
    router = application.router
    call = type(router).__call__

    async def noted(self: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append(scope["path"] + "?" + scope["query_string"].decode())
        await call(self, scope, receive, send)

    monkeypatch.setattr(type(router), "__call__", noted)
    return seen


async def test_a_question_that_comes_again_has_the_same_answer_without_the_framework(
    bundles: BundleStore, framework: list[str], client: httpx.AsyncClient, documented: Callable[[str, object], None]
) -> None:
    await post(client, "u", "i01")
    for query in (
        "",
        "?limit=3",
        "?limit=3&category=group-1&diversity=0.5",
        "?explain=true",
        "?exclude=i05&exclude=i06",
    ):
        path = f"/recommend/u{query}"
        first = await client.get(path)
        framework.clear()
        again = [await client.get(path) for _ in range(3)]
        assert framework == []
        identities = {answer.json().pop("request_id") for answer in (first, *again)}
        assert len(identities) == 4
        for answer in again:
            documented("Recommendation", answer.json())
            assert answer.headers["content-type"] == "application/json"
            assert {**answer.json(), "request_id": ""} == {**first.json(), "request_id": ""}
            assert list(answer.json()) == list(first.json())


async def test_another_user_with_the_same_question_is_answered_without_it_too(
    bundles: BundleStore, framework: list[str], client: httpx.AsyncClient
) -> None:
    for user, item in (("a", "i01"), ("b", "i02")):
        await post(client, user, item)
        await ask(client, user, limit=5)
    await post(client, "a", "i03")
    await client.get("/recommend/a?limit=4")
    framework.clear()
    answer = await ask(client, "b", limit=4)
    assert framework == []
    assert (answer["user_id"], len(answer["items"])) == ("b", 4)


async def test_what_changes_anything_changes_the_very_next_answer(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    await post(client, "u", "i01")
    for _ in range(3):
        first = item_ids(await ask(client, "u"))
        assert item_ids(await ask(client, "u")) == first
        await post(client, "u", first[0])
        after = item_ids(await ask(client, "u"))
        assert first[0] not in after
        await client.put(f"/items/{after[0]}", json={"hidden": True})
        assert after[0] not in item_ids(await ask(client, "u"))
        await client.put(f"/items/{after[0]}", json={})
        assert after[0] in item_ids(await ask(client, "u"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/recommend/u?limit=0", 422),
        ("/recommend/u?limit=10&limit=ten", 422),
        ("/recommend/a%20b", 422),
        ("/recommend/a%0A", 422),
        ("/recommend", 405),
        ("/recommend/u/v", 404),
    ],
)
async def test_what_is_not_valid_is_refused_however_often_it_comes(
    bundles: BundleStore, client: httpx.AsyncClient, path: str, status: int
) -> None:
    await ask(client, "u")
    for _ in range(3):
        assert (await client.get(path)).status_code == status
