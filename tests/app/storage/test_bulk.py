"""Large parts of imports."""

import asyncio

import pyarrow as pa

from app.process.resources import Resources
from app.storage.bulk import BulkStore
from app.storage.first_mentions import FirstMentions
from app.storage.known_rows import KnownRows
from app.storage.rows import COLUMNS, Row

ROWS = 20_000


def part(event_ids: list[str]) -> pa.Table:
    empty = {name: pa.nulls(len(event_ids), pa.string()) for name in COLUMNS}
    numbers = {"value": pa.float64(), "timestamp": pa.int64(), "position": pa.int32()}
    same = {"user_id": "u", "item_id": "i", "event_type": "view"}
    return pa.table(
        empty
        | {name: pa.nulls(len(event_ids), kind) for name, kind in numbers.items()}
        | {name: pa.array([value] * len(event_ids)) for name, value in same.items()}
        | {"event_id": pa.array(event_ids)}
    )


async def test_a_batch_and_an_import_of_the_same_rows_in_another_order_store_each_once(
    resources: Resources,
) -> None:
    event_ids = [f"e{number}" for number in range(ROWS)]
    store = BulkStore(resources.database, resources.changes, FirstMentions(resources.database))
    await resources.interactions.store([Row("u", "i", "view")])
    await store.add(part(["before"]), lambda *_: None, KnownRows(0))
    batch = [Row("u", "i", "view", event_id=event_id) for event_id in event_ids[::-1]]
    new, stored = await asyncio.gather(
        store.add(part(event_ids), lambda *_: None, KnownRows(0)), resources.interactions.store(batch)
    )
    assert new + sum(not one.repeated for one in stored) == ROWS
    assert await resources.interactions.count() == 2 + ROWS


async def test_imports_of_the_same_rows_in_another_order_at_once_store_each_once(resources: Resources) -> None:
    event_ids = [f"e{number}" for number in range(ROWS)]
    stores = [BulkStore(resources.database, resources.changes, FirstMentions(resources.database)) for _ in range(2)]
    for number, store in enumerate(stores):
        # Who creates the user would have the other wait before its first row.
        await store.add(part([f"before-{number}"]), lambda *_: None, KnownRows(0))
    parts = [part(event_ids), part(event_ids[::-1])]
    new = await asyncio.gather(
        *(store.add(table, lambda *_: None, KnownRows(0)) for store, table in zip(stores, parts, strict=True))
    )
    assert sum(new) == ROWS
    assert await resources.interactions.count() == 2 + ROWS
