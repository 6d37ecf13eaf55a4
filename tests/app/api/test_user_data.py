"""What is held on users: shown, exported, erased and merged, in all processes."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.process import serving_factory, transfer_factory
from app.process.serving_state import ServingState, serving_state
from app.schemas.options import Options
from app.schemas.similar import SimilarUsersQuery
from models.bundle.store import BundleStore
from models.data.file_chunks import in_memory
from models.data.folder import DataSet
from models.data.progress import silent
from tests.app.writing import store_one

Refused = Callable[..., dict[str, Any]]
VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}


async def view(client: httpx.AsyncClient, user_id: str, item_id: str) -> None:
    answer = await client.post("/interactions", json=VIEW | {"user_id": user_id, "item_id": item_id})
    assert answer.status_code == 201, answer.text


async def soon(found: Callable[[], Awaitable[Any]], expected: Any) -> None:
    until = time.monotonic() + 1
    while await found() != expected:
        assert time.monotonic() < until, (await found(), expected)
        await asyncio.sleep(0.02)


async def history(state: ServingState, user: str) -> list[str]:
    return [event[2] for event in (await state.histories.get(user)).events]


async def test_a_log_is_listed_newest_first_with_every_field(
    client: httpx.AsyncClient, application: FastAPI, documented: Any
) -> None:
    full = VIEW | {
        "value": 1.5,
        "timestamp": "2026-03-01T12:00:00.123456Z",
        "event_id": "e",
        "request_id": "r",
        "position": 3,
        "context": {"a": [1]},
        "quantity": -2.0,
        "revenue": -19.9,
    }
    ident = (await client.post("/interactions", json=full)).json()["id"]
    others = [VIEW | {"item_id": f"i{n}", "timestamp": f"2026-03-0{n}T00:00:00Z"} for n in (4, 2, 3, 3)]
    await client.post("/interactions/batch", json=[row | {"event_id": f"e{n}"} for n, row in enumerate(others)])
    store = application.state.serving.resources.interactions
    await store_one(store, {"user_id": "u", "item_id": "undated", "event_type": "view", "timestamp": None})
    found, cursor = [], None
    while True:
        query = {"limit": 2} | ({} if cursor is None else {"cursor": cursor})
        page = (await client.get("/users/u/interactions", params=query)).json()
        documented("LogPage", page)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [row["item_id"] for row in found] == ["i4", "i3", "i3", "i2", "i", "undated"]
    assert found[4] == full | {"id": ident}
    assert [row["event_id"] for row in found[1:3]] == ["e3", "e2"]


async def test_one_interaction_is_removed_everywhere(
    client: httpx.AsyncClient, settings: Settings, application: FastAPI, refused: Refused
) -> None:
    first = (await client.post("/interactions", json=VIEW)).json()["id"]
    await client.post("/interactions", json=VIEW | {"item_id": "j"})
    async with serving_state(settings) as other:
        await other.start()
        assert await history(other, "u") == await history(application.state.serving, "u") == ["i", "j"]
        assert (await client.delete(f"/interactions/{first}")).status_code == 204
        assert await history(application.state.serving, "u") == ["j"]
        await soon(lambda: history(other, "u"), ["j"])
    refused(await client.delete(f"/interactions/{first}"), 404, "not_found")


async def test_everything_that_is_held_is_exported(
    client: httpx.AsyncClient, application: FastAPI, documented: Any, refused: Refused
) -> None:
    refused(await client.get("/users/u/export"), 404, "not_found")
    await client.put("/users/u", json={"attributes": {"age": 40}})
    rows = [VIEW | {"item_id": f"i{n}", "event_id": f"e{n}"} for n in range(2500)]
    await client.post("/interactions/batch", json=rows)
    await client.post("/interactions", json=VIEW | {"user_id": "old", "item_id": "before"})
    await client.post("/recommend", json={"user_id": "u", "context": {"page": "home"}})
    await client.post("/users/old/merge", json={"into": "u"})
    answer = await client.get("/users/u/export")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    documented("UserExport", document)
    assert document["attributes"] == {"age": 40}
    assert [merge["user_id"] for merge in document["merges"]] == ["old"]
    assert [request["context"] for request in document["requests"]] == [{"page": "home"}]
    assert {row["item_id"] for row in document["interactions"]} == {"before", *(row["item_id"] for row in rows)}
    assert len(document["interactions"]) == 2501


async def test_an_erased_user_is_gone_from_the_database_and_from_memory(
    client: httpx.AsyncClient, settings: Settings, application: FastAPI, refused: Refused
) -> None:
    await client.put("/users/u", json={"attributes": {"age": 40}})
    await client.post("/interactions", json=VIEW)
    await client.post("/interactions", json=VIEW | {"user_id": "v"})
    await client.post("/recommend", json={"user_id": "u", "context": {"page": "home"}})
    here = application.state.serving
    async with serving_state(settings) as other:
        await other.start()
        assert await history(other, "u") == await history(here, "u") == ["i"]
        assert (await client.delete("/users/u")).status_code == 204
        assert await history(here, "u") == []
        await soon(lambda: history(other, "u"), [])
    for path in ("/users/u", "/users/u/export"):
        refused(await client.get(path), 404, "not_found")
    refused(await client.delete("/users/u"), 404, "not_found")
    async with here.resources.database.begin() as connection:
        for table in ("interactions", "users", "requests", "merges"):
            left = (await connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE user_id = 'u'")).scalar()
            assert (table, left) == (table, 0)
    # Whoever comes back is somebody new.
    await client.post("/interactions", json=VIEW | {"item_id": "new"})
    assert await history(here, "u") == ["new"]
    assert (await client.get("/users/u")).status_code == 200


async def test_a_user_whom_only_the_bundle_has_can_be_erased(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI, refused: Refused
) -> None:
    active = bundles.load_active()
    assert active is not None
    user = active.arrays["user_ids"][3].decode()
    serving = application.state.serving.bundle.serving
    assert serving.user_row(user) == 3
    assert (await client.delete(f"/users/{user}")).status_code == 204
    assert serving.user_row(user) == -1
    refused(await client.delete(f"/users/{user}"), 404, "not_found")


async def test_the_bundle_tells_nothing_of_an_erased_user(
    bundles: BundleStore, settings: Settings, application: FastAPI, synthetic: DataSet
) -> None:
    async with serving_state(settings) as loader:
        await transfer_factory.importing(loader.resources).run(in_memory(synthetic), progress=silent)
    transport = httpx.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        serving_state(settings) as other,
    ):
        await other.start()
        here: ServingState = application.state.serving
        users = sorted(set(synthetic.interactions["user_id"].to_pylist()))

        async def neighbours(state: ServingState) -> set[str]:
            query = SimilarUsersQuery(limit=100)
            return {
                near.user_id
                for user in users[:20]
                for near in (await serving_factory.similar_users(state).similar(user, query)).items
            }

        async def known(state: ServingState) -> tuple[bool, bool]:
            answer = orjson.loads((await state.recommendation.recommend(gone, Options())).body())
            return gone in await neighbours(state), answer["strategy"] == "personalized"

        gone = min(await neighbours(here) - set(users[:20]))
        assert await known(here) == await known(other) == (True, True)
        await client.delete(f"/users/{gone}")
        assert await known(here) == (False, False)
        await soon(lambda: known(other), (False, False))
        # The same history again: the bundle does not know whose it was.
        assert here.bundle.serving.user_row(gone) == -1
    async with serving_state(settings) as later:
        await later.start()
        assert gone not in await neighbours(later)


async def test_a_merge_moves_everything_once(
    client: httpx.AsyncClient, settings: Settings, application: FastAPI, refused: Refused
) -> None:
    await client.put("/users/anonymous", json={"attributes": {"city": "Köln"}})
    for item in ("a", "b"):
        await client.post("/interactions", json=VIEW | {"user_id": "anonymous", "item_id": item, "event_id": item})
    await client.post("/interactions", json=VIEW | {"item_id": "own"})
    here = application.state.serving
    async with serving_state(settings) as other:
        await other.start()
        assert await history(other, "u") == await history(here, "u") == ["own"]
        assert await history(other, "anonymous") == ["a", "b"]
        answers = await asyncio.gather(*(client.post("/users/anonymous/merge", json={"into": "u"}) for _ in range(4)))
        merged = {"user_id": "anonymous", "into": "u", "moved": 2, "created": False}
        assert [answer.json() for answer in answers] == [merged] * 4
        assert await history(here, "u") == ["a", "b", "own"]
        await soon(lambda: history(other, "u"), ["a", "b", "own"])
        await soon(lambda: history(other, "anonymous"), [])
    assert (await client.get("/users/u")).json()["attributes"] == {"city": "Köln"}
    assert (await client.get("/users/anonymous")).status_code == 404
    # A retry of an event counts once, whoever has it now.
    again = await client.post("/interactions", json=VIEW | {"user_id": "anonymous", "item_id": "a", "event_id": "a"})
    assert again.json()["status"] == "repeat"
    await client.post("/interactions", json=VIEW | {"user_id": "anonymous", "item_id": "late"})
    assert (await client.post("/users/anonymous/merge", json={"into": "u"})).json()["moved"] == 3
    refused(await client.post("/users/anonymous/merge", json={"into": "v"}), 409, "already_merged")
    refused(await client.post("/users/u/merge", json={"into": "anonymous"}), 409, "already_merged")
    refused(await client.post("/users/u/merge", json={"into": "u"}), 409, "already_merged")
    refused(await client.post("/users/u/merge", json={"into": "a b"}), 422, "invalid_request", "into")


@pytest.mark.parametrize("cursor", ["x", "WyJsb2ciLCJhIiwxXQ", "WyJsb2ciLDFd"])
async def test_a_cursor_of_nothing_is_refused(client: httpx.AsyncClient, refused: Refused, cursor: str) -> None:
    refused(await client.get("/users/u/interactions", params={"cursor": cursor}), 422, "invalid_cursor", "cursor")


@pytest.mark.parametrize("last", [[None, 2**63], [2**64 - 1, 1], [-(2**63) - 1, 1]])
async def test_a_cursor_with_numbers_that_no_database_has_is_none(
    client: httpx.AsyncClient, refused: Refused, last: list[int | None]
) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(["log", *last]).encode()).decode()
    refused(await client.get("/users/u/interactions", params={"cursor": cursor}), 422, "invalid_cursor", "cursor")


async def test_merges_form_a_chain_that_ends_with_the_known_user(
    client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]]
) -> None:
    async def merge(user_id: str, into: str) -> dict[str, Any]:
        answer = await client.post(f"/users/{user_id}/merge", json={"into": into})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def items_of(user_id: str) -> set[str]:
        return {row["item_id"] for row in (await client.get(f"/users/{user_id}/interactions")).json()["items"]}

    await view(client, "anon1", "m1")
    await view(client, "anon2", "m4")
    assert await merge("anon1", "anon2") == {"user_id": "anon1", "into": "anon2", "moved": 1, "created": False}
    assert await merge("anon2", "known") == {"user_id": "anon2", "into": "known", "moved": 2, "created": True}
    # A late event is the known user's, whichever link of the chain is named.
    await view(client, "anon1", "m10")
    exported = (await client.get("/users/known/export")).json()
    assert {row["item_id"] for row in exported["interactions"]} == {"m1", "m4", "m10"}
    assert [one["user_id"] for one in exported["merges"]] == ["anon1", "anon2"]
    assert await merge("anon1", "anon2") == {"user_id": "anon1", "into": "known", "moved": 2, "created": False}
    assert await items_of("known") == {"m1", "m4", "m10"}
    await view(client, "anon1", "m11")
    assert (await merge("anon1", "known"))["into"] == "known"
    await view(client, "anon3", "m12")
    assert (await merge("anon3", "anon1"))["into"] == "known"
    assert await items_of("known") == {"m1", "m4", "m10", "m11", "m12"}
    refused(await client.post("/users/known/merge", json={"into": "anon1"}), 409, "already_merged")
    refused(await client.post("/users/anon1/merge", json={"into": "other"}), 409, "already_merged")
    # Erasing covers what came late as well.
    await view(client, "anon2", "m13")
    assert (await client.delete("/users/known")).status_code == 204
    for user_id in ("known", "anon1", "anon2", "anon3"):
        assert (await client.get(f"/users/{user_id}/export")).status_code == 404
