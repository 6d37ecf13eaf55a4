from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from app.process.resources import Resources
from app.storage.items import ItemStore
from models.data.catalogue import attributes_of


def row(item: str = "i", **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("title", "description", "url", "image_url", "price", "available_from", "available_until"))
    return {
        "item_id": item,
        **empty,
        "categories": [],
        "tags": [],
        "attributes": {},
        "vectors": None,
        "hidden": False,
        **more,
    }


@pytest.fixture
def store(resources: Resources) -> ItemStore:
    return resources.items


def put(resources: Resources, rows: list[dict[str, Any]]) -> Callable[[Connection], None]:
    return lambda connection: resources.items.put_now(connection, rows)


async def test_an_item_comes_back_as_it_was_put(store: ItemStore) -> None:
    full = row(
        title="Gämse \N{OWL}",
        description="d",
        url="/i",
        image_url="https://shop.example/i.jpg",
        categories=["a", "b"],
        tags=["t"],
        price=0.1,
        attributes={"deep": {"list": [1, 2.5, None, True]}},
        hidden=True,
        available_from=1,
        available_until=2**53 + 1,
    )
    assert await store.put(full) is True
    assert await store.get("i") == full


async def test_a_second_put_takes_the_place_of_the_first(store: ItemStore) -> None:
    assert await store.put(row(title="old", tags=["t"])) is True
    assert await store.put(row(price=2.0)) is False
    assert await store.get("i") == row(price=2.0)
    assert await store.count() == 1


async def test_an_unknown_item_is_none(store: ItemStore) -> None:
    assert await store.get("nothing") is None


async def test_training_reads_the_fields_that_describe_items(store: ItemStore) -> None:
    assert await store.table() is None
    await store.put(row("a", title="Tea", tags=["hot"], price=2.5, attributes={"g": 100, "bio": True}))
    await store.put(row("b", attributes={"g": "much"}, hidden=True, available_from=1_500_000, available_until=2**62))
    table = await store.table()
    assert table is not None
    described = {item.pop("item_id"): item for item in table.to_pylist()}
    assert (described["a"]["title"], described["a"]["tags"], described["a"]["price"]) == ("Tea", ["hot"], 2.5)
    assert list(attributes_of(described["a"]["attributes"])) == [("attributes.g", 100.0), ("attributes.bio", True)]
    assert list(attributes_of(described["b"]["attributes"])) == [("attributes.g", "much")]
    assert (described["b"]["hidden"], described["b"]["available_from"]) == (True, 1.5)
    assert (described["a"]["hidden"], described["a"]["available_until"]) == (False, None)


async def test_many_items_take_the_place_of_those_that_were_there(resources: Resources, store: ItemStore) -> None:
    await store.put(row("a", title="old", price=1.0))
    await resources.database.write(put(resources, [row("a", title="new"), row("b")]))
    assert await store.get("a") == row("a", title="new")
    assert await store.get("b") == row("b")


async def test_many_items_more_than_one_statement_holds_all_arrive(resources: Resources, store: ItemStore) -> None:
    await resources.database.write(put(resources, [row(f"i{n}") for n in range(1001)]))
    assert await store.count() == 1001


async def test_a_deleted_item_is_gone_but_remembered(store: ItemStore) -> None:
    await store.put(row("a", title="old", tags=["t"], price=1.0, attributes={"x": 1}))
    await store.put(row("b"))
    assert await store.delete("a") is True
    assert await store.delete("a") is False
    assert await store.delete("never") is False
    assert await store.get("a") is None
    assert await store.count() == 1
    table = await store.table()
    assert table is not None
    assert table["item_id"].to_pylist() == ["b"]
    assert await store.get_many(["a", "b", "never"]) == {"a": None, "b": row("b")}
    assert await store.put(row("a")) is True
    assert await store.get("a") == row("a")


async def test_what_changed_since_a_moment_is_given_the_latest_of_it(
    store: ItemStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment, item in enumerate(("a", "b", "c", "d"), 10):
        monkeypatch.setattr("app.storage.items.now", lambda moment=moment: moment)
        await store.put(row(item))
    monkeypatch.setattr("app.storage.items.now", lambda: 14)
    await store.delete("b")
    assert list((await store.changed_since(12, 10)).items()) == [("c", row("c")), ("d", row("d")), ("b", None)]
    assert list(await store.changed_since(0, 2)) == ["d", "b"]
