import asyncio
import json
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.errors import EventIdConflictError
from app.process.resources import Resources
from app.storage.interactions import InteractionStore, LogEntry
from app.storage.rows import Row, Stored
from models.data.progress import silent
from tests.app.writing import store_all, store_one


def row(user: str = "u", item: str = "i", **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("value", "timestamp", "event_id", "request_id", "position", "context"))
    return {"user_id": user, "item_id": item, "event_type": "view", **empty, **more}


@pytest.fixture
def store(resources: Resources) -> InteractionStore:
    return resources.interactions


async def events(store: InteractionStore, user: str, latest: int = 100) -> list[LogEntry]:
    return (await store.histories([user], latest))[user]


async def test_ids_of_stored_interactions_increase(store: InteractionStore) -> None:
    first, second = await store_one(store, row()), await store_one(store, row())
    assert (first.repeated, second.repeated) == (False, False)
    assert second.id > first.id
    assert await store.count() == 2


async def test_a_repeated_event_id_gives_the_first_id_and_stores_nothing(store: InteractionStore) -> None:
    first = await store_one(store, row(event_id="e"))
    assert await store_one(store, row(event_id="e")) == Stored(first.id, repeated=True)
    again = await store_one(store, row(item="other", value=1.0, event_id="e"))
    assert again == Stored(first.id, repeated=True, differs=("item_id", "value"))
    assert [event[2:] for event in await events(store, "u")] == [("i", "view", None)]


async def test_training_reads_contexts_as_json_where_there_are_any(
    store: InteractionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.storage.interactions._ROWS_A_READ", 2)
    await store_one(store, row())
    assert "context" not in (await store.table(silent)).column_names
    await store_one(store, row(context={"device": "mobile", "tags": ["ä", 1.5]}))
    await store_one(store, row(context={}))
    read = (await store.table(silent))["context"].to_pylist()
    assert [None if text is None else json.loads(text) for text in read] == [
        None, {"device": "mobile", "tags": ["ä", 1.5]}, {}
    ]  # fmt: skip


FULL = row(value=0.1, timestamp=7, event_id="e", request_id="r", position=2, quantity=2.0, revenue=9.99) | {
    "context": {"b": [1, 1.5, None, 1e22], "ä": {"c": True}}
}


@pytest.mark.parametrize(
    ("again", "differs"),
    [
        ({}, ()),
        ({"context": {"ä": {"c": True}, "b": [1, 1.5, None, 1e22]}}, ()),
        (dict.fromkeys(("value", "timestamp", "request_id", "position", "context", "quantity", "revenue")), ()),
        ({"timestamp": 8, "timed": False}, ()),
        ({"timestamp": 8}, ("timestamp",)),
        ({"context": {}}, ("context",)),
        ({"revenue": 10.0, "quantity": 3.0, "position": 0}, ("position", "quantity", "revenue")),
        ({"user_id": "other", "event_type": "click"}, ("user_id", "event_type")),
    ],
)
async def test_a_repeat_names_the_fields_that_it_says_otherwise(
    store: InteractionStore, again: dict[str, Any], differs: tuple[str, ...]
) -> None:
    await store_one(store, FULL)
    assert (await store_one(store, FULL | again)).differs == differs
    # Of one transaction as well.
    found = await store_all(store, [FULL | {"event_id": "new"}, FULL | {"event_id": "new"} | again])
    assert (found[1].repeated, found[1].differs) == (True, differs)


async def test_nothing_of_an_atomic_store_is_kept_where_a_row_differs(
    store: InteractionStore, resources: Resources
) -> None:
    await store_one(store, row(event_id="e"))
    origin = resources.changes.origin
    with pytest.raises(EventIdConflictError, match="another item_id"):
        await store.store([Row("new", "i", "view"), Row("u", "j", "view", event_id="e")], atomic=True)
    assert await store.count() == 1
    # The transaction was rolled back for certain: nothing in memory is in doubt.
    assert resources.changes.origin == origin


async def test_one_event_id_posted_many_times_at_once_is_stored_once(store: InteractionStore) -> None:
    stored = await asyncio.gather(*(store_one(store, row(event_id="e")) for _ in range(12)))
    assert len({each.id for each in stored}) == 1
    assert sum(not each.repeated for each in stored) == 1
    assert await store.count() == 1


async def test_history_runs_from_no_time_over_old_to_new_and_equal_times_in_order_of_arrival(
    store: InteractionStore,
) -> None:
    for item, timestamp in [("late", 9), ("tie-1", 5), ("tie-2", 5), ("none-1", None), ("early", 1), ("none-2", None)]:
        await store_one(store, row(item=item, timestamp=timestamp))
    await store_one(store, row(user="somebody-else", timestamp=3))
    items = [event[2] for event in await events(store, "u")]
    assert items == ["none-1", "none-2", "early", "tie-1", "tie-2", "late"]


async def test_what_came_with_an_interaction_is_kept(store: InteractionStore, resources: Resources) -> None:
    given = row(
        value=4.5, timestamp=7, event_id="e", request_id="r", position=2, context={"ä": [1, None, {"b": "\N{OWL}"}]}
    )
    await store_one(store, given)
    async with resources.database.begin() as connection:
        found = (
            await connection.exec_driver_sql("SELECT value, timestamp, position, request_id FROM interactions")
        ).one()
    assert tuple(found) == (4.5, 7, 2, "r")


async def test_many_rows_leave_out_those_whose_event_id_is_there(store: InteractionStore) -> None:
    await store_one(store, row(event_id="a"))
    new = await store_all(store, [row(event_id="a"), row(event_id="b"), row(event_id="b"), row()])
    assert [stored.repeated for stored in new] == [True, False, True, False]
    assert new[1].id == new[2].id
    assert await store.count() == 3


async def test_many_rows_more_than_one_statement_holds_all_arrive(store: InteractionStore) -> None:
    new = await store_all(store, [row(user=f"u{n}", timestamp=n) for n in range(10_001)])
    assert [stored.id for stored in new] == sorted({stored.id for stored in new})
    assert await store.count() == 10_001
    assert (await events(store, "u10000"))[0][:2] == (10_000, new[-1].id)


async def test_many_rows_are_stored_all_or_none(store: InteractionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.storage.inserts._ROWS_SQLITE", 2)
    with pytest.raises(DBAPIError):
        await store_all(store, [row(), row(), row(), row() | {"event_type": None}])
    assert await store.count() == 0


async def test_top_items_count_some_types_and_break_ties_by_name(store: InteractionStore) -> None:
    rows = [row(item="b"), row(item="a"), row(item="c"), row(item="c"), row(item="a", event_type="shown")]
    await store_all(store, rows)
    assert await store.top_items({"view"}, 10) == [("c", 2), ("a", 1), ("b", 1)]
    assert await store.top_items({"view"}, 1) == [("c", 2)]


async def test_a_user_is_given_as_soon_as_there_is_one(store: InteractionStore) -> None:
    assert await store.any_user() is None
    await store_one(store, row(user="u7"))
    assert await store.any_user() == "u7"


async def test_the_table_has_seconds_and_rows_without_a_time_are_the_oldest(store: InteractionStore) -> None:
    await store_all(
        store,
        [row(timestamp=1_750_000_000_500_000, value=3.0, event_id="e"), row(), row(timestamp=1_750_000_001_000_000)],
    )
    table = await store.table(silent)
    assert table.column_names == ["user_id", "item_id", "event_type", "value", "timestamp", "event_id"]
    assert table["timestamp"].to_pylist() == [1_750_000_000.5, 1_750_000_000.5, 1_750_000_001.0]
    assert table["value"].to_pylist() == [3.0, None, None]
    assert table["event_id"].to_pylist() == ["e", None, None]


async def test_the_table_is_read_in_parts_and_keeps_the_order(
    store: InteractionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.storage.interactions._ROWS_A_READ", 3)
    await store_all(store, [row(item=f"i{n}", timestamp=100 - n) for n in range(8)])
    assert (await store.table(silent))["item_id"].to_pylist() == [f"i{n}" for n in range(8)]


@pytest.mark.parametrize("rows", [[], [row(), row()]], ids=["empty log", "no times"])
async def test_without_any_time_the_table_has_no_timestamp(store: InteractionStore, rows: list[dict[str, Any]]) -> None:
    await store_all(store, rows)
    table = await store.table(silent)
    assert "timestamp" not in table.column_names
    assert table.num_rows == len(rows)


async def test_batches_with_the_same_rows_in_another_order_do_not_wait_for_each_other(
    store: InteractionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A transaction that the database rolls back because of a deadlock is an error then.
    monkeypatch.setattr("app.storage.database._ATTEMPTS", 1)
    await store.store([Row("u", "i", "view")])
    for number in range(3):
        rows = [Row("u", "i", "view", event_id=f"{number}-{place}", position=place) for place in range(3_000)]
        one, other = await asyncio.gather(store.store(rows), store.store(rows[::-1]))
        assert [stored.id for stored in one] == [stored.id for stored in other[::-1]]
        assert sum(not stored.repeated for stored in (*one, *other)) == len(rows)
        # The rows of the batch that was first have their ids in its order.
        ids = [stored.id for stored in (one if not one[0].repeated else other)]
        assert ids == sorted(ids)
