"""What is measured is what is served: evaluation and a server with the same bundle and log give the same lists."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from app.config import Settings
from app.process import factory
from app.process.resources import Resources
from app.times import clock, from_microseconds
from app.worker.training_run import Order, run_training
from models.data.cleaning import clean
from models.data.codes import find
from models.data.dislikes import Dislikes
from models.data.holdout import Holdout, Ragged
from models.data.impressions import Impressions
from models.data.interactions import Interactions
from models.data.progress import silent
from models.data.timeline import VISIT_PAUSE
from models.evaluation.requests import request_of
from models.ranking.network_config import NetworkConfig
from models.ranking.ranker import Ranker
from models.ranking.rotation import LoggedRotation, RotationConfig
from tests.app.conftest import Serve
from tests.conftest import network_wanted

START = 1_700_000_000
NOW = START + 40 * 86_400.0
LIMIT = 50
MOBILE = {"device": "mobile"}
NO_SEARCH = 1e-3
"""A budget that is spent at once: the settings stay those of the start, and a network is trained all the same."""
Row = dict[str, Any]


def interactions(
    users: int, items: int, each: int, *, repeats: float = 0.0, ratings: bool = False, times: bool = True
) -> Iterator[Row]:
    """Make the rows of users in three groups, each with items of its own and, with `times`, a time of its own."""
    rng = np.random.default_rng(1)
    for user in range(users):
        chosen: list[int] = []
        for step in range(each):
            group = user % 3 if rng.random() < 0.8 else int(rng.integers(3))
            item = int(rng.integers(items // 3)) * 3 + group
            if chosen and rng.random() < repeats:
                item = chosen[int(rng.integers(len(chosen)))]
            chosen.append(item)
            moment = START + 86_400 * (step * 30 // each) + user * 60 + step
            time = from_microseconds(moment * 1_000_000).isoformat()
            row: Row = {"user_id": f"u{user}", "item_id": f"i{item:03d}", **({"timestamp": time} if times else {})}
            if ratings:
                own = item % 3 == user % 3
                row |= {"event_type": "rating", "value": float(rng.integers(3, 6) if own else rng.integers(1, 4))}
            else:
                row["event_type"] = "purchase" if rng.random() < 0.3 else "view"
            yield row


def with_devices(rows: Iterator[Row]) -> Iterator[Row]:
    """Add that items of one group are taken on a mobile, and all others on a desktop."""
    for row in rows:
        yield row | {"context": MOBILE if int(row["item_id"][1:]) % 3 == 0 else {"device": "desktop"}}


def with_shows(rows: Iterator[Row]) -> Iterator[Row]:
    """Add that every user was shown some items, some of them several times, in the last days."""
    yield from rows
    for user in range(100):
        for step in range(30):
            item, days = (user + step * step) % 20, 39 - step % 7
            time = from_microseconds((START + 86_400 * days + step) * 1_000_000).isoformat()
            yield {"user_id": f"u{user}", "item_id": f"i{item:03d}", "event_type": "shown", "timestamp": time}


KINDS: dict[str, Callable[[], Iterator[Row]]] = {
    "ordered": lambda: with_devices(interactions(100, 60, 14)),
    "repeats": lambda: interactions(100, 60, 14, repeats=0.5),
    "ratings": lambda: interactions(100, 60, 14, ratings=True),
    "long": lambda: interactions(12, 240, 120),
    "unordered": lambda: interactions(100, 60, 14, times=False),
    "new items": lambda: interactions(100, 60, 14),
    "goal": lambda: interactions(100, 60, 14, repeats=0.5),
    "impressions": lambda: with_shows(interactions(100, 60, 14)),
    "unordered goal": lambda: interactions(100, 60, 14, repeats=0.5, times=False),
}


def catalogue(kind: str) -> dict[str, list[str]]:
    """Return the categories of items; some items have no interactions, and with `new items` resemble those that do."""
    if kind != "new items":
        return {"i900": ["new"], "i901": ["new"]}
    return {f"i{item:03d}": [f"group {item % 3}", f"shelf {item % 7}"] for item in [*range(60), *range(900, 920)]}


@pytest.fixture
def backend() -> str:
    """One database is enough: what is compared comes after it."""
    return "sqlite"


@pytest.fixture
def settings(settings: Settings, kind: str) -> Settings:
    """What the network has learned does not matter here, but that it is asked, however busy the machine is."""
    goal = "purchase" if "goal" in kind else None
    more = {"network": NetworkConfig(members=1, epochs=2), "goal": goal, "deadline_ms": 60_000}
    return settings.model_copy(update=more)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_gives_the_lists_that_evaluation_measures(kind: str, resources: Resources, serve: Serve) -> None:
    rows = list(KINDS[kind]())
    with clock.stopped(from_microseconds(int(NOW * 1e6))):
        async with serve() as client:
            for item, categories in catalogue(kind).items():
                assert (await client.put(f"/items/{item}", json={"categories": categories})).status_code == 201
            stored = await client.post("/interactions/batch", json=rows)
            assert stored.json()["stored"] == len({repr(row) for row in rows})
            with network_wanted():
                trained = await run_training(resources, Order(budget=NO_SEARCH), silent)
            await factory.versions(resources).take(trained.bundle.version, "command", force=True)
            expected = measured(Ranker.load(trained.bundle), (await resources.interactions.table(silent)))
            new = [item for found in expected.values() for item, _ in found if item >= "i900"]
            assert new or kind != "new items"
            acts = Ranker.load(trained.bundle).goal is not None
            assert acts == ("goal" in kind)
            for user, found in expected.items():
                assert await served(client, user, trained.bundle.version) == found, user
            if kind == "ordered":
                inside = measured(Ranker.load(trained.bundle), await resources.interactions.table(silent), None, MOBILE)
                assert inside != expected
                for user, found in inside.items():
                    body = {"user_id": user, "context": MOBILE, "limit": LIMIT}
                    answer = (await client.post("/recommend", json=body)).json()
                    assert [(item["item_id"], item["score"]) for item in answer["items"]] == found, user
            given = {user: [item for item, _ in found][::-3] for user, found in expected.items()}
            among = measured(Ranker.load(trained.bundle), await resources.interactions.table(silent), given)
            for user, found in among.items():
                body = {"user_id": user, "candidates": given[user], "limit": LIMIT}
                answer = (await client.post("/recommend", json=body)).json()
                assert [(item["item_id"], item["score"]) for item in answer["items"]] == found, user


def measured(
    ranker: Ranker, table: Any, candidates: dict[str, list[str]] | None = None, context: Row | None = None
) -> dict[str, list[tuple[str, Any]]]:
    """Rank for all users as evaluation does, from the whole log: all items, or given candidates."""
    cleaned, report = clean(table, goal=ranker.goal)
    log = Interactions.from_table(cleaned, first_only=False, scale=ranker.scale)
    codes = find(ranker.item_ids, [item.decode() for item in log.item_ids])
    log = replace(log, item_ids=ranker.item_ids, items=codes[log.items], may_be_targets=None)
    users = np.arange(log.n_users, dtype=np.int32)
    nothing = Ragged(np.zeros(len(users) + 1, dtype=np.int64), np.empty(0, dtype=np.int32))
    holdout = Holdout(users, log, nothing, moments=np.full(len(users), NOW))
    if context is not None:
        assert log.contexts is not None
        asked = log.contexts.read(pa.chunked_array([[json.dumps(context)]]))
        holdout = replace(holdout, contexts=asked.take(np.zeros(len(users), dtype=np.int64)))
    disliked = Dislikes.from_table(report.disliked, log).before(np.full(len(users), NOW), log)
    holdout = holdout if disliked is None else holdout.without(disliked)
    assert report.rows_kept == len(log.items)
    impressions = Impressions.from_table(report.shown, log)
    rotation = None if impressions is None else LoggedRotation(impressions, RotationConfig(), VISIT_PAUSE)
    found = {}
    for user in range(len(users)):
        history, query = request_of(holdout, user, limit=max(LIMIT, ranker.n_candidates))
        if candidates is not None:
            query = replace(query, only=find(ranker.item_ids, candidates[log.user_ids[user].decode()]))
        ranked = ranker.rank(history, query)
        scores = ranked.scores
        if rotation is not None:
            scores = rotation.rotated(holdout, user, history, ranked.items, scores)
        order = np.argsort(-scores, kind="stable")[:LIMIT]
        found[log.user_ids[user].decode()] = [
            (ranker.item_ids[ranked.items[place]].decode(), pytest.approx(float(scores[place]), abs=1e-4))
            for place in order
        ]
    return found


async def served(client: httpx.AsyncClient, user: str, version: str) -> list[tuple[str, float]]:
    """Ask for the list of a user once the server has the bundle."""
    for _ in range(100):
        answer = (await client.get(f"/recommend/{user}", params={"limit": LIMIT})).json()
        if answer["bundle_version"] == version:
            assert answer["strategy"] == "personalized"
            return [(item["item_id"], item["score"]) for item in answer["items"]]
        await asyncio.sleep(0.05)
    raise AssertionError("the server never used the bundle")
