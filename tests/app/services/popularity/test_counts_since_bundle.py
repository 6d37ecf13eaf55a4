"""Popularity that follows the log: whose count it is, and what becomes of one that is not finished."""

import asyncio
from collections.abc import Collection

import numpy as np
import pytest
from sqlalchemy import text

from app.config import Settings
from app.errors import DatabaseError
from app.process import factory
from app.process.resources import Resources
from app.process.serving_state import serving_state
from app.services.popularity import counts_since_bundle as live_popularity
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.state.serving import Serving
from app.storage.counts import CountedRows, CountStore
from models.bundle.store import BundleStore
from models.data.events import EVENT_WEIGHTS
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker
from tests.app.writing import store_all

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_popularity, "_EVERY_SECONDS", 0.0)


@pytest.fixture
def serving(bundles: BundleStore) -> Serving:
    return served(bundles)


def served(bundles: BundleStore) -> Serving:
    """Serve the bundle as if nothing of the log were in it."""
    ranker = Ranker.load(bundles.load(str(bundles.active_version())))
    ranker.last_interaction_id = 0
    return Serving(ranker, LiveCatalogue(ranker.knowledge, ranker.content), ranker.retriever.config.scale)


async def view(resources: Resources, item: str, times: int) -> None:
    rows = [
        {"user_id": f"u{n}", "item_id": item, "event_type": "view", "event_id": None, "timestamp": 1}
        for n in range(times)
    ]
    await store_all(resources.interactions, rows)


def counted(popularity: CountsSinceBundle, serving: Serving, item: str) -> float | None:
    """Tell what was done with an item since the bundle."""
    found = popularity.popular(serving, None)
    code = int(serving.live.codes([item])[0])
    if found is None or serving.ranker is None:
        return None
    before = serving.ranker.retriever.popularity.counts
    return float(found[0][code] - (before[code] if code < len(before) else 0.0))


class Failing(CountStore):
    """Fails at certain calls."""

    def __init__(self, resources: Resources, *failing: int) -> None:
        super().__init__(resources.database)
        self._failing = failing
        self.calls = 0

    async def since(self, last_id: int, event_types: Collection[str], limit: int) -> CountedRows:
        self.calls += 1
        if self.calls in self._failing:
            raise DatabaseError("away")
        return await super().since(last_id, event_types, limit)


async def test_a_count_that_was_broken_off_goes_on_where_it_was(
    resources: Resources, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_popularity, "_ROWS", 3)
    await view(resources, "i001", 8)
    popularity = CountsSinceBundle(Failing(resources, 2), EVENT_WEIGHTS)
    await popularity.refresh(serving)
    assert counted(popularity, serving, "i001") == 3
    await popularity.refresh(serving)
    assert counted(popularity, serving, "i001") == 8
    assert popularity.number == 2


async def test_while_nothing_is_new_the_count_is_the_same(resources: Resources, serving: Serving) -> None:
    popularity = CountsSinceBundle(CountStore(resources.database), EVENT_WEIGHTS)
    await popularity.refresh(serving)
    assert (popularity.number, popularity.popular(serving, None)) == (0, None)
    await view(resources, "i001", 2)
    await popularity.refresh(serving)
    first = popularity.popular(serving, None)
    assert first is not None
    assert popularity.rising(serving, 0) is not None
    await popularity.refresh(serving)
    second = popularity.popular(serving, None)
    assert second is not None
    assert second[1] is first[1]
    assert popularity.number == 1


async def test_a_database_that_is_away_is_not_asked_without_a_pause(
    resources: Resources, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_popularity, "_EVERY_SECONDS", 60.0)
    counts = Failing(resources, 1)
    popularity = CountsSinceBundle(counts, EVENT_WEIGHTS)
    for _ in range(5):
        await popularity.refresh(serving)
    assert counts.calls == 1


async def test_who_still_has_an_older_bundle_does_not_count_for_the_next(
    resources: Resources, serving: Serving, bundles: BundleStore
) -> None:
    newer = served(bundles)
    await view(resources, "i001", 2)
    popularity = CountsSinceBundle(CountStore(resources.database), EVENT_WEIGHTS)
    await popularity.refresh(newer)
    await popularity.refresh(serving)
    assert counted(popularity, newer, "i001") == 2
    assert popularity.popular(serving, None) is None


async def test_who_asks_for_the_next_bundle_while_one_is_counted_is_not_forgotten(
    resources: Resources, serving: Serving, bundles: BundleStore
) -> None:
    newer = served(bundles)
    await view(resources, "i001", 2)

    class Asking(CountStore):
        async def since(self, last_id: int, event_types: Collection[str], limit: int) -> CountedRows:
            if popularity.popular(newer, None) is None:
                popularity.ask(newer)
            return await super().since(last_id, event_types, limit)

    popularity = CountsSinceBundle(Asking(resources.database), EVENT_WEIGHTS)
    following = asyncio.create_task(popularity.run())
    popularity.ask(serving)
    for _ in range(200):
        if counted(popularity, newer, "i001") == 2:
            break
        await asyncio.sleep(0.01)
    following.cancel()
    # The database is closed after this test: what still asks it would never hear again.
    await asyncio.gather(following, return_exceptions=True)
    assert counted(popularity, newer, "i001") == 2


async def test_an_order_has_the_codes_that_the_scores_tell(resources: Resources, serving: Serving) -> None:
    await view(resources, "brand-new", 500)
    popularity = CountsSinceBundle(CountStore(resources.database), EVENT_WEIGHTS)
    await popularity.refresh(serving)
    found = popularity.popular(serving, None)
    assert found is not None
    scores, order = found
    assert serving.live.item_id(int(order[0])) == "brand-new"
    assert np.all(np.diff(scores[order]) <= 0)


async def test_what_is_deleted_is_no_longer_counted_and_until_it_is_counted_again_the_last_count_holds(
    resources: Resources, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_popularity, "_ROWS", 3)
    await view(resources, "i001", 8)
    popularity = CountsSinceBundle(Failing(resources, 5), EVENT_WEIGHTS)
    await popularity.refresh(serving)
    async with resources.database.begin() as connection:
        number = int(await connection.scalar(text("SELECT max(id) FROM interactions")) or 0)
    await resources.user_data.delete(number)
    popularity.forget()
    assert counted(popularity, serving, "i001") == 8
    await popularity.refresh(serving)
    assert (counted(popularity, serving, "i001"), popularity.number) == (8, 1)
    await popularity.refresh(serving)
    assert (counted(popularity, serving, "i001"), popularity.number) == (7, 2)
    await view(resources, "i001", 1)
    await popularity.refresh(serving)
    assert counted(popularity, serving, "i001") == 8


async def test_when_everything_since_the_bundle_is_deleted_its_own_counts_are_left(
    resources: Resources, serving: Serving
) -> None:
    await view(resources, "i001", 1)
    popularity = CountsSinceBundle(CountStore(resources.database), EVENT_WEIGHTS)
    await popularity.refresh(serving)
    assert counted(popularity, serving, "i001") == 1
    assert await resources.user_data.erase("u0")
    popularity.forget()
    await popularity.refresh(serving)
    assert (counted(popularity, serving, "i001"), popularity.number) == (0, 2)


async def test_another_process_that_deletes_makes_this_one_count_again(
    resources: Resources, settings: Settings, followed: BundleStore
) -> None:
    await view(resources, "i001", 2)
    # The catalogue has one item of the bundle only.
    await factory.versions(resources).take(str(followed.active_version()), "command", force=True)
    async with serving_state(settings) as state:
        await state.feed.start()
        await state.bundle.start()
        since = state.counts_since_bundle
        await since.refresh(state.bundle.serving)
        assert counted(since, state.bundle.serving, "i001") == 2
        assert await resources.user_data.erase("u0")
        await state.feed.catch_up()
        await since.refresh(state.bundle.serving)
        assert counted(since, state.bundle.serving, "i001") == 1
