import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.api.clock_header import CLOCK_HEADER
from tests.app.conftest import Documented, Refused

VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}


async def stored_times(application: FastAPI) -> list[int]:
    async with application.state.serving.resources.database.begin() as connection:
        return list((await connection.execute(text("SELECT timestamp FROM interactions ORDER BY id"))).scalars())


async def logged(application: FastAPI, user: str) -> list[tuple[str, str, float | None]]:
    """Read a user's log from the database."""
    found = await application.state.serving.resources.interactions.histories([user], 100)
    return [(item, kind, value) for _, _, item, kind, value in found[user]]


async def test_an_interaction_is_stored_and_acknowledged(
    client: httpx.AsyncClient, application: FastAPI, documented: Documented
) -> None:
    answer = await client.post("/interactions", json=VIEW)
    assert answer.status_code == 201
    documented("InteractionStored", answer.json())
    assert answer.json()["status"] == "stored"
    assert answer.json()["event_id"] is None
    assert await logged(application, "u") == [("i", "view", None)]


async def test_without_an_event_id_each_post_is_stored(client: httpx.AsyncClient, application: FastAPI) -> None:
    ids = [(await client.post("/interactions", json=VIEW)).json()["id"] for _ in range(2)]
    assert len(set(ids)) == 2
    assert await application.state.serving.resources.interactions.count() == 2


async def test_a_repeat_answers_200_with_the_id_of_the_first(client: httpx.AsyncClient, application: FastAPI) -> None:
    first = await client.post("/interactions", json=VIEW | {"event_id": "e-1"})
    again = await client.post("/interactions", json=VIEW | {"event_id": "e-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {"id": first.json()["id"], "event_id": "e-1", "status": "repeat"}
    assert await logged(application, "u") == [("i", "view", None)]


async def test_an_event_id_with_other_content_is_a_conflict(
    client: httpx.AsyncClient, application: FastAPI, refused: Refused
) -> None:
    sale = {**VIEW, "event_type": "purchase", "event_id": "e", "quantity": 2, "revenue": 20.0}
    await client.post("/interactions", json=sale)
    answer = await client.post("/interactions", json=sale | {"quantity": 3, "revenue": 30.0})
    problem = refused(answer, 409, "event_id_conflict", "event_id")
    assert "the log has this event_id with another quantity and revenue" in problem["detail"]
    assert await logged(application, "u") == [("i", "purchase", None)]
    (row,) = (await client.get("/users/u/interactions")).json()["items"]
    assert (row["quantity"], row["revenue"]) == (2.0, 20.0)


async def test_one_event_id_posted_at_once_answers_201_once(client: httpx.AsyncClient, application: FastAPI) -> None:
    posts = [client.post("/interactions", json=VIEW | {"event_id": "e-1"}) for _ in range(10)]
    answers: list[httpx.Response] = await asyncio.gather(*posts)
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await application.state.serving.resources.interactions.count() == 1


async def test_everything_that_may_come_with_an_interaction_is_kept(
    client: httpx.AsyncClient, application: FastAPI
) -> None:
    body = VIEW | {
        "event_type": "rating",
        "value": 4,
        "timestamp": "2026-03-01T12:00:00.123456+02:00",
        "event_id": "e",
        "request_id": "none~popular~1~ab",
        "position": 0,
        "context": {"device": "phone", "ä": ["\N{OWL}", None, 1.5]},
        "quantity": 2,
        "revenue": 39.8,
    }
    assert (await client.post("/interactions", json=body)).status_code == 201
    table = await application.state.serving.resources.interactions.table(lambda *_: None)
    moment = datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
    (row,) = table.to_pylist()
    assert json.loads(row.pop("context")) == body["context"]
    assert [row] == [
        {
            "user_id": "u",
            "item_id": "i",
            "event_type": "rating",
            "value": 4.0,
            "timestamp": moment.timestamp(),
            "event_id": "e",
            "position": 0,
            "quantity": 2.0,
            "revenue": 39.8,
        }
    ]


async def test_the_time_is_the_servers_where_none_is_given(client: httpx.AsyncClient, application: FastAPI) -> None:
    before = datetime.now(UTC)
    # Without its setting the header of a test changes nothing.
    header = {CLOCK_HEADER: "2030-05-01T00:00:00Z"}
    await client.post("/interactions", json=VIEW | {"timestamp": None}, headers=header)
    (found,) = await stored_times(application)
    assert before <= datetime.fromtimestamp(found / 1e6, UTC) + timedelta(milliseconds=1)
    assert datetime.fromtimestamp(found / 1e6, UTC) <= datetime.now(UTC) + timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("timestamp", "microseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T02:00:00+02:00", 0),
        ("2026-03-01t12:00:00.000001z", 1_772_366_400_000_001),
    ],
)
async def test_times_are_kept_to_the_microsecond_in_utc(
    client: httpx.AsyncClient, application: FastAPI, timestamp: str, microseconds: int
) -> None:
    answer = await client.post("/interactions", json=VIEW | {"timestamp": timestamp})
    assert answer.status_code == 201, answer.text
    assert await stored_times(application) == [microseconds]


async def test_a_time_less_than_a_day_ahead_is_taken(client: httpx.AsyncClient) -> None:
    soon = datetime.now(UTC) + timedelta(hours=23)
    assert (await client.post("/interactions", json=VIEW | {"timestamp": soon.isoformat()})).status_code == 201


async def test_of_duplicate_keys_the_last_counts(client: httpx.AsyncClient, application: FastAPI) -> None:
    body = b'{"user_id": "first", "item_id": "i", "event_type": "view", "user_id": "last"}'
    answer = await client.post("/interactions", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 201
    assert await logged(application, "last") == [("i", "view", None)]
    assert await logged(application, "first") == []


@pytest.mark.parametrize("user", ["x" * 128, "a.B_9-:@+=~", "196"])
async def test_every_character_and_length_that_ids_may_have_is_taken(client: httpx.AsyncClient, user: str) -> None:
    assert (await client.post("/interactions", json=VIEW | {"user_id": user})).status_code == 201
    assert (await client.get(f"/recommend/{user}")).json()["user_id"] == user


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.shop+json", "APPLICATION/JSON"])
async def test_every_kind_of_json_is_read(client: httpx.AsyncClient, kind: str) -> None:
    body = b'{"user_id": "u", "item_id": "i", "event_type": "view"}'
    answer = await client.post("/interactions", content=body, headers={"content-type": kind})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    "more",
    [
        {"value": -1.5e300},
        {"quantity": -1e-300, "revenue": -1e300},
        {"quantity": -1, "revenue": 0},
        {"position": 2**31 - 1},
        {"context": {}},
        {"context": {"a": "null"}},
    ],
    ids=str,
)
async def test_values_at_the_edge_are_taken(client: httpx.AsyncClient, more: dict[str, Any]) -> None:
    answer = await client.post("/interactions", json=VIEW | more)
    assert answer.status_code == 201, answer.text
