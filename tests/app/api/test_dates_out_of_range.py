"""Times that no calendar or no database holds, in every field that takes one."""

from typing import Any

import httpx
import pytest

SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
NEVER = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
    "10000-01-01T00:00:00Z",
    "+275760-09-13T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-03-01T25:00:00Z",
    "2026-03-01T12:00:00",
    "1e99",
    "",
)
BAD_DAYS = ("0001-01-01", "1969-12-31", "9999-12-31", "10000-01-01", "2026-02-30", "2026-13-01", "-1")
VIEW = {"user_id": "u", "item_id": "i", "event_type": "view"}


@SQLITE_ONLY
@pytest.mark.parametrize("field", ["from", "to"])
async def test_the_ends_of_a_period(client: httpx.AsyncClient, refused: Any, field: str) -> None:
    for text in (*NEVER, *BAD_DAYS):
        refused(await client.get("/metrics/online", params={field: text}), 422, "invalid_request", field)


@pytest.mark.parametrize("text", ["1970-01-01", "9998-12-31", "9998-12-31T23:59:59.999999Z"])
async def test_the_first_and_the_last_end_of_a_period(client: httpx.AsyncClient, refused: Any, text: str) -> None:
    first, last = (text, "9998-12-31") if text.startswith("1970") else ("1970-01-01", text)
    assert (await client.get("/metrics/online", params={"from": first, "to": last})).status_code == 200
    answer = await client.get("/metrics/online", params={"from": last, "to": "1970-01-01T00:00:00Z"})
    refused(answer, 422, "invalid_request", "from")


@SQLITE_ONLY
async def test_the_times_of_interactions(client: httpx.AsyncClient, refused: Any) -> None:
    for text in (*NEVER, "2026-03-01", "9999-12-31T23:59:59Z", 10**30):
        row = {**VIEW, "timestamp": text}
        refused(await client.post("/interactions", json=row), 422, "invalid_request", "timestamp")
        (error,) = (await client.post("/interactions/batch", json=[row])).json()["errors"]
        assert error["field"] == "timestamp"


@SQLITE_ONLY
@pytest.mark.parametrize("field", ["available_from", "available_until"])
async def test_the_times_of_items(client: httpx.AsyncClient, refused: Any, field: str) -> None:
    assert (await client.put("/items/i", json={})).status_code == 201
    for text in (*NEVER, "2026-03-01", 10**30):
        refused(await client.put("/items/i", json={field: text}), 422, "invalid_request", field)
        refused(await client.patch("/items/i", json={field: text}), 422, "invalid_request", field)
        (error,) = (await client.post("/items/batch", json=[{"item_id": "i", field: text}])).json()["errors"]
        assert error["field"] == field


@pytest.mark.parametrize("field", ["available_from", "available_until"])
async def test_the_last_moment_of_all_is_kept(client: httpx.AsyncClient, field: str) -> None:
    last = "9999-12-31T23:59:59.999999Z"
    assert (await client.put("/items/i", json={field: last})).status_code == 201
    assert (await client.get("/items/i")).json()[field] == last
    assert (await client.get("/recommend/u")).status_code == 200
