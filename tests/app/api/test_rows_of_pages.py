"""Pages of rows: several lists in one call, no item twice."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import item_ids, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def page(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/pages/recommend", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_no_item_stands_twice_and_each_row_can_be_attributed(
    bundles: BundleStore, client: httpx.AsyncClient, documented: Callable[[str, object], None]
) -> None:
    await post(client, "u", "i01")
    rows = [{"scenario": "home", "limit": 6}, {"scenario": "popular", "limit": 6}, {"scenario": "trending", "limit": 6}]
    rows += [{"scenario": "product-page", "item_id": "i05", "limit": 4}]
    found = await page(client, user_id="u", rows=rows, include=["title"])
    documented("PageAnswer", found)
    assert [row["scenario"] for row in found["rows"]] == ["home", "popular", "trending", "product-page"]
    everything = [item for row in found["rows"] for item in item_ids(row)]
    assert len(everything) == len(set(everything)) == 22
    assert len({row["request_id"] for row in found["rows"]}) == 4
    for row in found["rows"]:
        assert row["request_id"].split("~")[2] == row["scenario"]
        assert "title" in row["items"][0]
        assert row["next_cursor"] is None
    alone = (await client.get("/scenarios/home/recommend?user_id=u&limit=6")).json()
    assert item_ids(found["rows"][0]) == item_ids(alone)


async def test_rows_of_categories_and_brands_are_the_users(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet
) -> None:
    assert synthetic.items is not None
    group = {row["item_id"]: row["categories"][0] for row in synthetic.items.to_pylist()}
    own = [item for item, name in group.items() if name == "group-1"]
    for item in own[:5]:
        await post(client, "u", item)
    for item in own[5:9]:
        await client.put(f"/items/{item}", json={"categories": ["group-1"], "attributes": {"brand": "Fell"}})
    rows = [{"each": "category", "rows": 3, "limit": 5, "at_least": 2}, {"each": "brand", "rows": 2, "limit": 3}]
    found = await page(client, user_id="u", rows=rows)
    categories = [row for row in found["rows"] if row["each"] == "category"]
    assert categories[0]["value"] == "group-1"
    assert len({row["value"] for row in categories}) == len(categories) == 3
    for row in categories:
        assert {group[item] for item in item_ids(row)} == {row["value"]}
    brands = [row for row in found["rows"] if row["each"] == "brand"]
    assert [row["value"] for row in brands] == ["Fell"] * len(brands)
    for row in brands:
        assert set(item_ids(row)) <= set(own[5:9])


async def test_rows_that_would_hold_too_little_are_left_out(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    found = await page(
        client,
        rows=[
            {"scenario": "again"},
            {"scenario": "popular", "limit": 3, "at_least": 4},
            {"scenario": "home", "limit": 3},
        ],
    )
    assert found["left_out"] == ["again", "popular"]
    assert [row["scenario"] for row in found["rows"]] == ["home"]


async def test_what_is_no_page_is_refused(
    bundles: BundleStore, client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]]
) -> None:
    for rows, field in (
        ([], "rows"),
        ([{"scenario": "home"}] * 21, "rows"),
        ([{"each": "category", "rows": 15}, {"each": "brand", "rows": 6}], "rows"),
        ([{"scenario": "home", "rows": 2}], "rows.0.rows"),
        ([{"scenario": "home"}, {"scenario": "product-page"}], "rows.1.item_id"),
        ([{"each": "colour"}], "rows.0.each"),
    ):
        refused(await client.post("/pages/recommend", json={"rows": rows}), 422, "invalid_request", field)
    refused(await client.post("/pages/recommend", json={"rows": [{"scenario": "nowhere"}]}), 404, "not_found")


async def test_before_the_first_bundle_a_page_has_rows(client: httpx.AsyncClient) -> None:
    for number in range(8):
        await client.put(f"/items/a{number}", json={"title": f"A {number}", "categories": ["a"]})
    found = await page(client, user_id="u", rows=[{"scenario": "home", "limit": 3}, {"scenario": "newest", "limit": 3}])
    assert [item_ids(row) for row in found["rows"]] == [["a7", "a6", "a5"], ["a4", "a3", "a2"]]
