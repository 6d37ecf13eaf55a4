"""The declared schema over HTTP: what is declared, refused, returned and compared."""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from app.config import Settings
from app.process.serving_state import serving_state

Refused = Callable[..., dict[str, Any]]
Documented = Callable[[str, object], None]
SCHEMA = {
    "items": {"v": {"type": "vector", "length": 4}, "weight": {"type": "number"}, "shop": {"type": "place"}},
    "users": {"country": {"type": "category"}, "age": {"type": "number"}},
}


@pytest.fixture
async def declared(client: httpx.AsyncClient) -> httpx.AsyncClient:
    answer = await client.put("/schema", json=SCHEMA)
    assert (answer.status_code, answer.json()) == (200, SCHEMA)
    return client


async def test_vector_comes_back_as_it_was_put(declared: httpx.AsyncClient) -> None:
    attributes = {"v": [0.1, -2.5, 1e-7, 3.0], "weight": 3, "brand": "Fell"}
    stored = (await declared.put("/items/i", json={"attributes": attributes})).json()
    assert stored["attributes"] == attributes
    assert (await declared.get("/items/i")).json() == stored
    assert (await declared.get("/items")).json()["items"] == [stored]
    patch = {"attributes": {"v": [1, 2, 3, 4], "weight": None}}
    assert (await declared.patch("/items/i", json=patch)).json()["attributes"] == {"v": [1, 2, 3, 4], "brand": "Fell"}
    assert (await declared.patch("/items/i", json={"price": 2})).json()["attributes"]["v"] == [1, 2, 3, 4]
    gone = await declared.patch("/items/i", json={"attributes": {"v": None}})
    assert gone.json()["attributes"] == {"brand": "Fell"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("v", [1, 2, 3], "must have 4 numbers, not 3"),
        ("v", [1, 2, 3, "4"], "must hold numbers alone: str at place 3"),
        ("v", [1, 2, 3, 1e39], "must hold finite numbers of 32 bits"),
        ("v", "1, 2, 3, 4", "must be a list of 4 numbers"),
        ("v", [0.5] * 30_000, "must have 4 numbers, not 30,000"),
        ("weight", "heavy", "must be a finite number"),
        ("shop", {"lat": 91, "lon": 0}, "lat must be a number from -90 to 90"),
    ],
)
async def test_item_that_does_not_fit_is_refused(
    declared: httpx.AsyncClient, refused: Refused, name: str, value: object, said: str
) -> None:
    item = {"attributes": {name: value}}
    problem = refused(await declared.put("/items/i", json=item), 422, "invalid_request", f"attributes.{name}")
    assert said in problem["errors"][0]["detail"]
    await declared.put("/items/i", json={})
    refused(await declared.patch("/items/i", json=item), 422, "invalid_request", f"attributes.{name}")
    rows = [{"item_id": "good"}, {"item_id": "bad", **item}]
    answer = (await declared.post("/items/batch", json=rows)).json()
    assert (answer["stored"], answer["refused"]) == (1, 1)
    assert (answer["errors"][0]["index"], answer["errors"][0]["field"]) == (1, f"attributes.{name}")


@pytest.mark.parametrize("number", [math.nan, math.inf])
async def test_number_that_is_not_finite_is_refused_with_its_attribute(
    declared: httpx.AsyncClient, refused: Refused, number: float
) -> None:
    text = '{"item_id": "i", "attributes": {"v": [1, 2, 3, ' + ("NaN" if math.isnan(number) else "Infinity") + "]}}"
    headers = {"content-type": "application/json"}
    put = text.replace('"item_id": "i", ', "")
    refused(await declared.put("/items/i", content=put, headers=headers), 422, "invalid_request", "attributes.v")
    answer = (await declared.post("/items/batch", content=f"[{text}]", headers=headers)).json()
    assert answer["errors"][0]["field"] == "attributes.v"


async def test_user_that_does_not_fit_is_refused(declared: httpx.AsyncClient, refused: Refused) -> None:
    assert (await declared.put("/users/u", json={"attributes": {"country": "DE", "age": 30}})).status_code == 201
    bad = {"attributes": {"age": "thirty"}}
    refused(await declared.put("/users/u", json=bad), 422, "invalid_request", "attributes.age")
    refused(await declared.patch("/users/u", json=bad), 422, "invalid_request", "attributes.age")
    answer = (await declared.post("/users/batch", json=[{"user_id": "w", **bad}])).json()
    assert answer["errors"][0]["field"] == "attributes.age"


async def test_attribute_of_100_000_values_is_refused(declared: httpx.AsyncClient, refused: Refused) -> None:
    item = {"attributes": {"labels": [f"label {n}" for n in range(100_000)]}}
    problem = refused(await declared.put("/items/i", json=item), 422, "invalid_request", "attributes")
    assert "longer than 65536 bytes" in problem["errors"][0]["detail"]


async def test_undeclared_vectors_are_limited(client: httpx.AsyncClient, refused: Refused) -> None:
    assert (await client.put("/items/i", json={"attributes": {"v": [0.5] * 4096}})).status_code == 201
    long = {"attributes": {"v": [0.123456789] * 8000}}
    problem = refused(await client.put("/items/i", json=long), 422, "invalid_request", "attributes")
    assert "without the vectors that the schema declares" in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": {"x": {"type": "colour"}}}, "items.x.type"),
        ({"items": {"x": {"type": "vector"}}}, "items.x"),
        ({"items": {"x": {"type": "vector", "length": 0}}}, "items.x.length"),
        ({"things": {}}, "things"),
    ],
)
async def test_bad_schema_is_refused(
    client: httpx.AsyncClient, refused: Refused, body: dict[str, Any], field: str
) -> None:
    refused(await client.put("/schema", json=body), 422, "invalid_request", field)


async def test_schema_lists_declared_and_inferred_attributes(
    declared: httpx.AsyncClient, documented: Documented
) -> None:
    await declared.put("/items/a", json={"attributes": {"v": [1, 2, 3, 4], "brand": "Fell", "size": {"eu": 42}}})
    await declared.put("/items/b", json={"attributes": {"brand": 7, "image": [0.5] * 16}})
    await declared.put("/users/u", json={"attributes": {"country": "DE", "vip": True}})
    report = (await declared.get("/schema")).json()
    documented("SchemaReport", report)
    assert (report["source"], report["looked_at"]) == ("api", {"items": 2, "users": 1})
    found = {one["name"]: (one["type"], one["length"], one["declared"], one["values"]) for one in report["items"]}
    assert found == {
        "v": ("vector", 4, True, 1),
        "weight": ("number", None, True, 0),
        "shop": ("place", None, True, 0),
        "brand": ("mixed", None, False, 2),
        "image": ("vector", 16, False, 1),
        "size.eu": ("number", None, False, 1),
    }
    assert {one["name"]: one["type"] for one in report["users"]} == {
        "country": "category", "age": "number", "vip": "category",
    }  # fmt: skip


async def test_stored_values_that_no_longer_fit_are_counted(declared: httpx.AsyncClient) -> None:
    await declared.put("/items/a", json={"attributes": {"v": [1, 2, 3, 4]}})
    await declared.put("/schema", json={"items": {"v": {"type": "vector", "length": 2}}})
    await declared.put("/items/b", json={"attributes": {"v": [1, 2]}})
    (found,) = (await declared.get("/schema")).json()["items"]
    assert (found["values"], found["unfit"]) == (2, 1)
    assert (await declared.get("/items/a")).json()["attributes"]["v"] == [1, 2, 3, 4]
    assert (await declared.get("/items/a/similar")).status_code == 200


async def test_schema_in_a_file_cannot_be_put(settings: Settings, tmp_path: Path, serve: Any, refused: Refused) -> None:
    path = tmp_path / "schema.toml"
    path.write_text('[items]\nv = { type = "vector", length = 2 }\n')
    settings.schema = path
    async with serve() as client:
        problem = refused(await client.put("/schema", json=SCHEMA), 409, "schema_in_file")
        assert "schema.toml" in problem["detail"]
        report = (await client.get("/schema")).json()
        assert (report["source"], report["declared"]["items"]) == ("file", {"v": {"type": "vector", "length": 2}})
        refused(await client.put("/items/i", json={"attributes": {"v": [1]}}), 422, "invalid_request", "attributes.v")


async def test_other_processes_learn_the_schema(settings: Settings, client: httpx.AsyncClient) -> None:
    async with serving_state(settings) as other:
        await other.start()
        await client.put("/schema", json=SCHEMA)
        for _ in range(100):
            if other.resources.schema.current.vectors == {"v": 4}:
                break
            await asyncio.sleep(0.01)
        assert other.resources.schema.current.vectors == {"v": 4}


def similar(answer: httpx.Response) -> list[str]:
    return [one["item_id"] for one in answer.json()["items"]]


@pytest.mark.parametrize("method", ["vectors", "content", "blend"])
async def test_new_items_are_compared_at_once_without_a_bundle(declared: httpx.AsyncClient, method: str) -> None:
    for name, vector in {"a": [1, 0, 0, 0], "b": [1, 0.1, 0, 0], "c": [0, 1, 0, 0]}.items():
        await declared.put(f"/items/{name}", json={"attributes": {"v": vector}})
    url = "/items/a/similar"
    assert similar(await declared.get(url, params={"method": method, "limit": 1})) == ["b"]
    await declared.put("/items/d", json={"attributes": {"v": [1, 0, 0.01, 0]}})
    assert similar(await declared.get(url, params={"method": method, "limit": 2})) == ["d", "b"]
    await declared.put("/items/d", json={"attributes": {"v": [0, 0, 0, 1]}})
    assert similar(await declared.get(url, params={"method": method, "limit": 1})) == ["b"]
    await declared.delete("/items/b")
    assert "b" not in similar(await declared.get(url, params={"method": method}))


async def test_items_put_before_the_declaration_are_compared(client: httpx.AsyncClient) -> None:
    rng = np.random.default_rng(0)
    rows = [{"item_id": f"i{n}", "attributes": {"v": rng.normal(size=8).tolist()}} for n in range(20)]
    rows.append({"item_id": "twin", "attributes": rows[3]["attributes"]})
    body = orjson.dumps(rows)
    headers = {"content-type": "application/json"}
    assert (await client.post("/items/batch", content=body, headers=headers)).json()["stored"] == 21
    await client.put("/schema", json={"items": {"v": {"type": "vector", "length": 8}}})
    assert similar(await client.get("/items/i3/similar", params={"method": "vectors", "limit": 1})) == ["twin"]
