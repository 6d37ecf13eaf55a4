import asyncio
from typing import Any

import pytest

from app.process.resources import Resources
from app.services.state.item_fields import ItemFields
from app.storage.items import ItemStore

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
TITLE = ("title",)


async def put(store: ItemStore, item_id: str, **fields: Any) -> None:
    empty: dict[str, Any] = dict.fromkeys(
        ("title", "description", "url", "image_url", "price", "available_from", "available_until")
    )
    row = {
        "item_id": item_id,
        **empty,
        "categories": [],
        "tags": [],
        "attributes": {},
        "vectors": None,
        "hidden": False,
    }
    await store.put(row | fields)


async def test_fields_are_read_once_and_again_after_a_change(resources: Resources) -> None:
    fields = ItemFields(resources.items)
    await put(resources.items, "a", title="Ä", price=2.5, available_from=1_500_000)
    assert fields.kept(["a"], TITLE) is None
    assert await fields.read(["a", "nobody"], TITLE) == ['"title":"Ä"}'.encode(), b'"title":null}']
    assert fields.kept(["nobody", "a"], TITLE) == [b'"title":null}', '"title":"Ä"}'.encode()]
    names = ("tags", "price", "available_from")
    assert await fields.read(["a"], names) == [b'"tags":[],"price":2.5,"available_from":"1970-01-01T00:00:01.500000Z"}']
    await put(resources.items, "a", title="new")
    assert fields.kept(["a"], TITLE) is not None
    fields.forget("a")
    assert (fields.kept(["a"], TITLE), fields.kept(["a"], names)) == (None, None)
    assert await fields.read(["a"], TITLE) == [b'"title":"new"}']


async def test_what_changes_while_it_is_read_is_not_kept(resources: Resources) -> None:
    await put(resources.items, "a", title="old")
    fields = ItemFields(resources.items)
    reading = asyncio.create_task(fields.read(["a"], TITLE))
    await asyncio.sleep(0)
    fields.forget("a")
    assert await reading == [b'"title":"old"}']
    assert fields.kept(["a"], TITLE) is None


async def test_memory_is_bounded(resources: Resources) -> None:
    fields = ItemFields(resources.items, max_bytes=3 * 350)
    for number in range(9):
        await put(resources.items, str(number), title="x" * 80)
        await fields.read([str(number)], TITLE)
    assert [fields.kept([str(number)], TITLE) is not None for number in range(9)] == [False] * 6 + [True] * 3
    await put(resources.items, "long", title="x" * 5000)
    (json,) = await fields.read(["long"], TITLE)
    assert len(json) > 5000
    assert fields.kept(["long"], TITLE) is None


async def test_what_was_asked_for_once_is_read_for_the_whole_catalogue(resources: Resources) -> None:
    fields = ItemFields(resources.items)
    for number in range(5):
        await put(resources.items, f"i{number}", title=str(number))
    await fields.read(["i0"], TITLE)
    for _ in range(200):
        if fields.kept(["i4"], TITLE) is not None:
            break
        await asyncio.sleep(0.01)
    assert fields.kept(["i3", "i4"], TITLE) == [b'"title":"3"}', b'"title":"4"}']
    await fields.close()
