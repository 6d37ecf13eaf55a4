"""What is popular by the log itself."""

import asyncio
import time
from typing import Any

from app.process.resources import Resources
from app.services.popularity.log_counts import LogCounts
from app.storage.changes import ChangeStore
from app.storage.first_mentions import FirstMentions
from app.storage.interactions import InteractionStore
from models.data.strengths import StrengthScale
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.ranking.live_catalogue import LiveCatalogue
from tests.app.writing import store_all, store_one

NOTICED_WITHIN = 3.0


def row(item: str) -> dict[str, Any]:
    return {"user_id": "u", "item_id": item, "event_type": "view", "event_id": None, "timestamp": 1}


async def top(popular: LogCounts, limit: int = 3) -> list[tuple[str, float]]:
    """Give the items with the highest counts, by name where these are equal."""
    live = LiveCatalogue(Knowledge.fit(None, KnowledgeConfig()))
    counts = await popular.counts(live)
    found = [(live.item_id(code), float(counts[code])) for code in range(len(live))]
    return sorted(found, key=lambda item: (-item[1], item[0]))[:limit]


async def test_each_item_has_its_number_of_interactions(resources: Resources) -> None:
    await store_all(resources.interactions, [row("b"), row("a"), row("c"), row("c")])
    assert await top(LogCounts(resources.interactions, StrengthScale())) == [("c", 2.0), ("a", 1.0), ("b", 1.0)]


async def test_what_another_process_stores_is_noticed_soon(resources: Resources) -> None:
    popular = LogCounts(resources.interactions, StrengthScale())
    assert await top(popular) == []
    await store_one(resources.interactions, row("i"))
    until = time.monotonic() + NOTICED_WITHIN
    while await top(popular) != [("i", 1.0)]:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


async def test_a_count_that_a_post_overtook_is_not_kept(resources: Resources) -> None:
    class Overtaken(InteractionStore):
        async def top_items(self, *args: Any) -> list[tuple[str, int]]:
            found = await super().top_items(*args)
            if not found:
                await store_one(self, row("i"))
                popular.forget()
            return found

    popular = LogCounts(
        Overtaken(resources.database, ChangeStore(resources.database), FirstMentions(resources.database)),
        StrengthScale(),
    )
    assert await top(popular) == []
    assert await top(popular) == [("i", 1.0)]
