"""Explore in a browser: clicks, sliders and keys change the list, and the address holds it all."""

import re
from urllib.parse import quote, unquote

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import VIEWER, Shop, Visit, Visits

pytestmark = pytest.mark.asyncio(loop_scope="module")
EXPLORE = "/console/explore"


async def listed(page: Page) -> list[str]:
    found: list[str] = await page.eval_on_selector_all(
        ".recs [data-item]", "items => items.map((one) => one.dataset.item)"
    )
    return found


async def settled(window: Visit) -> None:
    await window.page.wait_for_load_state("networkidle")


def history_of(shop: Shop) -> list[str]:
    rows = shop.client.get(f"/users/{quote(VIEWER)}/interactions", params={"limit": 1000}).json()["items"]
    return [row["item_id"] for row in rows]


async def test_a_simulated_click_changes_the_list_and_stores_nothing(visit: Visits, shop: Shop) -> None:
    stored = history_of(shop)
    window = await visit()
    page = window.page
    await window.open(f"{EXPLORE}?user_id={VIEWER}")
    before = await listed(page)
    assert before == [item["item_id"] for item in shop.client.get(f"/recommend/{VIEWER}").json()["items"]]
    await page.get_by_role("navigation", name="What a click").get_by_role("link", name="purchase").click()
    await expect(page.locator(".kinds a[aria-current]")).to_have_text("purchase")
    # What is bought leaves the list.
    await page.locator(".recs a.cover").nth(2).click()
    await expect(page.get_by_role("heading", name="Simulated")).to_be_visible()
    await expect(page.locator(".moved")).to_contain_text("new")
    after = await listed(page)
    assert before[2] not in after
    assert after != before
    assert f"act=purchase~{before[2]}" in page.url
    assert await page.locator(".acts .badge").all_text_contents() == ["purchase"]

    # The address is all that is needed, and the way back is that of every page.
    again = await visit()
    await again.open(page.url.removeprefix(shop.url))
    assert await listed(again.page) == after
    await page.go_back()
    await expect(page.get_by_role("heading", name="Simulated")).to_have_count(0)
    assert await listed(page) == before
    await again.page.get_by_role("link", name=re.compile("^Undo")).click()
    await expect(again.page.get_by_role("heading", name="Simulated")).to_have_count(0)
    assert await listed(again.page) == before
    assert history_of(shop) == stored


async def test_a_session_is_built_from_the_search_by_keys_alone(visit: Visits, shop: Shop) -> None:
    item = shop.client.get("/items", params={"limit": 1}).json()["items"][0]
    window = await visit()
    page = window.page
    await window.open(EXPLORE)
    popular = await listed(page)
    await page.locator("#q").focus()
    await page.keyboard.type(item["title"])
    await expect(page.locator("#found a").first).to_contain_text(item["title"])
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Simulated")).to_be_visible()
    await expect(page.locator(".acts .name").first).to_contain_text(item["title"])
    assert await listed(page) != popular
    assert "act=view~" in page.url


async def test_users_are_suggested_while_one_types(visit: Visits) -> None:
    window = await visit()
    page = window.page
    await window.open(EXPLORE)
    await page.locator("#user_id").press_sequentially("visitor-00")
    await expect(page.locator("#users option").first).to_be_attached()
    await page.locator("#user_id").press("Enter")
    await page.wait_for_url("**user_id=visitor-00*")
    await expect(page.get_by_role("heading", name="History", exact=True)).to_be_visible()


async def test_a_slider_changes_the_list_and_keeps_the_focus(visit: Visits) -> None:
    window = await visit()
    page = window.page
    await window.open(f"{EXPLORE}?user_id={VIEWER}&limit=20")
    before = await listed(page)
    await page.locator("#diversity").focus()
    await page.keyboard.press("End")
    await expect(page.locator('output[for="diversity"]')).to_have_text("1")
    await page.wait_for_url("**diversity=1*")
    await settled(window)
    assert await listed(page) != before
    assert await page.evaluate("document.activeElement.id") == "diversity"


async def test_the_blend_can_be_descriptions_alone(visit: Visits) -> None:
    window = await visit()
    page = window.page
    await window.open(f"{EXPLORE}?user_id={VIEWER}")
    await expect(page.locator(".legend li")).not_to_have_count(1)
    await page.locator("#content").focus()
    await page.keyboard.press("End")
    if await page.locator("#network").count():
        await page.locator("#network").focus()
        await page.keyboard.press("Home")
    await expect(page.locator(".legend li")).to_have_count(1)
    await expect(page.locator(".legend li")).to_contain_text("Content 100")
    # It stands again where training put it.
    await page.get_by_role("link", name="As served").click()
    await expect(page.locator(".legend li")).not_to_have_count(1)
    assert "content=" not in page.url


async def test_two_lists_stand_side_by_side(visit: Visits) -> None:
    window = await visit()
    page = window.page
    await window.open(f"{EXPLORE}?user_id={VIEWER}")
    await page.locator("#compare").check()
    await expect(page.get_by_role("heading", name="List B")).to_be_visible()
    await page.locator("#b_diversity").focus()
    await page.keyboard.press("End")
    await expect(page.locator("#moved-B")).to_contain_text("Against list A")
    first = await page.locator("#list-a").bounding_box()
    second = await page.locator("#list-b").bounding_box()
    assert first is not None
    assert second is not None
    assert (first["y"], first["x"] < second["x"]) == (second["y"], True)


async def test_it_works_without_scripts(browser_without_scripts: Page, shop: Shop) -> None:
    page = browser_without_scripts
    await page.goto(f"{shop.url}{EXPLORE}?user_id={VIEWER}")
    before = await listed(page)
    await page.locator(".recs a.cover").first.click()
    assert "act=view~" in page.url
    assert await page.locator(".acts .badge").all_text_contents() == ["view"]
    assert await listed(page) != [] != before
    await page.locator("#q").fill("a")
    await page.get_by_role("button", name="Search").click()
    assert "q=a" in page.url
    await page.get_by_role("button", name="Apply").click()
    assert "act=view~" in unquote(page.url)
