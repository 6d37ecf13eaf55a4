"""A merge is undone within a day, for what it moved."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.process.resources import Resources

Refused = Callable[..., dict[str, Any]]


async def view(client: httpx.AsyncClient, user_id: str, *item_ids: str) -> None:
    for item_id in item_ids:
        body = {"user_id": user_id, "item_id": item_id, "event_type": "view"}
        assert (await client.post("/interactions", json=body)).status_code == 201


async def merge(client: httpx.AsyncClient, user_id: str, into: str) -> dict[str, Any]:
    answer = await client.post(f"/users/{user_id}/merge", json={"into": into})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def undo(client: httpx.AsyncClient, user_id: str, into: str, moved: int) -> None:
    answer = await client.delete(f"/users/{user_id}/merge")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"user_id": user_id, "into": into, "moved": moved}


async def items_of(client: httpx.AsyncClient, user_id: str) -> set[str]:
    return {row["item_id"] for row in (await client.get(f"/users/{user_id}/interactions")).json()["items"]}


async def count(resources: Resources, table: str) -> int:
    async with resources.database.begin() as connection:
        return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_what_was_moved_goes_back_and_the_rest_stays(client: httpx.AsyncClient, refused: Refused) -> None:
    await view(client, "anonymous", "a", "b")
    await client.put("/users/anonymous", json={"attributes": {"city": "Bonn"}})
    await view(client, "known", "own")
    assert (await merge(client, "anonymous", "known"))["moved"] == 2
    await view(client, "known", "since")
    assert (await client.get("/users/known")).json()["attributes"] == {"city": "Bonn"}
    await undo(client, "anonymous", "known", 2)
    assert await items_of(client, "anonymous") == {"a", "b"}
    assert await items_of(client, "known") == {"own", "since"}
    assert (await client.get("/users/anonymous")).json()["attributes"] == {"city": "Bonn"}
    assert (await client.get("/users/known")).json()["attributes"] == {}
    assert (await client.get("/users/known/export")).json()["merges"] == []
    refused(await client.delete("/users/anonymous/merge"), 404, "not_found")


async def test_a_misspelt_target_is_as_before(client: httpx.AsyncClient) -> None:
    await view(client, "anonymous", "a")
    await client.put("/users/anonymous", json={"attributes": {"city": "Bonn"}})
    assert (await merge(client, "anonymous", "knwon"))["created"]
    await undo(client, "anonymous", "knwon", 1)
    assert (await client.get("/users/knwon")).status_code == 404
    assert (await client.get("/users/knwon/export")).status_code == 404
    # It may be merged into somebody else now.
    assert (await merge(client, "anonymous", "anon2"))["moved"] == 1
    assert (await client.get("/users/anon2")).json()["attributes"] == {"city": "Bonn"}


async def test_a_profile_that_was_changed_since_stays(client: httpx.AsyncClient) -> None:
    await client.put("/users/anonymous", json={"attributes": {"city": "Bonn"}})
    await merge(client, "anonymous", "known")
    await client.patch("/users/known", json={"attributes": {"size": "M"}})
    await undo(client, "anonymous", "known", 0)
    assert (await client.get("/users/known")).json()["attributes"] == {"city": "Bonn", "size": "M"}
    assert (await client.get("/users/anonymous")).json()["attributes"] == {"city": "Bonn"}


async def test_links_of_a_chain_are_undone_in_any_order(client: httpx.AsyncClient) -> None:
    await view(client, "anon1", "m1")
    await view(client, "anon2", "m2")
    await merge(client, "anon1", "anon2")
    await merge(client, "anon2", "known")
    await undo(client, "anon1", "anon2", 1)
    assert await items_of(client, "anon1") == {"m1"}
    assert await items_of(client, "known") == {"m2"}
    # A late event of the first link is its own again.
    await view(client, "anon1", "late")
    await undo(client, "anon2", "known", 1)
    assert await items_of(client, "anon1") == {"m1", "late"}
    assert await items_of(client, "anon2") == {"m2"}
    assert await items_of(client, "known") == set()
    # Merged once more past the second link, the first one's rows are no business of that link.
    await merge(client, "anon2", "known")
    await merge(client, "anon1", "known")
    await undo(client, "anon2", "known", 1)
    assert await items_of(client, "known") == {"m1", "late"}


async def test_after_a_day_it_cannot_be_undone(
    client: httpx.AsyncClient, resources: Resources, refused: Refused
) -> None:
    await view(client, "anonymous", "a")
    await client.put("/users/anonymous", json={"attributes": {"city": "Bonn"}})
    await merge(client, "anonymous", "known")
    async with resources.database.begin() as connection:
        await connection.execute(text(f"UPDATE merges SET merged_at = merged_at - {25 * 3600 * 1_000_000}"))
    refused(await client.delete("/users/anonymous/merge"), 409, "merge_too_old")
    assert await count(resources, "moved_rows") == 1
    await resources.merging.forget_moves()
    assert await count(resources, "moved_rows") == 0
    assert await count(resources, "merges WHERE profile IS NOT NULL") == 0
    assert await items_of(client, "known") == {"a"}


@pytest.mark.parametrize("erased", ["known", "anonymous"])
async def test_what_undoing_needs_is_erased_with_the_user(
    client: httpx.AsyncClient, resources: Resources, refused: Refused, erased: str
) -> None:
    await view(client, "anonymous", "a")
    await merge(client, "anonymous", "known")
    assert await count(resources, "moved_rows") == 1
    assert (await client.delete(f"/users/{erased}")).status_code == 204
    assert await count(resources, "moved_rows") == 0
    refused(await client.delete("/users/anonymous/merge"), 404, "not_found")
