"""What a database holds, counted on both backends."""

from app.process.resources import Resources
from app.storage.sizes import sizes_of
from tests.app.writing import store_all

NOW = 1_700_000_000_000_000


async def test_rows_and_bytes_are_counted(resources: Resources) -> None:
    before = await sizes_of(resources.database)
    assert (before.interactions, before.users, before.items, before.newest) == (0, 0, 0, None)
    assert before.size_bytes > 10_000
    rows = [
        {"user_id": user, "item_id": item, "event_type": "view", "event_id": None, "timestamp": moment}
        for user, item, moment in (("u", "a", NOW), ("u", "b", NOW - 5), ("v", "a", None))
    ]
    await store_all(resources.interactions, rows)
    found = await sizes_of(resources.database)
    assert (found.interactions, found.users, found.items, found.newest) == (3, 2, 2, NOW)
