"""The pages of items and users in a browser: found while one types, changed by forms, erased by a typed id."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Shop, Visits

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_items_are_found_while_one_types(visit: Visits, shop: Shop) -> None:
    item = shop.client.get("/items", params={"limit": 1}).json()["items"][0]
    window = await visit()
    page = window.page
    await window.open("/console/items")
    await page.locator("#q").press_sequentially(item["title"], delay=10)
    await page.wait_for_url("**q=*")
    await expect(page.locator("#listed a.cover").first).to_have_text(item["title"])
    await page.locator("#listed a.cover").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(item["title"])


async def test_an_item_is_added_edited_and_removed(visit: Visits, shop: Shop) -> None:
    window = await visit()
    page = window.page
    await window.open("/console/items")
    await page.get_by_role("link", name="Add an item").click()
    await page.locator("[name=item_id]").fill("fresh-1")
    await page.get_by_label("Title").fill("Fresh <tent>")
    await page.get_by_label("Available from").fill("2026-03-01T12:00:05")
    await page.get_by_role("button", name="Add the item").click()
    await expect(page.get_by_role("status").first).to_have_text("The item is stored.")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Fresh <tent>")
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_label("Price").fill("12.5")
    await page.get_by_role("button", name="Store the changes").click()
    stored = shop.client.get("/items/fresh-1").json()
    assert (stored["title"], stored["price"], stored["available_from"]) == (
        "Fresh <tent>",
        12.5,
        "2026-03-01T12:00:05Z",
    )
    await page.get_by_role("button", name="Hide").click()
    await expect(page.get_by_role("button", name="Show in lists")).to_be_visible()
    await page.get_by_label("to confirm").fill("fresh-1")
    await page.get_by_role("button", name="Remove the item").click()
    await expect(page.get_by_role("status").first).to_contain_text("The item is removed.")
    assert shop.client.get("/items/fresh-1").status_code == 404


async def test_a_user_is_erased_by_a_typed_id(visit: Visits, shop: Shop) -> None:
    item = shop.client.get("/items", params={"limit": 1}).json()["items"][0]["item_id"]
    shop.client.post("/interactions", json={"user_id": "gone-1", "item_id": item, "event_type": "view"})
    window = await visit()
    page = window.page
    await window.open("/console/users")
    await page.locator("#prefix").press_sequentially("gone", delay=10)
    await expect(page.locator("#listed tbody tr")).to_have_count(1)
    await page.locator("#listed tbody a").first.click()
    await page.get_by_label("to confirm").fill("gone-1")
    await page.get_by_role("button", name="Erase everything").click()
    await expect(page.get_by_role("status").first).to_contain_text("The user is erased.")
    assert shop.client.get("/users/gone-1/export").status_code == 404
