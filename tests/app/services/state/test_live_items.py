"""The catalogue in memory while it is read: what is committed meanwhile is in it afterwards."""

import asyncio
from typing import Any

import pytest

from app.process.resources import Resources
from app.schemas.items import ItemIn
from app.services.catalogue.catalogue import Catalogue
from app.services.catalogue.item_rows import to_row
from app.services.state.live_items import LiveItems
from app.storage.changes import ChangeStore
from app.storage.items import ItemStore
from app.times import now
from models.data.schema import EMPTY
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.filters.requirements import Filter
from models.ranking.live_catalogue import LiveCatalogue

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


class Watched:
    """The real store, which waits behind a reading until it is let go on."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self.reached, self.gate = asyncio.Event(), asyncio.Event()

    async def _wait(self, found: Any) -> Any:
        self.reached.set()
        await self.gate.wait()
        return found

    async def changed_since(self, moment: int, limit: int) -> Any:
        return await self._wait(await self._store.changed_since(moment, limit))

    async def get_many(self, item_ids: Any) -> Any:
        return await self._wait(await self._store.get_many(item_ids))


def live() -> LiveCatalogue:
    return LiveCatalogue(Knowledge.fit(None, KnowledgeConfig()))


def tagged(catalogue: LiveCatalogue, tag: str) -> set[str]:
    mask = catalogue.mask(Filter.model_validate({"field": "tags", "eq": tag}))
    return {catalogue.item_id(code) for code in mask.nonzero()[0].tolist()}


async def test_an_own_change_during_the_reading_of_a_new_catalogue_is_in_it(resources: Resources) -> None:
    await resources.items.put(to_row("x", ItemIn(tags=["old"]), EMPTY))
    store, changes = Watched(resources.items), ChangeStore(resources.database)
    items = LiveItems(store, changes, resources.schema)  # type: ignore[arg-type]
    present, coming = live(), live()
    items.track(present, 0)
    preparing = asyncio.create_task(items.prepare(coming, 0))
    await store.reached.wait()
    await Catalogue(resources.items, items, resources.schema).put("x", ItemIn(tags=["new"]))
    assert tagged(present, "new") == {"x"}
    store.gate.set()
    await preparing
    items.track(coming, 0)
    assert (tagged(coming, "old"), tagged(coming, "new")) == (set(), {"x"})


async def test_an_older_row_that_was_read_does_not_undo_an_own_change(resources: Resources) -> None:
    await resources.items.put(to_row("x", ItemIn(tags=["old"]), EMPTY))
    store, changes = Watched(resources.items), ChangeStore(resources.database)
    items = LiveItems(store, changes, resources.schema)  # type: ignore[arg-type]
    present = live()
    items.track(present, 0)
    refreshing = asyncio.create_task(items.refresh(["x"]))
    await store.reached.wait()
    await Catalogue(resources.items, items, resources.schema).put("x", ItemIn(tags=["new"]))
    store.gate.set()
    await refreshing
    assert (tagged(present, "old"), tagged(present, "new")) == (set(), {"x"})


async def test_of_changes_at_once_the_one_committed_last_is_the_one_in_memory(resources: Resources) -> None:
    items = LiveItems(resources.items, ChangeStore(resources.database), resources.schema)
    present = live()
    items.track(present, 0)
    catalogue = Catalogue(resources.items, items, resources.schema)
    await asyncio.gather(*(catalogue.put("x", ItemIn(tags=[f"t{number}"])) for number in range(20)))
    (tag,) = (await catalogue.get("x")).tags
    assert tagged(present, tag) == {"x"}


async def test_what_was_written_long_before_and_committed_late_is_read(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = ChangeStore(resources.database)
    items, coming = LiveItems(resources.items, changes, resources.schema), live()
    with monkeypatch.context() as before:
        before.setattr("app.storage.items.now", lambda: 1_000_000)
        await resources.items.put(to_row("late", ItemIn(tags=["new"]), EMPTY))
    await items.prepare(coming, now())
    assert tagged(coming, "new") == {"late"}
    await changes.prune(2**62)
    await items.prepare(other := live(), now())
    assert tagged(other, "new") == set()
