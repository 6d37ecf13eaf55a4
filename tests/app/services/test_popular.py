"""What is popular by the log itself."""

import asyncio
import time
from collections.abc import Collection
from typing import Any

from app.context import Context
from app.services.popular import PopularItems
from app.storage.interactions import InteractionStore
from models.data.events import EVENT_WEIGHTS
from models.data.progress import silent

NOTICED_WITHIN = 3.0


def row(item: str) -> dict[str, Any]:
    return {"user_id": "u", "item_id": item, "event_type": "view", "event_id": None, "timestamp": 1}


async def test_of_equal_counts_the_name_decides(context: Context) -> None:
    await context.interactions.add_many([row("b"), row("a"), row("c"), row("c")], silent)
    assert await PopularItems(context.interactions, EVENT_WEIGHTS).top(3, ()) == [("c", 2.0), ("a", 1.0), ("b", 1.0)]


async def test_there_are_items_left_when_more_are_left_out_than_are_kept_in_memory(context: Context) -> None:
    names = [f"i{number:04d}" for number in range(1200)]
    await context.interactions.add_many([row(name) for name in names], silent)
    left = await PopularItems(context.interactions, EVENT_WEIGHTS).top(10, set(names[:1100]))
    assert [item for item, _ in left] == names[1100:1110]


async def test_what_another_process_stores_is_noticed_soon(context: Context) -> None:
    popular = PopularItems(context.interactions, EVENT_WEIGHTS)
    assert await popular.top(1, ()) == []
    await context.interactions.add(row("i"))
    until = time.monotonic() + NOTICED_WITHIN
    while await popular.top(1, ()) != [("i", 1.0)]:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


async def test_a_count_that_a_post_overtook_is_not_kept(context: Context) -> None:
    class Overtaken(InteractionStore):
        async def top_items(self, event_types: Collection[str], limit: int) -> list[tuple[str, int]]:
            found = await super().top_items(event_types, limit)
            if not found:
                await self.add(row("i"))
                popular.forget()
            return found

    popular = PopularItems(Overtaken(context.database), EVENT_WEIGHTS)
    assert await popular.top(1, ()) == []
    assert await popular.top(1, ()) == [("i", 1.0)]
