"""Users without a history get what is popular among users with the same attributes."""

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from app.config import Settings
from app.process import serving_factory
from app.process.serving_state import ServingState, serving_state
from app.schemas.users import UserIn
from models.bundle.store import BundleStore
from models.data.folder import DataSet
from models.data.history import History
from models.data.known_tastes import generate_tastes
from models.data.progress import silent
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.ranker import Ranker
from tests.app.api.asking import ask, ask_for, item_ids, post
from tests.app.api.test_popular_for_new_users import soon, view_by_many
from tests.app.services.state.test_change_feed import becomes
from tests.conftest import MakeOnce

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
MOBILE, DESKTOP = {"device": "mobile", "page": "home"}, {"device": "desktop", "page": "home"}
NL, BE = {"country": "country-1", "segment": "segment-2"}, {"country": "Country-3", "segment": "segment-5"}


def on_devices(log: DataSet) -> DataSet:
    """Add that users of the first four segments are on a mobile, and the others on a desktop."""
    assert log.users is not None
    segments = dict(zip(*(log.users[name].to_pylist() for name in ("user_id", "segment")), strict=True))
    mobile = [segments[user][-1] in "0123" for user in log.interactions["user_id"].to_pylist()]
    contexts = pa.array([json.dumps(MOBILE if one else DESKTOP) for one in mobile])
    return replace(log, interactions=log.interactions.append_column("context", contexts))


@pytest.fixture(scope="session")
def trained(once: MakeOnce) -> Path:
    """A bundle of a log with known tastes, with settings that nothing but newcomers chose."""

    def fill(draft: Path) -> None:
        from models.training.recipe import Recipe  # noqa: PLC0415 - as below
        from models.training.trainer import train  # noqa: PLC0415 - imports TensorFlow

        store, log = BundleStore(draft), on_devices(generate_tastes(1000, 80).dataset)
        bundle = train(log, store, recipe=Recipe(budget=0), last_interaction_id=0, progress=silent)
        store.activate(bundle.version)

    return once("profiles", fill)


@pytest.fixture
def ranker(trained: Path, settings: Settings) -> Ranker:
    """That of the bundle, which stands where the service looks for it."""
    shutil.copytree(trained, settings.bundles)
    store = BundleStore(Path(settings.bundles))
    found = store.load_active()
    assert found is not None
    return Ranker.load(found)


def expected(
    ranker: Ranker, attributes: dict[str, Any], limit: int, context: dict[str, Any] | None = None
) -> list[str]:
    """Rank for a newcomer as evaluation does."""
    affinity = ranker.retriever.affinity
    assert affinity is not None
    history = History(np.empty(0, dtype=np.int32), profile=affinity.reader.codes(attributes, context))
    ranked = ranker.rank(history, CandidateQuery(), with_network=False)
    return [ranker.item_ids[item].decode() for item in ranked.items[:limit]]


async def test_the_attributes_of_a_newcomer_decide_the_list(ranker: Ranker, client: httpx.AsyncClient) -> None:
    for item in ranker.item_ids.tolist():
        await client.put(f"/items/{item.decode()}", json={})
    plain = item_ids(await ask(client, "nobody"))
    lists = {}
    for user, attributes in {"nl": NL, "be": BE}.items():
        assert (await client.put(f"/users/{user}", json={"attributes": attributes})).status_code == 201
        answer = await ask(client, user)
        assert answer["strategy"] == "popular"
        lists[user] = item_ids(answer)
        assert lists[user] == expected(ranker, attributes, 10)
    assert lists["nl"] != lists["be"]
    assert plain not in lists.values()
    # Unknown values are nothing.
    await client.put("/users/nobody", json={"attributes": {"country": "Atlantis", "email": "nobody@example.com"}})
    assert item_ids(await ask(client, "nobody")) == plain
    # A changed attribute changes the next answer; so does its removal.
    await client.patch("/users/nl", json={"attributes": BE})
    assert item_ids(await ask(client, "nl")) == lists["be"]
    await client.put("/users/nl", json={"attributes": {}})
    assert item_ids(await ask(client, "nl")) == plain
    # A request can give them itself, over those of the profile.
    assert item_ids(await ask_for(client, attributes=NL)) == lists["nl"]
    assert item_ids(await ask_for(client, user_id="be", attributes=NL)) == lists["nl"]
    some = lists["nl"][:5][::-1]
    assert item_ids(await ask_for(client, attributes=NL, candidates=some)) == lists["nl"][:5]
    first = await ask_for(client, attributes=NL, limit=4)
    second = await ask_for(client, attributes=NL, limit=6, cursor=first["next_cursor"])
    assert item_ids(first) + item_ids(second) == lists["nl"]


async def test_each_user_of_a_batch_has_attributes(ranker: Ranker, client: httpx.AsyncClient, refused: Any) -> None:
    body = {"user_ids": ["a", "b", "c", "a"], "attributes": {"a": NL, "b": BE, "c": {}}}
    answer = await client.post("/recommend/batch", json=body)
    assert answer.status_code == 200, answer.text
    lists = [item_ids(one) for one in answer.json()["items"]]
    plain = item_ids(await ask(client, "c"))
    assert lists == [expected(ranker, NL, 10), expected(ranker, BE, 10), plain, expected(ranker, NL, 10)]
    for wrong, field in (({"d": NL}, "attributes"), ({"a": "NL"}, "attributes.a")):
        problem = await client.post("/recommend/batch", json=body | {"attributes": wrong})
        refused(problem, 422, "invalid_request", field)


async def test_the_reason_names_the_attribute(ranker: Ranker, client: httpx.AsyncClient) -> None:
    answer = await ask_for(client, attributes=NL, explain=True)
    reasons = {reason["strand"]: reason for reason in answer["items"][0]["reasons"]}
    assert reasons.keys() == {"popularity", "profile_affinity"}
    assert sum(reason["share"] for reason in reasons.values()) == pytest.approx(1.0)
    words = reasons["profile_affinity"]["words"]
    assert words in {f"Popular among users with {name}: {value}" for name, value in NL.items()}


async def test_the_context_of_a_request_decides_the_list_beside_the_attributes(
    ranker: Ranker, client: httpx.AsyncClient
) -> None:
    plain = item_ids(await ask_for(client))
    lists = [item_ids(await ask_for(client, context=context)) for context in (MOBILE, DESKTOP)]
    assert lists == [expected(ranker, {}, 10, context) for context in (MOBILE, DESKTOP)]
    assert lists[0] != lists[1]
    assert plain not in lists
    assert item_ids(await ask_for(client, context={"device": "fridge", "page": [1, None]})) == plain
    # The user is known as well, or given by the request.
    await client.put("/users/nl", json={"attributes": NL})
    both = expected(ranker, NL, 10, MOBILE)
    assert both not in (*lists, expected(ranker, NL, 10))
    assert item_ids(await ask_for(client, user_id="nl", context=MOBILE)) == both
    assert item_ids(await ask_for(client, attributes=NL, context=MOBILE)) == both
    # What follows without one knows nothing of it.
    assert item_ids(await ask(client, "nl")) == expected(ranker, NL, 10)
    body = {"user_ids": ["nl", "nobody"], "context": MOBILE}
    answer = (await client.post("/recommend/batch", json=body)).json()
    assert [item_ids(one) for one in answer["items"]] == [both, lists[0]]
    # A context may be that of the page.
    first = await ask_for(client, context=MOBILE, limit=4)
    second = await ask_for(client, context={"device": "Mobile", "page": 2}, limit=6, cursor=first["next_cursor"])
    assert item_ids(first) + item_ids(second) == lists[0]
    reasons = (await ask_for(client, context=MOBILE, explain=True))["items"][0]["reasons"]
    words = {reason["strand"]: reason.get("words") for reason in reasons}
    assert words["profile_affinity"] == "Popular with device: mobile"


async def test_what_is_popular_by_now_is_raised_as_well(
    ranker: Ranker, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.popularity.counts_since_bundle._EVERY_SECONDS", 0.0)
    await client.put("/users/nl", json={"attributes": NL})
    before = item_ids(await ask(client, "nl", limit=10))
    await view_by_many(client, "brand-new", 3000)
    after = item_ids(await soon(client, "/recommend/nl", "brand-new", limit=11))
    assert after[1:] == before
    await view_by_many(client, before[3], 3000)
    assert item_ids(await soon(client, "/recommend/nl", before[3], limit=3))[1:] == ["brand-new", before[0]]


async def test_a_user_with_a_history_has_a_profile_too(ranker: Ranker, client: httpx.AsyncClient) -> None:
    await post(client, "u", ranker.item_ids[0].decode())
    before = await ask(client, "u")
    await client.put("/users/u", json={"attributes": NL})
    after = await ask(client, "u")
    assert before["strategy"] == after["strategy"] == "personalized"


@pytest.fixture
async def both(ranker: Ranker, settings: Settings) -> AsyncIterator[tuple[ServingState, ServingState]]:
    async with serving_state(settings) as here, serving_state(settings) as there:
        await here.start()
        await there.start()
        yield here, there


async def test_a_changed_attribute_reaches_other_processes(both: tuple[ServingState, ServingState]) -> None:
    here, there = both
    await there.histories.get("u")
    await serving_factory.profiles(here).put("u", UserIn(attributes=NL))

    def knows() -> bool:
        log = there.histories.cached("u")
        return log is not None and log.attributes == NL

    await becomes(knows)
