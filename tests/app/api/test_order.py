"""A log that has only an order: its numbers are no times, wherever it is read."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.process import transfer_factory
from app.process.resources import Resources
from app.process.serving_state import ServingState, serving_state
from app.services.users.retention import Retention
from app.storage.retention import RetentionStore
from models.data.file_chunks import in_memory, open_folder
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.order import is_order
from models.data.progress import silent

FILES = {
    "small": [1.0, 2.0, 3.0],
    "negative and fractions": [-7e11, -0.5, 0.25],
    "milliseconds": [1_433_221_332_117.0, 1_433_221_332_118.0, 1_433_224_214_164.0],
    "seconds": [1_433_221_332.0, 1_433_221_333.0, 1_433_224_214.0],
}
Places = list[float]


@pytest.fixture(params=FILES)
def places(request: pytest.FixtureRequest) -> Places:
    return FILES[request.param]


def table(places: Places) -> pa.Table:
    """Return a log of one user, its rows in the reverse of their order."""
    rows = [(f"i{number}", place) for number, place in enumerate(places)][::-1]
    return pa.table(
        {
            "user_id": ["u"] * len(rows),
            "item_id": [item for item, _ in rows],
            "event_type": ["view"] * len(rows),
            "timestamp": [place for _, place in rows],
        }
    )


async def bring_in(resources: Resources, places: Places) -> None:
    data = in_memory(DataSet(table(places)))
    await transfer_factory.importing(resources).run(data, timestamps="order", progress=silent)


async def listed(client: httpx.AsyncClient, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        answer = await client.get("/users/u/interactions", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


async def history(state: ServingState) -> list[str]:
    return [event[2] for event in (await state.histories.get("u")).events]


async def test_the_log_reads_back_what_came_in_and_live_posts_come_after_it(
    client: httpx.AsyncClient, application: FastAPI, documented: Any, places: Places
) -> None:
    state: ServingState = application.state.serving
    await bring_in(state.resources, places)
    for number, day in enumerate((2, 1), 7):
        posted = {
            "user_id": "u",
            "item_id": f"i{number}",
            "event_type": "view",
            "timestamp": f"2009-01-0{day}T00:00:00Z",
        }
        assert (await client.post("/interactions", json=posted)).status_code == 201
    rows = await listed(client, 1)
    assert await listed(client, 2) == await listed(client, 100) == rows
    documented("LogPage", {"items": rows, "next_cursor": None})
    assert [row["item_id"] for row in rows] == ["i7", "i8", "i2", "i1", "i0"]
    assert [row.get("sequence") for row in rows] == [None, None, *places[::-1]]
    assert [row["timestamp"] is None for row in rows] == [False, False, True, True, True]
    exported = (await client.get("/users/u/export")).json()
    documented("UserExport", exported)
    assert [row.get("sequence") for row in exported["interactions"]] == [row.get("sequence") for row in rows]


async def test_a_cursor_of_the_release_before_continues_the_log(client: httpx.AsyncClient) -> None:
    for number in range(3):
        posted = {"user_id": "u", "item_id": f"i{number}", "event_type": "view", "timestamp": "2026-01-01T00:00:00Z"}
        await client.post("/interactions", json=posted)
    newest = (await listed(client, 100))[0]
    old = base64.urlsafe_b64encode(json.dumps(["log", 1_767_225_600_000_000, newest["id"]]).encode()).decode()
    page = (await client.get("/users/u/interactions", params={"cursor": old})).json()
    assert [row["item_id"] for row in page["items"]] == ["i1", "i0"]


async def test_a_history_in_memory_is_as_in_the_database(
    client: httpx.AsyncClient, application: FastAPI, settings: Settings, places: Places
) -> None:
    here: ServingState = application.state.serving
    await bring_in(here.resources, places)
    assert await history(here) == ["i0", "i1", "i2"]
    async with serving_state(settings) as other:
        await other.start()
        assert await history(other) == ["i0", "i1", "i2"]
        for item, day in (("late", 2), ("early", 1)):
            posted = {"user_id": "u", "item_id": item, "event_type": "view", "timestamp": f"2009-01-0{day}T00:00:00Z"}
            await client.post("/interactions", json=posted)
        expected = ["i0", "i1", "i2", "early", "late"]
        assert await history(here) == expected
        await other.feed.catch_up()
        assert await history(other) == expected
    newest = (await listed(client, 1))[-1]
    assert (await client.delete(f"/interactions/{newest['id']}")).status_code == 204
    assert await history(here) == expected[1:]


async def test_a_merge_keeps_the_order(client: httpx.AsyncClient, application: FastAPI, places: Places) -> None:
    state: ServingState = application.state.serving
    await bring_in(state.resources, places)
    await client.post("/interactions", json={"user_id": "v", "item_id": "own", "event_type": "view"})
    assert (await client.post("/users/u/merge", json={"into": "v"})).json()["moved"] == 3
    assert [event[2] for event in (await state.histories.get("v")).events] == ["i0", "i1", "i2", "own"]
    assert (await client.delete("/users/v")).status_code == 204
    assert await state.resources.interactions.count() == 0


async def test_retention_never_touches_an_order(resources: Resources, places: Places) -> None:
    await bring_in(resources, places)
    retention = Retention(RetentionStore(resources.database, resources.changes), resources.merging, 30)
    assert await retention.drop() == 0
    assert await resources.interactions.count() == 3


async def test_an_export_is_what_came_in_and_says_what_it_is(
    resources: Resources, tmp_path: Path, places: Places
) -> None:
    await bring_in(resources, places)
    await transfer_factory.exporting_log(resources).run(tmp_path / "one", silent)
    exported = pq.read_table(tmp_path / "one" / "interactions.parquet")
    assert exported.select(["user_id", "item_id", "event_type", "timestamp"]).equals(table(places))
    assert "sequence" not in exported.column_names
    # The file says itself that it is an order, and its rows are in the log already.
    await transfer_factory.importing(resources).run(open_folder(tmp_path / "one"), progress=silent)
    assert is_order((await resources.interactions.table(silent)).schema)
    assert [event[2] for event in (await resources.interactions.histories(["u"], 9))["u"]] == ["i0", "i1", "i2"]


async def test_times_and_an_order_are_exported_beside_each_other(
    resources: Resources, client: httpx.AsyncClient, tmp_path: Path, places: Places
) -> None:
    await bring_in(resources, places)
    for number in range(2):
        posted = {"user_id": "u", "item_id": f"live-{number}", "event_type": "view"}
        await client.post("/interactions", json=posted)
        before = [{**row, "id": None} for row in await listed(client, 100)]
        folder = tmp_path / str(number)
        await transfer_factory.exporting_log(resources).run(folder, silent)
        assert (await client.delete("/users/u")).status_code == 204
        await transfer_factory.importing(resources).run(open_folder(folder), progress=silent)
        assert [{**row, "id": None} for row in await listed(client, 100)] == before


async def test_a_log_has_times_when_as_many_rows_have_one(resources: Resources, client: httpx.AsyncClient) -> None:
    await bring_in(resources, FILES["milliseconds"])
    for number in range(1, 4):
        posted = {"user_id": "u", "item_id": f"live-{number}", "event_type": "view"}
        assert (await client.post("/interactions", json=posted)).status_code == 201
        await asyncio.sleep(0.001)
        log = await resources.interactions.table(silent)
        assert is_order(log.schema) == (number < 3)
        found = Interactions.from_table(log)
        assert found.has_clock == (number == 3)
        items = [found.item_ids[code].decode() for code in found.items]
        assert items == ["i0", "i1", "i2", *(f"live-{n}" for n in range(1, number + 1))]


async def test_what_is_popular_of_an_order_has_no_window(client: httpx.AsyncClient, application: FastAPI) -> None:
    await bring_in(application.state.serving.resources, FILES["seconds"])
    for path in ("/popular?window=7d", "/trending?window=7d"):
        answer = (await client.get(path)).json()
        assert (answer["window"], answer["strategy"], len(answer["items"])) == ("all", "popular", 3)
        assert "times of the interactions are missing" in answer["reason"]
