"""The console's pages of scenarios."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
OWN = {"origin": "http://127.0.0.1"}
LIVE = OWN | {"hx-request": "true"}


@pytest.fixture
async def shop(client: httpx.AsyncClient) -> httpx.AsyncClient:
    items = [
        {"item_id": f"sku-{number}", "title": title, "categories": [category], "price": 10 * number}
        for number, (title, category) in enumerate(
            [("Trail shoe", "shoes"), ("Road shoe", "shoes"), ("Tent <for two>", "tents")], start=1
        )
    ]
    await client.post("/items/batch", json=items)
    rows = [{"user_id": "u", "item_id": "sku-1", "event_type": "view"}]
    rows += [{"user_id": f"v{number}", "item_id": "sku-3", "event_type": "view"} for number in range(3)]
    await client.post("/interactions/batch", json=rows)
    return client


def told(answer: httpx.Response) -> list[str]:
    return re.findall(r'<span class="name">(.*?)</span>', answer.text)


async def test_all_scenarios_are_listed_with_where_they_are_from(shop: httpx.AsyncClient) -> None:
    await shop.put("/scenarios/mine", json={"kind": "newest"})
    page = (await shop.get("/console/scenarios")).text
    assert "stored, version 1" in page
    assert "built in" in page
    assert 'href="/console/scenarios/mine"' in page
    assert 'aria-current="page">Scenarios' in page


async def test_a_name_leads_to_its_form_and_what_is_no_name_is_told(shop: httpx.AsyncClient) -> None:
    answer = await shop.get("/console/scenarios", params={"name": "checkout"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/scenarios/checkout")
    assert "Store the scenario" in (await shop.get("/console/scenarios/checkout")).text
    wrong = await shop.get("/console/scenarios", params={"name": "Check out"})
    assert wrong.status_code == 422
    assert "is no name" in wrong.text
    assert (await shop.get("/console/scenarios/Check%20out")).status_code == 404
    assert (await shop.get("/console/scenarios/home", params={"copy": "nothing"})).status_code == 404


async def test_what_the_form_says_is_in_force(shop: httpx.AsyncClient) -> None:
    form = {"kind": "popular", "limit": "2", "filter_field": "categories", "filter_operator": "eq"}
    answer = await shop.post("/console/scenarios/home", data=form | {"filter_value": "shoes"}, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/scenarios/home")
    stored = (await shop.get("/scenarios/home")).json()
    assert stored["filter"] == {"field": "categories", "eq": "shoes"}
    assert (stored["version"], stored["kind"], stored["limit"]) == (1, "popular", 2)
    assert "Version 1 of home is in force" in (await shop.get("/console/scenarios/home")).text
    act = (await shop.get("/audit-log")).json()["items"][0]
    assert (act["action"], act["subject"]) == ("POST", "/console/scenarios/home")


async def test_a_wrong_form_stores_nothing_and_keeps_what_was_typed(shop: httpx.AsyncClient) -> None:
    answer = await shop.post(
        "/console/scenarios/home", data={"kind": "popular", "limit": "0", "boosts": "[{]"}, headers=OWN
    )
    assert answer.status_code == 422
    assert re.search(r'id="wrong-boosts">is not JSON in line 1', answer.text)
    assert "greater than or equal to 1" in answer.text
    assert "[{]" in answer.text
    assert (await shop.get("/scenarios/home")).json()["source"] == "default"


async def test_a_preview_lists_titles_beside_the_list_in_force_and_stores_nothing(shop: httpx.AsyncClient) -> None:
    await shop.put("/scenarios/home", json={"kind": "popular", "limit": 1})
    form: dict[str, Any] = {"kind": "popular", "limit": "3", "for_user": "new"}
    answer = await shop.post("/console/scenarios/home/preview", data=form, headers=LIVE)
    assert answer.status_code == 200
    assert told(answer)[0] == "Tent &lt;for two&gt;"
    assert set(told(answer)) == {"Tent &lt;for two&gt;", "Trail shoe", "Road shoe"}
    assert answer.text.count(">new</span>") == 2
    narrow = {"filter_field": "price", "filter_operator": "lte", "filter_value": "20"}
    answer = await shop.post("/console/scenarios/home/preview", data=form | narrow, headers=LIVE)
    assert "1 of the list in force would go" in answer.text
    assert (await shop.get("/scenarios/home")).json()["version"] == 1
    assert [act["action"] for act in (await shop.get("/audit-log")).json()["items"]] == ["PUT"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "popular", "limit": "x"}, "<strong>Items</strong>: &#39;x&#39; is not a whole number"),
        ({"kind": "item", "for_item": ""}, "<strong>Item</strong>: is missing"),
        ({"kind": "item", "for_item": "nothing"}, "nothing"),
        ({"kind": "user", "for_user": "a b"}, "<strong>User</strong>"),
        ({"kind": "user", "for_variant": "b"}, "<strong>Variant</strong>"),
        ({"kind": "item", "for_item": "sku-1", "method": "magic"}, "magic"),
    ],
)
async def test_a_preview_says_what_is_wrong_and_where(shop: httpx.AsyncClient, form: dict[str, str], said: str) -> None:
    answer = await shop.post("/console/scenarios/home/preview", data={"limit": "3"} | form, headers=LIVE)
    assert answer.status_code == 200
    assert "The definition cannot be used" in answer.text
    assert said in answer.text
    whole = await shop.post("/console/scenarios/home/preview", data={"limit": "3"} | form, headers=OWN)
    assert whole.status_code == 422
    assert "<title>home" in whole.text


@pytest.mark.parametrize(
    "kind", ["user", "item", "cart", "popular", "trending", "again", "continue", "newest", "search"]
)
async def test_each_kind_can_be_previewed_with_what_the_page_is_opened_with(shop: httpx.AsyncClient, kind: str) -> None:
    page = (await shop.get("/console/scenarios/home")).text
    fields = dict(re.findall(r'name="(for_\w+)" type="text" value="([^"]*)"', page))
    assert fields["for_item"] == "sku-1"
    form = {"kind": kind, "limit": "3"} | fields
    answer = await shop.post("/console/scenarios/home/preview", data=form, headers=LIVE)
    assert "cannot be used" not in answer.text


async def test_changes_are_listed_and_gone_back_to(shop: httpx.AsyncClient) -> None:
    for limit in (5, 7):
        await shop.put("/scenarios/home", json={"kind": "popular", "limit": limit})
    page = (await shop.get("/console/scenarios/home/history")).text
    assert "Go back to version 1" in page
    assert "Go back to version 2" not in page
    answer = await shop.post("/console/scenarios/home/restore", data={"version": "1"}, headers=OWN)
    assert answer.status_code == 303
    assert (await shop.get("/scenarios/home")).json()["limit"] == 5
    missing = await shop.post("/console/scenarios/home/restore", data={"version": "9"}, headers=OWN)
    assert missing.status_code == 422
    assert "no version 9" in missing.text
    assert (await shop.post("/console/scenarios/home/delete", headers=OWN)).status_code == 303
    assert (await shop.get("/scenarios/home")).json()["source"] == "default"
    again = await shop.post("/console/scenarios/home/delete", headers=OWN)
    assert again.status_code == 422
    assert "is stored" in again.text
    assert "Nothing was stored yet" in (await shop.get("/console/scenarios/cart/history")).text


async def test_variants_are_measured_with_intervals(shop: httpx.AsyncClient, application: FastAPI) -> None:
    halves = [{"name": "plain", "share": 0.5}, {"name": "mixed", "share": 0.5, "changes": {"diversity": 0.4}}]
    await shop.put("/scenarios/home", json={"kind": "popular", "variants": halves})
    assert "Not measured yet" in (await shop.get("/console/scenarios/home/variants")).text
    for number in range(20):
        user = f"w{number}"
        listed = (await shop.get(f"/scenarios/home/recommend?user_id={user}")).json()
        row = {"user_id": user, "item_id": listed["items"][0]["item_id"], "request_id": listed["request_id"]}
        await shop.post("/interactions", json=row | {"event_type": "shown"})
        if number < 4:
            await shop.post("/interactions", json=row | {"event_type": "purchase", "revenue": 9.5})
    application.state.serving.recent_measures._measured = None
    page = (await shop.get("/console/scenarios/home/variants")).text
    assert "38.00" in page
    assert page.index("<strong>plain</strong>") < page.index("<strong>mixed</strong>")
    assert "all intervals overlap" in page
    assert "No variants" in (await shop.get("/console/scenarios/cart/variants")).text


class TestOfAFile:
    @pytest.fixture
    def settings(self, settings: Settings, tmp_path: Path) -> Settings:
        file = tmp_path / "scenarios.toml"
        file.write_text('[home]\nkind = "newest"\n', encoding="utf-8")
        return settings.model_copy(update={"scenarios": file})

    async def test_a_scenario_of_the_file_can_be_tried_and_not_changed(self, shop: httpx.AsyncClient) -> None:
        page = (await shop.get("/console/scenarios/home")).text
        assert "A file that BRAID_SCENARIOS names" in page
        assert "Put in force" not in page
        form = {"kind": "popular", "limit": "3", "for_user": "u"}
        assert told(await shop.post("/console/scenarios/home/preview", data=form, headers=LIVE))
        answer = await shop.post("/console/scenarios/home", data=form, headers=OWN)
        assert answer.status_code == 422
        assert "BRAID_SCENARIOS defines" in answer.text
