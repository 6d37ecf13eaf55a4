"""A visit of the sample shop in a real browser, and what Braid knows of it afterwards."""

import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.chromium import Watched, visitor
from tests.examples.shop.conftest import Open

HOME = "[data-scenario=home]"


def titles(row: Locator) -> list[str]:
    return row.locator("h3").all_text_contents()


def user_of(page: Page) -> str:
    found: str = page.evaluate("JSON.parse(localStorage.braid).user_id")
    return found


def eventually(found: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """Wait until what is found is as wanted: a page does not wait for its posts."""
    until = time.monotonic() + 10
    while not wanted(value := found()):
        assert time.monotonic() < until, value
        time.sleep(0.05)
    return value


def loaded(page: Page) -> None:
    """Wait for the pictures: a visitor who leaves before would abort them."""
    eventually(lambda: page.evaluate("[...document.images].every((image) => image.complete)"), bool)


def visit(shop: Open, watched: Watched) -> None:
    """Look around, buy something, and check what each step changes."""
    page = watched.page
    page.goto(shop.url)
    user, before = look_around(shop, page)
    title, request_id = click(shop, page, user, before)
    page.go_back()
    revenue = buy(shop, page, user, title, request_id)
    search(page, title)
    home = next(one for one in shop.braid.get_online_measures()["by_scenario"] if one["scenario"] == "home")
    assert home["impressions"] >= 10
    assert (home["clicks"], home["conversions"], home["revenue"]) == (1, 1, revenue)
    assert watched.troubles == []


def look_around(shop: Open, page: Page) -> tuple[str, list[str]]:
    """See a row whole; return the visitor's id and the titles of the row."""
    row = page.locator(HOME)
    expect(row.locator("a").nth(5)).to_be_visible()
    before = titles(row)
    assert len(before) == 10
    assert all(before)
    expect(page.locator("h2").first).to_have_text("Popular right now")
    user = user_of(page)
    assert re.fullmatch(r"anon-[0-9a-f]{32}", user)

    # Cards of which half is visible for a second are impressions: those at the end of a row once it is scrolled.
    seen = eventually(lambda: len(shop.shown(user)), lambda count: count >= 5)
    assert 10 not in {row["position"] for row in shop.shown(user)}
    last = row.locator("a").last
    last.scroll_into_view_if_needed()
    shown = eventually(lambda: shop.shown(user), lambda rows: 10 in {row["position"] for row in rows})
    assert len(shown) > seen
    assert len({(row["item_id"], row["request_id"]) for row in shown}) == len(shown)
    return user, before


def click(shop: Open, page: Page, user: str, before: list[str]) -> tuple[str, str]:
    """Open an item: this is posted although the page is left, and changes the visitor's row."""
    row = page.locator(HOME)
    clicked = row.locator("a").nth(1)
    title = clicked.locator("h3").text_content()
    loaded(page)
    clicked.click()
    expect(page.locator("article h1")).to_have_text(str(title))
    expect(page.locator("#similar a").first).to_be_visible()
    done = eventually(lambda: shop.events(user), lambda rows: len(rows) == 2)
    assert {one["event_type"] for one in done} == {"click", "view"}
    (request_id,) = {one["request_id"] for one in done}
    assert [one["position"] for one in done if one["event_type"] == "click"] == [2]
    loaded(page)
    page.goto(shop.url)
    expect(page.locator("h2").first).to_have_text("For you")
    assert titles(row) != before
    loaded(page)
    return str(title), str(request_id)


def buy(shop: Open, page: Page, user: str, title: str, request_id: str) -> float:
    """Put the item into the cart and buy it: both are counted for the list that led to it."""
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("button", name="Added to the cart")).to_be_visible()
    expect(page.locator("#count")).to_have_text("1")
    expect(page.locator("#similar a").first).to_be_visible()
    loaded(page)
    page.locator("a.cart").click()
    expect(page.locator("#completes a").first).to_be_visible()
    assert title not in titles(page.locator("#completes"))
    page.get_by_role("button", name="Buy").click()
    expect(page.locator("#note")).to_have_text(re.compile("Thank you"))
    expect(page.locator("#count")).to_have_text("0")
    bought, carted = eventually(lambda: shop.events(user), lambda rows: rows[0]["event_type"] == "purchase")[:2]
    assert (carted["event_type"], bought["quantity"]) == ("cart", 1)
    assert bought["request_id"] == carted["request_id"] == request_id
    assert bought["revenue"] == shop.braid.get_item(bought["item_id"])["price"]
    return float(bought["revenue"] or 0)


def search(page: Page, title: str) -> None:
    """Find what has a word of the title."""
    word = title.partition(" ")[0].lower()
    loaded(page)
    page.locator("[name=q]").fill(word)
    page.locator("[name=q]").press("Enter")
    expect(page.locator("#found a").first).to_be_visible()
    assert all(word in found.lower() for found in titles(page.locator("#found")))


def test_a_visit_is_personal_and_measured(shop: Open, browser: Browser) -> None:
    with visitor(browser, viewport={"width": 1280, "height": 900}) as watched:
        visit(shop, watched)
    # The next visitor is another one, on a telephone in the dark.
    with visitor(browser, viewport={"width": 390, "height": 844}, color_scheme="dark") as watched:
        page = watched.page
        for path in ("/", "/search.html?q=tent", "/product.html?item=p001", "/cart.html"):
            page.goto(f"{shop.url}{path}")
            expect(page.locator("header .name")).to_be_visible()
            page.wait_for_load_state("networkidle")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, f"{path} is {width} pixels wide"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 22)"
        for path, told in (
            ("/product.html?item=none", "There is no such product"),
            ("/search.html?q=xyzzy", "Nothing has all these words."),
            ("/cart.html", "It is empty."),
        ):
            page.goto(f"{shop.url}{path}")
            expect(page.locator("main")).to_contain_text(told)
            expect(page.locator(".card")).to_have_count(0)
            page.wait_for_load_state("networkidle")
        assert watched.troubles == []
