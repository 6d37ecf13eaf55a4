"""The console's pages of items."""

import re
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.asking import ask, item_ids, post
from tests.app.console.forms import alert_of, send, shown

ITEMS, ONE = "/console/items", "/console/items/one"
SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
FULL = {"title": "Trail shoe", "categories": ["shoes"], "tags": ["a, b"], "price": 0.1, "attributes": {"brand": "Fell"}}
AT = "2026-03-01T12:00:00.500000Z"


def fields_of(text: str) -> dict[str, Any]:
    """Give the fields of the form of an item as a browser sends them."""
    found = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', text))
    found |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL))
    found |= dict.fromkeys(re.findall(r'name="(hidden)" checked', text), "on")
    return {name: value.replace("\n", "\r\n") for name, value in found.items()}


async def test_an_item_is_found_by_title_category_and_id(client: httpx.AsyncClient) -> None:
    assert "No items yet" in await shown(client, ITEMS)
    await client.put("/items/ab", json=FULL)
    await client.put("/items/c", json={"title": "Tent", "hidden": True})
    queries: list[dict[str, Any]] = [{"q": "tra"}, {"q": "ab"}, {"category": "shoes"}, {"hidden": "false"}]
    for query in queries:
        text = await shown(client, ITEMS, **query)
        assert "Trail shoe" in text
        assert "Tent" not in text
    assert "Trail shoe" not in await shown(client, ITEMS, hidden="true")
    assert "Nothing found" in await shown(client, ITEMS, q="xyz")
    assert "Nothing found" in await shown(client, ITEMS, q="...")


async def test_items_come_in_pages(client: httpx.AsyncClient) -> None:
    await client.post("/items/batch", json=[{"item_id": f"i{n:03}"} for n in range(50)])
    first = await shown(client, ITEMS)
    assert "i047" in first
    assert "i048" not in first
    (following,) = re.findall(r'href="([^"]*)" rel="next"', first)
    second = await shown(client, following)
    assert "i049" in second
    assert "Back to the first" in second
    assert "does not belong to this list" in alert_of(await shown(client, ITEMS, 422, cursor="x"))


async def test_the_page_of_an_item_has_its_fields_counts_and_neighbours(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    await client.put("/items/i03", json=FULL | {"description": "<b>Light</b>", "attributes": {"vector": [0.5] * 9}})
    for kind in ("view", "view", "purchase"):
        await post(client, "u", "i03", event_type=kind)
    answer = await client.get(ONE, params={"item_id": "i03"})
    assert "&lt;b&gt;Light" in answer.text
    text = await shown(client, ONE, item_id="i03")
    assert "a vector of 9 numbers" in text
    assert re.findall(r"<dt>(view|purchase)</dt><dd>(\d)</dd>", text) == [("view", "2"), ("purchase", "1")]
    assert "<h3>Content</h3>" in text
    assert "/console/users/one?user_id=u" in text


async def test_what_nothing_knows_is_missing(client: httpx.AsyncClient) -> None:
    text = await shown(client, ONE, 404, item_id="<x>/&")
    assert "No such item" in text
    assert "<x>" not in (await client.get(ONE, params={"item_id": "<x>"})).text


async def test_an_item_is_added_edited_and_nothing_else_of_it_changes(client: httpx.AsyncClient) -> None:
    await send(
        client, f"{ITEMS}/edit", item_id="new-1", new="on", title=" Tent ", categories="a\r\nb, c\r\n", price="9.5"
    )
    stored = (await client.get("/items/new-1")).json()
    assert (stored["title"], stored["categories"], stored["price"]) == ("Tent", ["a", "b, c"], 9.5)
    whole = FULL | {"description": "one\ntwo", "available_from": AT, "attributes": {"v": [0.1] * 9, "deep": {"x": 1}}}
    await client.put("/items/i", json=whole)
    before = (await client.get("/items/i")).json()
    form = fields_of(await shown(client, f"{ITEMS}/edit", item_id="i"))
    await send(client, f"{ITEMS}/edit", **form)
    assert (await client.get("/items/i")).json() == before
    await send(client, f"{ITEMS}/edit", **form | {"attributes": '{"deep": {"y": 2}}', "hidden": "on", "price": ""})
    expected = before | {"attributes": {"v": [0.1] * 9, "deep": {"y": 2}}, "hidden": True, "price": None}
    assert (await client.get("/items/i")).json() == expected


@SQLITE
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"item_id": ""}, "item_id: "),
        ({"item_id": "a b"}, "item_id: must be"),
        ({"item_id": "there"}, "there is an item 'there' already"),
        ({"price": "much"}, "price: 'much' is not a number"),
        ({"price": "-1"}, "price: "),
        ({"url": "javascript:alert(1)"}, "url: must be an address"),
        ({"attributes": "{"}, "attributes: is not JSON"),
        ({"attributes": "[]"}, "attributes: must be a JSON object"),
        ({"available_from": "1900-01-01T00:00"}, "available_from: is before 1970"),
    ],
)
async def test_what_is_wrong_is_said_at_the_form_which_keeps_what_was_typed(
    client: httpx.AsyncClient, wrong: dict[str, str], said: str
) -> None:
    await client.put("/items/there", json={})
    given = {"item_id": "fresh", "new": "on", "title": "Typed"} | wrong
    answer = await send(client, f"{ITEMS}/edit", 422, **given)
    assert said in alert_of(answer.text)
    assert 'value="Typed"' in answer.text
    assert (await client.get("/items/fresh")).status_code == 404


@SQLITE
async def test_an_item_is_hidden_and_shown_again(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await client.put("/items/i03", json=FULL)
    assert "i03" in item_ids(await ask(client, "u", limit=100))
    await send(client, f"{ITEMS}/hide", item_id="i03", hidden="on")
    assert "i03" not in item_ids(await ask(client, "u", limit=100))
    assert "Show in lists" in await shown(client, ONE, item_id="i03")
    await send(client, f"{ITEMS}/hide", item_id="i03")
    assert "i03" in item_ids(await ask(client, "u", limit=100))


@SQLITE
async def test_an_item_is_removed_where_its_id_is_typed(client: httpx.AsyncClient) -> None:
    await client.put("/items/i", json=FULL)
    await post(client, "u", "i")
    answer = await send(client, f"{ITEMS}/erase", 422, item_id="i", confirmed="j")
    assert "nothing was removed" in alert_of(answer.text)
    assert (await client.get("/items/i")).status_code == 200
    await send(client, f"{ITEMS}/erase", item_id="i", confirmed="i")
    assert (await client.get("/items/i")).status_code == 404
    # The log still names it.
    assert "does not have this item" in await shown(client, ONE, item_id="i")
    answer = await send(client, f"{ITEMS}/hide", 422, item_id="i")
    assert "there is no item" in alert_of(answer.text)
