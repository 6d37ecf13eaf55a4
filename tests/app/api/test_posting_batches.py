"""`POST /interactions/batch`: good rows are stored, bad ones told, and nothing counts twice."""

import gzip
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from app.config import Settings

BATCH = "/interactions/batch"
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}
VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}
Refused = Callable[..., dict[str, Any]]


async def items(application: FastAPI, user: str = "u") -> list[str]:
    found = await application.state.serving.resources.interactions.histories([user], 100)
    return [event[2] for event in found[user]]


async def count(application: FastAPI) -> int:
    return int(await application.state.serving.resources.interactions.count())


async def test_rows_are_stored_together(client: httpx.AsyncClient, application: FastAPI, documented: Any) -> None:
    rows = [VIEW | {"item_id": f"i{number}", "event_id": f"e{number}"} for number in range(3)]
    answer = await client.post(BATCH, json=rows)
    assert (answer.status_code, answer.json()) == (200, {"stored": 3, "repeated": 0, "refused": 0, "errors": []})
    documented("InteractionsStored", answer.json())
    again = await client.post(BATCH, json=[*rows, VIEW | {"item_id": "new", "event_id": "e3"}])
    assert again.json() == {"stored": 1, "repeated": 3, "refused": 0, "errors": []}
    assert await items(application) == ["i0", "i1", "i2", "new"]


async def test_good_rows_are_stored_and_bad_ones_reported(client: httpx.AsyncClient, application: FastAPI) -> None:
    rows: list[Any] = [VIEW, VIEW | {"item_id": "a b"}, 5, {"user_id": "u"}, VIEW | {"item_id": "j"}]
    answer = (await client.post(BATCH, json=rows)).json()
    assert (answer["stored"], answer["repeated"], answer["refused"]) == (2, 0, 3)
    told = [(error["index"], error["field"], error["code"]) for error in answer["errors"]]
    assert told == [(1, "item_id", "string_pattern_mismatch"), (2, "row", "model_type"), (3, "item_id", "missing")]
    assert await items(application) == ["i", "j"]


async def test_an_atomic_batch_is_stored_as_a_whole_or_not_at_all(
    client: httpx.AsyncClient, application: FastAPI, refused: Refused
) -> None:
    answer = await client.post(f"{BATCH}?atomic=true", json=[VIEW, {"user_id": "u"}])
    problem = refused(answer, 422, "batch_refused", "item_id")
    assert problem["errors"][0]["index"] == 1
    assert await count(application) == 0
    assert (await client.post(f"{BATCH}?atomic=true", json=[VIEW])).json()["stored"] == 1


async def test_an_event_id_with_other_content_is_refused(
    client: httpx.AsyncClient, application: FastAPI, refused: Refused
) -> None:
    rows = [VIEW | {"event_id": "a"}, 5, VIEW | {"event_id": "a", "item_id": "j"}, VIEW | {"event_id": "b"}]
    assert (await client.post(BATCH, json=rows[:1])).json()["stored"] == 1
    for atomic in ("true", "false"):
        answer = await client.post(f"{BATCH}?atomic={atomic}", json=[rows[0], *rows[2:]])
        if atomic == "true":
            problem = refused(answer, 422, "batch_refused", "event_id")
            assert [(error["index"], error["code"]) for error in problem["errors"]] == [(1, "event_id_conflict")]
            assert await count(application) == 1
    assert (answer.json()["stored"], answer.json()["repeated"], answer.json()["refused"]) == (1, 1, 1)
    # Beside rows that are refused for other reasons, and after a row without an `event_id` that comes twice.
    answer = await client.post(BATCH, json=[VIEW, VIEW, *rows])
    told = [(error["index"], error["code"]) for error in answer.json()["errors"]]
    assert told == [(3, "model_type"), (4, "event_id_conflict")]
    assert (answer.json()["stored"], answer.json()["repeated"]) == (1, 3)


async def test_without_an_event_id_the_exact_same_is_stored_once(
    client: httpx.AsyncClient, application: FastAPI
) -> None:
    timed = VIEW | {"timestamp": "2026-03-01T12:00:00Z"}
    same = timed | {"timestamp": "2026-03-01T13:00:00+01:00", "value": 3}
    rows = [timed, timed, same, timed | {"event_type": "click"}, timed | {"event_id": "e"}]
    answer = (await client.post(BATCH, json=rows)).json()
    assert (answer["stored"], answer["repeated"]) == (3, 2)
    # Only within a batch: a second one may be about something that happened again.
    assert (await client.post(BATCH, json=[timed])).json()["stored"] == 1


async def test_lines_are_rows(client: httpx.AsyncClient, application: FastAPI) -> None:
    lines = [orjson.dumps(VIEW), b"", b"{no json", orjson.dumps(VIEW | {"item_id": "j"}), b"\xff", b" "]
    answer = (await client.post(BATCH, content=b"\n".join(lines), headers=NDJSON)).json()
    assert (answer["stored"], answer["refused"]) == (2, 2)
    assert [(error["index"], error["code"]) for error in answer["errors"]] == [
        (1, "malformed_json"),
        (3, "malformed_json"),
    ]
    assert await items(application) == ["i", "j"]


async def test_a_compressed_batch_counts_as_it_is_unpacked(client: httpx.AsyncClient, application: FastAPI) -> None:
    body = gzip.compress(orjson.dumps([VIEW | {"item_id": f"i{number}"} for number in range(10_000)]))
    answer = await client.post(BATCH, content=body, headers=JSON | {"content-encoding": "gzip"})
    assert answer.json()["stored"] == await count(application) == 10_000


async def test_a_batch_counts_in_the_next_answer(client: httpx.AsyncClient, application: FastAPI) -> None:
    histories = application.state.serving.histories
    await histories.get("u")
    await client.post(BATCH, json=[VIEW | {"item_id": name, "timestamp": "2026-03-01T12:00:00Z"} for name in "ab"])
    assert [event[2] for event in histories.cached("u").events] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{}", JSON, 422, "malformed_json"),
        (b"[", JSON, 422, "malformed_json"),
        (b"", JSON, 422, "malformed_json"),
        (b"\xff[]", JSON, 422, "malformed_json"),
        (b"[" * 100_000 + b"]" * 100_000, JSON, 422, "malformed_json"),
        (b"[]", {"content-type": "text/plain"}, 415, "unsupported_media_type"),
        (b"[]", {}, 415, "unsupported_media_type"),
        (b"[" + b"5," * 10_000 + b"5]", JSON, 413, "too_many_rows"),
        (b"5\n" * 10_001, NDJSON, 413, "too_many_rows"),
    ],
)
async def test_a_body_that_is_no_batch_is_refused(
    client: httpx.AsyncClient, refused: Refused, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    fields = ["body"] if code == "malformed_json" else []
    refused(await client.post(BATCH, content=body, headers=headers), status, code, *fields)


async def test_of_ten_thousand_bad_rows_the_first_are_explained_and_all_named(
    client: httpx.AsyncClient, application: FastAPI, documented: Any
) -> None:
    answer = (await client.post(BATCH, json=[{"user_id": 5}] * 10_000)).json()
    documented("InteractionsStored", answer)
    assert (answer["stored"], answer["refused"], len(answer["errors"])) == (0, 10_000, 100)
    assert answer["refused_rows"] == list(range(10_000))
    few = (await client.post(BATCH, json=[{"user_id": 5}] * 100)).json()
    assert (len(few["errors"]), "refused_rows" in few) == (100, False)
    assert await count(application) == 0


BAD_VALUES = {
    "deep": (
        '{"user_id":"u","item_id":"i","event_type":"view","context":' + '{"a":' * 50_000 + "1" + "}" * 50_001,
        "row",
    ),
    "surrogate": ('{"user_id":"u","item_id":"i","event_type":"view","context":{"a":"\\ud800"}}', "context"),
    "nul": ('{"user_id":"u","item_id":"i","event_type":"view","context":{"a":"\\u0000"}}', "context"),
    "nul in an id": ('{"user_id":"u\\u0000","item_id":"i","event_type":"view"}', "user_id"),
    "nan": ('{"user_id":"u","item_id":"i","event_type":"view","value":NaN}', "value"),
    "infinity": ('{"user_id":"u","item_id":"i","event_type":"view","value":-Infinity}', "value"),
    "too large": ('{"user_id":"u","item_id":"i","event_type":"view","value":1e999}', "value"),
    "before 1970": (
        '{"user_id":"u","item_id":"i","event_type":"view","timestamp":"1969-12-31T23:59:59Z"}',
        "timestamp",
    ),
    "year 9999": ('{"user_id":"u","item_id":"i","event_type":"view","timestamp":"9999-12-31T23:59:59Z"}', "timestamp"),
    "negative": ('{"user_id":"u","item_id":"i","event_type":"view","timestamp":-1}', "timestamp"),
    "long id": ('{"user_id":"' + "u" * 129 + '","item_id":"i","event_type":"view"}', "user_id"),
    "sql": ('{"user_id":"\'; DROP TABLE interactions; --","item_id":"i","event_type":"view"}', "user_id"),
}


@pytest.mark.parametrize("name", BAD_VALUES)
async def test_a_bad_value_refuses_its_row_alone(client: httpx.AsyncClient, application: FastAPI, name: str) -> None:
    bad, field = BAD_VALUES[name]
    body = "\n".join([orjson.dumps(VIEW).decode(), bad, orjson.dumps(VIEW | {"item_id": "j"}).decode()])
    answer = (await client.post(BATCH, content=body.encode(), headers=NDJSON)).json()
    assert (answer["stored"], answer["refused"]) == (2, 1)
    assert (answer["errors"][0]["index"], answer["errors"][0]["field"].partition(".")[0]) == (1, field)
    assert await items(application) == ["i", "j"]


async def test_sql_in_a_context_is_only_text(client: httpx.AsyncClient, application: FastAPI) -> None:
    text = "'; DELETE FROM interactions; --"
    await client.post(BATCH, json=[VIEW | {"context": {text: text}}])
    async with application.state.serving.resources.database.begin() as connection:
        found = (await connection.exec_driver_sql("SELECT context FROM interactions")).scalar_one()
    assert (orjson.loads(found) if isinstance(found, str) else found) == {text: text}


class TestUnknown:
    """Users and items that nobody has described."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"create_unknown": False})

    async def test_they_are_refused_where_they_are_not_created(
        self, client: httpx.AsyncClient, application: FastAPI, refused: Refused
    ) -> None:
        await client.put("/items/i", json={})
        refused(await client.post("/interactions", json=VIEW), 422, "invalid_request", "user_id")
        answer = (await client.post(BATCH, json=[VIEW])).json()
        assert [(error["index"], error["code"]) for error in answer["errors"]] == [(0, "unknown_user")]
        assert await count(application) == 0


async def test_they_are_created_on_first_sight(client: httpx.AsyncClient, application: FastAPI) -> None:
    await client.post("/interactions", json=VIEW)
    await client.post(BATCH, json=[VIEW | {"item_id": "j"}, VIEW | {"user_id": "v"}])
    assert (await client.get("/items/j")).json()["title"] is None
    async with application.state.serving.resources.database.begin() as connection:
        users = (await connection.exec_driver_sql("SELECT user_id, described FROM users ORDER BY user_id")).all()
    assert [(user, bool(described)) for user, described in users] == [("u", False), ("v", False)]


class TestEventTypes:
    """Event types that are configured, and others."""

    @pytest.fixture
    def settings(self, settings: Settings, request: pytest.FixtureRequest) -> Settings:
        allowed = "allowed" in request.node.name
        types = Settings(event_types={"wish": {"weight": 0.6}}).event_types
        return settings.model_copy(update={"event_types": types, "allow_unknown_event_types": allowed})

    async def test_a_configured_type_is_taken_and_another_refused(
        self, client: httpx.AsyncClient, application: FastAPI, refused: Refused
    ) -> None:
        assert (await client.post("/interactions", json=VIEW | {"event_type": "wish"})).status_code == 201
        problem = refused(
            await client.post("/interactions", json=VIEW | {"event_type": "gaze"}),
            422,
            "invalid_request",
            "event_type",
        )
        assert "wish" in problem["errors"][0]["detail"]
        answer = (await client.post(BATCH, json=[VIEW, VIEW | {"event_type": "gaze"}])).json()
        assert [(error["index"], error["code"]) for error in answer["errors"]] == [(1, "unknown_event_type")]
        assert await count(application) == 2

    async def test_others_are_stored_where_they_are_allowed_and_say_nothing(
        self, client: httpx.AsyncClient, refused: Refused
    ) -> None:
        assert (await client.post("/interactions", json=VIEW | {"event_type": "gaze"})).status_code == 201
        refused(
            await client.post("/interactions", json=VIEW | {"event_type": "a b"}), 422, "invalid_request", "event_type"
        )
        assert (await client.get("/recommend/u")).json()["strategy"] == "none"
