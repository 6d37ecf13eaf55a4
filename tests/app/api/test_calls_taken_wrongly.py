"""Calls that were once taken the wrong way, each with variations: what a client gets now."""

from typing import Any

import httpx
import pytest

from tests.app.conftest import Refused


@pytest.fixture
def backend() -> str:
    """SQLite alone: other tests have both for each of these."""
    return "sqlite"


async def viewed(client: httpx.AsyncClient, user: str, item: str) -> None:
    row = {"user_id": user, "item_id": item, "event_type": "view"}
    answer = await client.post("/interactions", json=row)
    assert answer.status_code == 201, answer.text


async def merged(client: httpx.AsyncClient, user: str, into: str) -> dict[str, Any]:
    answer = await client.post(f"/users/{user}/merge", json={"into": into})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def items_of(client: httpx.AsyncClient, user: str) -> list[str]:
    rows = (await client.get(f"/users/{user}/interactions")).json()["items"]
    return sorted(row["item_id"] for row in rows)


@pytest.mark.parametrize(
    "merges",
    [
        [("a", "b"), ("b", "known")],
        [("b", "known"), ("a", "b")],
        [("a", "known"), ("b", "known")],
        [("a", "b"), ("b", "c"), ("c", "known")],
        [("c", "known"), ("b", "c"), ("a", "b")],
        [("b", "c"), ("a", "b"), ("c", "known")],
    ],
)
async def test_whatever_the_order_of_merges_late_events_reach_the_known_user(
    client: httpx.AsyncClient, merges: list[tuple[str, str]]
) -> None:
    users = sorted({user for user, _ in merges})
    for user in users:
        await viewed(client, user, f"of-{user}")
    for user, into in merges:
        await merged(client, user, into)
    await viewed(client, "a", "late")
    assert (await merged(client, "a", "known"))["into"] == "known"
    assert await items_of(client, "known") == sorted(["late", *(f"of-{user}" for user in users)])


@pytest.mark.parametrize(
    ("target", "back"), [("knwon", "a"), ("knwon", "knwon"), ("a", "a"), ("known-", "a"), ("KNOWN", "a")]
)
async def test_a_misspelt_target_is_told_and_can_be_merged_on(
    client: httpx.AsyncClient, refused: Refused, target: str, back: str
) -> None:
    await viewed(client, "a", "i")
    await viewed(client, "known", "j")
    if target != "a":
        assert (await merged(client, "a", target))["created"] is True
    refused(await client.post(f"/users/{target}/merge", json={"into": back}), 409, "already_merged")
    assert await merged(client, target, "known") == {
        "user_id": target, "into": "known", "moved": 1, "created": False,
    }  # fmt: skip
    assert await items_of(client, "known") == ["i", "j"]


@pytest.mark.parametrize("misspelt", ["purchse", "Purchase", "purchases", "buy", "viewed"])
@pytest.mark.parametrize("how", ["body", "query", "batch"])
async def test_a_misspelt_event_type_is_refused_with_those_that_there_are(
    client: httpx.AsyncClient, refused: Refused, misspelt: str, how: str
) -> None:
    if how == "query":
        answer = await client.get("/recommend/u", params={"exclude_seen": misspelt})
    elif how == "body":
        answer = await client.post("/recommend", json={"user_id": "u", "exclude_seen": ["view", misspelt]})
    else:
        row = {"user_id": "u", "item_id": "i", "event_type": misspelt}
        answer = await client.post("/interactions", json=row)
    field = "event_type" if how == "batch" else "exclude_seen"
    problem = refused(answer, 422, "invalid_request", field)
    assert f"{misspelt!r} is not one of cart, click" in problem["errors"][0]["detail"]


@pytest.mark.parametrize("text", [".", ".."])
@pytest.mark.parametrize("field", ["user_id", "item_id", "event_id", "request_id", "into", "path"])
async def test_ids_that_paths_lose_are_refused(
    client: httpx.AsyncClient, refused: Refused, text: str, field: str
) -> None:
    row = {"user_id": "u", "item_id": "i", "event_type": "view"}
    if field == "into":
        answer = await client.post("/users/u/merge", json={"into": text})
    elif field == "path":
        answer = await client.delete(f"/users/{text.replace('.', '%2E')}")
        field = "user_id"
    else:
        answer = await client.post("/interactions", json=row | {field: text})
    problem = refused(answer, 422, "invalid_request", field)
    assert problem["errors"][0]["detail"] == "must not be . or ..: clients and proxies remove them from paths"


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-01-01&to=9999-12-31", "from=yesterday", "to=0001-01-01", "from=-1", "from=1772366400",
        "from=2026-13-01", "to=99999-01-01", "from=2026-01-01&to=%00", "days=x", "from=2026-03-02&to=2026-03-01",
    ],
)  # fmt: skip
async def test_a_period_that_is_none_is_refused_in_plain_words(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/metrics/online?{query}")
    assert answer.status_code == 422, answer.text
    said = " ".join(error["detail"] for error in answer.json()["errors"])
    assert not {"datetime", "isoformat", "ValueError", "_", "None", "pydantic"} & set(said.replace(".", " ").split())
