"""What is answered when something is amiss: without time for the network, and without the database."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url, text

from models.bundle.store import BundleStore
from tests.app.api.asking import ask, ask_for, item_ids, post

HEADER = "braid-degraded"
SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
POSTGRESQL_ONLY = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@SQLITE_ONLY
async def test_past_the_deadline_the_network_is_skipped_and_the_answer_says_so(
    bundles: BundleStore, application: FastAPI, serve: Any, documented: Callable[[str, object], None]
) -> None:
    async with serve() as client:
        service = application.state.serving.listing
        ranker = application.state.serving.bundle.serving.ranker
        ranker.retriever = ranker.retriever.configured(ranker.retriever.config.changed("blend", network_weight=1.0))
        for item in ("i01", "i02", "i03"):
            await post(client, "u", item)
        in_time = await client.get("/recommend/u")
        service._deadline = -1.0
        for _ in range(2):
            late = await client.get("/recommend/u?limit=11")
            assert (late.json()["degraded"], late.headers[HEADER]) == ("deadline", "deadline")
            documented("Recommendation", late.json())
            assert late.json()["strategy"] == "personalized"
        assert item_ids(late.json())[:10] != item_ids(in_time.json())
        assert (in_time.json()["degraded"], HEADER in in_time.headers) == (None, False)
        # What is given for want of time is not kept.
        service._deadline = 60.0
        assert (await client.get("/recommend/u?limit=11")).json()["degraded"] is None
        # Popular lists need no network, and no time for it.
        service._deadline = -1.0
        assert (await ask(client, "nobody"))["degraded"] is None


@POSTGRESQL_ONLY
async def test_without_the_database_known_users_are_served_and_others_get_popular_items(
    bundles: BundleStore, serve: Any, database_url: str, postgresql: Any
) -> None:
    async with serve() as client:
        await post(client, "known", "i01")
        before = await ask(client, "known")
        popular = await ask(client, "nobody")
        name = make_url(database_url).database
        postgresql.sql(
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        began = time.monotonic()
        known = await client.get("/recommend/known")
        other = await client.get("/recommend/other")
        posted = await client.post("/recommend", json={"user_id": "other", "context": {"page": "home"}})
        batch = await client.post("/recommend/batch", json={"user_ids": ["known", "other"]})
        assert time.monotonic() - began < 5
        assert (known.json()["strategy"], item_ids(known.json())) == ("personalized", item_ids(before))
        for answer in (other, posted):
            assert answer.status_code == 200
            assert (answer.json()["strategy"], answer.json()["degraded"]) == ("popular", "database")
            assert answer.headers[HEADER] == "database"
            assert item_ids(answer.json()) == item_ids(popular)
        assert (batch.status_code, batch.headers[HEADER]) == (200, "database")
        postgresql.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        answer = await client.get("/recommend/other")
        assert (answer.json()["degraded"], HEADER in answer.headers) in {(None, False), ("stale", True)}


@POSTGRESQL_ONLY
async def test_a_database_that_does_not_answer_holds_nobody_up_for_long(
    bundles: BundleStore, application: FastAPI, serve: Any
) -> None:
    async with serve() as client:
        async with application.state.serving.resources.database.engine.connect() as holder:
            await holder.execute(text("LOCK TABLE interactions IN ACCESS EXCLUSIVE MODE"))
            began = time.monotonic()
            answer = await ask(client, "somebody")
            assert time.monotonic() - began < 3
            assert (answer["strategy"], answer["degraded"]) == ("popular", "database")
            await holder.rollback()
        assert (await ask(client, "somebody"))["degraded"] in {None, "stale"}


@SQLITE_ONLY
async def test_the_context_of_a_request_is_recorded_with_its_id(
    bundles: BundleStore, application: FastAPI, client: httpx.AsyncClient
) -> None:
    answer = await ask_for(client, user_id="u", context={"page": "home", "position": 3})
    async with application.state.serving.resources.database.begin() as connection:
        rows = (await connection.execute(text("SELECT request_id, user_id, context FROM requests"))).all()
    assert [(row[0], row[1]) for row in rows] == [(answer["request_id"], "u")]
    assert '"page":"home"' in rows[0][2].replace(" ", "")
