"""A negative quantity is a return: in histories, in what is popular, and in online measures."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.process import transfer_factory
from app.process.serving_state import serving_state
from models.bundle.store import BundleStore
from models.data.file_chunks import open_folder
from models.data.progress import silent
from tests.app.api.asking import ask, ask_path, item_ids

LOG = """user_id,item_id,event_type,timestamp,quantity,revenue
u1,i1,purchase,1772366400,-3,-30
u2,i1,purchase,1772366460,2,20
u2,i2,purchase,1772366460,,
"""
SALE = {"user_id": "u", "event_type": "purchase", "timestamp": "2026-03-01T12:00:00Z"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "interactions.csv").write_text(LOG)
    return tmp_path / "log"


async def events(application: FastAPI, user: str) -> list[tuple[str, str]]:
    """Read a user's history, as recommendations do."""
    log = await application.state.serving.histories.get(user)
    return [(item, kind) for _, _, item, kind, _ in log.events]


async def score(client: httpx.AsyncClient, item: str, **query: Any) -> float:
    """Return how often an item counts as popular; a count follows the request before."""
    await ask_path(client, "/popular", **query)
    found = await ask_path(client, "/popular", limit=100, **query)
    return float(next((each["score"] for each in found["items"] if each["item_id"] == item), 0.0))


async def test_a_return_of_an_imported_file_is_no_purchase(
    client: httpx.AsyncClient, application: FastAPI, folder: Path
) -> None:
    resources = application.state.serving.resources
    done = await transfer_factory.importing(resources).run(open_folder(folder), progress=silent)
    assert (done.interactions.new, done.interactions.dropped) == (3, {})
    assert await events(application, "u1") == [("i1", "return")]
    assert await events(application, "u2") == [("i1", "purchase"), ("i2", "purchase")]
    assert (await score(client, "i1"), await score(client, "i2")) == (1.0, 1.0)
    (week,) = {each.all_counts for each in await resources.counts.recent_items(["purchase"], 7 * 86_400_000_000, 5)}
    assert week == 2
    assert "i1" not in item_ids(await ask(client, "u1", exclude_seen="false"))
    # What was sent is kept.
    (row,) = (await ask_path(client, "/users/u1/interactions"))["items"]
    assert (row["event_type"], row["quantity"], row["revenue"]) == ("purchase", -3.0, -30.0)
    (exported,) = (await ask_path(client, "/users/u1/export"))["interactions"]
    assert (exported["event_type"], exported["quantity"], exported["revenue"]) == ("purchase", -3.0, -30.0)


async def test_training_reads_the_numbers_only_where_there_are_some(
    client: httpx.AsyncClient, application: FastAPI, folder: Path
) -> None:
    store = application.state.serving.resources.interactions
    await client.post("/interactions", json=SALE | {"item_id": "i"})
    assert {"quantity", "revenue"} & set((await store.table(silent)).column_names) == set()
    await transfer_factory.importing(application.state.serving.resources).run(open_folder(folder), progress=silent)
    table = await store.table(silent)
    assert table["quantity"].to_pylist() == [None, -3.0, 2.0, None]
    assert table["revenue"].to_pylist() == [None, -30.0, 20.0, None]
    assert table["event_type"].to_pylist() == ["purchase"] * 4


async def test_a_posted_return_is_one_in_every_process(client: httpx.AsyncClient, application: FastAPI) -> None:
    assert await events(application, "u") == []
    rows = [SALE | {"item_id": "i"}, SALE | {"item_id": "i", "quantity": -1, "revenue": -9.5}]
    answer = (await client.post("/interactions/batch", json=rows)).json()
    assert (answer["stored"], answer["repeated"]) == (2, 0)
    assert (await client.post("/interactions", json=SALE | {"item_id": "j", "quantity": 4})).status_code == 201
    expected = [("i", "purchase"), ("i", "return"), ("j", "purchase")]
    assert await events(application, "u") == expected
    async with serving_state(application.state.settings) as other:
        await other.start()
        log = await other.histories.get("u")
        assert [(item, kind) for _, _, item, kind, _ in log.events] == expected


async def test_a_return_keeps_the_item_from_its_user(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    first, second, *_ = item_ids(await ask(client, "new"))
    await client.post("/interactions", json=SALE | {"user_id": "new", "item_id": first, "quantity": -1})
    answer = await ask(client, "new", exclude_seen="false")
    assert (answer["bundle_version"], answer["strategy"]) == (bundles.active_version(), "popular")
    assert first not in item_ids(answer)
    assert second in item_ids(answer)


async def test_returns_since_the_bundle_do_not_make_an_item_popular(
    followed: BundleStore, client: httpx.AsyncClient
) -> None:
    top, *_ = item_ids(await ask(client, "new"))
    before = await score(client, top)
    for user, kind in (("one", "purchase"), ("two", "view"), ("three", "rating")):
        body = {"user_id": user, "item_id": top, "event_type": kind, "value": 5.0, "quantity": -1}
        assert (await client.post("/interactions", json=body)).status_code == 201
    await client.post("/interactions", json=SALE | {"user_id": "four", "item_id": top, "quantity": 2})
    assert await score(client, top) == before + 1


async def test_a_return_is_no_conversion(client: httpx.AsyncClient) -> None:
    request = "20260301T000000Z-aa~personalized~1772366400000000~0a1b2c3d"
    rows = [
        SALE | {"item_id": item, "event_type": kind, "request_id": request, **more}
        for item, kind, more in (
            ("kept", "shown", {}),
            ("kept", "purchase", {"quantity": 1}),
            ("back", "shown", {}),
            ("back", "purchase", {"quantity": -1}),
        )
    ]
    assert (await client.post("/interactions/batch", json=rows)).json()["stored"] == 4
    total = (await ask_path(client, "/metrics/online", **{"from": "2026-03-01", "to": "2026-03-01"}))["total"]
    assert (total["impressions"], total["conversions"]) == (2, 1)
