"""What `GET /schema` says of the attributes that there are."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.process.resources import Resources
from app.services.catalogue import attribute_schema, attribute_values
from app.storage.samples import SampleStore
from tests.app.api.asking import ask_for, item_ids

Documented = Callable[[str, object], None]


async def put_items(client: httpx.AsyncClient, *attributes: dict[str, Any]) -> None:
    rows = [{"item_id": f"i{number:04d}", "attributes": own} for number, own in enumerate(attributes)]
    assert (await client.post("/items/batch", json=rows)).json()["stored"] == len(rows)


async def reported(client: httpx.AsyncClient, of: str = "items") -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in (await client.get("/schema")).json()[of]}


async def test_examples_are_the_most_frequent_values(client: httpx.AsyncClient, documented: Documented) -> None:
    brands = ["Ash", "Fell", "Fell", "Oak", "Elm", "Oak", "Fell", "Fir", "Yew"]
    await put_items(client, *({"brand": one, "sizes": [42, 43 + n, 38.5]} for n, one in enumerate(brands)))
    await client.put("/users/u", json={"attributes": {"vip": True, "visits": 1, "about": "x" * 500}})
    documented("SchemaReport", (await client.get("/schema")).json())
    items = await reported(client)
    assert items["brand"]["examples"] == ["Fell", "Oak", "Ash", "Elm", "Fir"]
    assert (items["brand"]["values"], items["brand"]["min"], items["brand"]["max"]) == (9, None, None)
    assert items["sizes"]["examples"] == [42, 38.5, 43, 44, 45]
    assert (items["sizes"]["values"], items["sizes"]["min"], items["sizes"]["max"]) == (9, 38.5, 51)
    users = await reported(client, "users")
    assert (users["vip"]["examples"], users["visits"]["examples"]) == ([True], [1])
    assert users["about"]["examples"] == ["x" * 99 + "…"]


async def test_examples_of_declared_attributes_fit_their_type(client: httpx.AsyncClient) -> None:
    place, long = {"lat": 52.5, "lon": 13.4}, [0.5, -0.25, 1, 2, 3, 4, 5, 6]
    await put_items(client, {"grade": 3, "v": [1, 2], "w": long}, {"grade": "heavy", "weight": 2}, {"weight": "heavy"})
    types = {"grade": "category", "weight": "number", "shop": "place", "since": "time"}
    declared: dict[str, Any] = {"items": {**types, "v": {"type": "vector", "length": 2}}}
    assert (await client.put("/schema", json=declared)).status_code == 200
    later = {"shop": place, "since": "2026-03-01T12:00:00Z", "v": [0.5, 0.25]}
    assert (await client.put("/items/later", json={"attributes": later})).status_code == 201
    found = await reported(client)
    assert {name: one["examples"] for name, one in found.items()} == {
        "grade": ["3", "heavy"],
        "weight": [2],
        "shop": [place],
        "since": ["2026-03-01T12:00:00Z"],
        "v": ["[1, 2]", "[0.5, 0.25]"],
        "w": ["[0.5, -0.25, 1, …]"],
    }
    assert (found["weight"]["min"], found["weight"]["max"], found["weight"]["unfit"]) == (2, 2, 1)
    assert (found["since"]["min"], found["w"]["length"]) == (None, 8)


async def test_inferred_types_are_those_of_filters(client: httpx.AsyncClient) -> None:
    await put_items(client, {"made": "2020-01-01T00:00:00Z"}, {"made": "2026-01-01T00:00:00Z", "parts": [{"size": 4}]})
    found = await reported(client)
    assert (found["made"]["type"], found["parts.size"]["type"]) == ("category", "number")
    after = {"field": "attributes.made", "gt": "2021-01-01T00:00:00Z"}
    exactly = {"field": "attributes.made", "eq": "2020-01-01T00:00:00Z"}
    assert item_ids(await ask_for(client, filter=after)) == []
    assert item_ids(await ask_for(client, filter=exactly)) == ["i0000"]
    assert item_ids(await ask_for(client, filter={"field": "attributes.parts.size", "gte": 4})) == ["i0001"]
    await client.put("/schema", json={"items": {"made": "time"}})
    assert (await reported(client))["made"]["type"] == "time"
    assert item_ids(await ask_for(client, filter=after)) == ["i0001"]


async def test_the_sample_is_spread_over_all_ids(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_schema, "SAMPLE", 10)
    monkeypatch.setattr(attribute_schema, "_AT_ONCE", 4)
    await put_items(client, *({"half": "first" if number < 15 else "second"} for number in range(30)))
    for number in range(3):
        await client.put(f"/users/u{number}", json={})
    report = (await client.get("/schema")).json()
    assert (report["looked_at"], report["stored"]) == ({"items": 10, "users": 3}, {"items": 30, "users": 3})
    assert report["items"][0]["values"] == 10
    assert set(report["items"][0]["examples"]) == {"first", "second"}
    # Deleted items, and items that only interactions name, have no attributes.
    await client.delete("/items/i0029")
    await client.post("/interactions", json={"user_id": "u0", "item_id": "named", "event_type": "view"})
    report = (await client.get("/schema")).json()
    assert (report["stored"]["items"], report["looked_at"]["items"]) == (29, 8)


@pytest.mark.parametrize(("rows", "most", "chosen"), [(0, 5, []), (5, 5, [0, 1, 2, 3, 4]), (11, 5, [0, 3, 6, 9])])
async def test_ids_lie_at_equal_distances(resources: Resources, rows: int, most: int, chosen: list[int]) -> None:
    await resources.database.write(
        lambda connection: resources.users.put_now(
            connection, [{"user_id": f"u{number:02d}", "attributes": {"n": number}} for number in range(rows)]
        )
    )
    samples = SampleStore(resources.database)
    spread = await samples.spread("users", most)
    assert (spread.ids, spread.stored) == ([f"u{number:02d}" for number in chosen], rows)
    assert await samples.attributes("users", spread.ids) == [{"n": number} for number in chosen]


async def test_attributes_without_end_are_bounded(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_values, "MOST_UNDECLARED", 3)
    await put_items(client, {"a": 1, "b": 2}, {"c": 3, "d": 4}, {"a": 5, "e": 6})
    found = await reported(client)
    assert {name: one["values"] for name, one in found.items()} == {"a": 2, "b": 1, "c": 1}
