"""The Overview, live."""

import pytest

from tests.browser.conftest import Shop, Visits

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_numbers_follow_what_the_server_does_and_the_colours_are_kept(visit: Visits, shop: Shop) -> None:
    window = await visit()
    await window.open("/console")
    for user in shop.users[:20]:
        shop.client.get(f"/recommend/{user}").raise_for_status()
    # The page asks by itself.
    await window.page.get_by_text("personalized", exact=True).wait_for(timeout=15_000)
    await window.page.locator(".chart canvas").wait_for(timeout=15_000)
    before = await window.page.evaluate("getComputedStyle(document.body).backgroundColor")
    await window.page.get_by_role("button", name="Light or dark").click()
    after = await window.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert after != before
    await window.open("/console/settings")
    assert await window.page.evaluate("getComputedStyle(document.body).backgroundColor") == after


async def test_the_page_of_the_api_tries_a_call_out(visit: Visits, shop: Shop) -> None:
    window = await visit()
    await window.open("/docs")
    call = window.page.locator(".opblock", has_text="/recommend/{user_id}").first
    await call.locator(".opblock-summary-control").click()
    await call.get_by_role("button", name="Try it out").click()
    await call.locator("input[placeholder='user_id']").fill(shop.users[0])
    await call.get_by_role("button", name="Execute").click()
    answer = call.locator(".live-responses-table .response-col_status").last
    await answer.wait_for(timeout=15_000)
    assert (await answer.inner_text()).strip().startswith("200")
