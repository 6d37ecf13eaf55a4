"""Pages of one list: no item twice, none left out, whatever happens meanwhile."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.asking import ask, ask_for, item_ids, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def pages(client: httpx.AsyncClient, user: str, meanwhile: Callable[[int], Any], **query: Any) -> list[str]:
    """Follow the pages to the end, with something happening between them."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    for number in range(200):
        answer = await ask(client, user, **query, **cursor)
        assert [item["rank"] for item in answer["items"]] == list(
            range(len(found) + 1, len(found) + 1 + len(answer["items"]))
        )
        found += item_ids(answer)
        if answer["next_cursor"] is None:
            return found
        cursor = {"cursor": answer["next_cursor"]}
        await meanwhile(number)
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("limit", [1, 7, 10])
async def test_the_pages_are_the_whole_list_though_interactions_arrive(
    bundles: BundleStore, client: httpx.AsyncClient, limit: int
) -> None:
    for item in ("i01", "i02", "i03"):
        await post(client, "u", item)
    whole = item_ids(await ask(client, "u", limit=100))
    assert len(whole) == 57

    async def meanwhile(number: int) -> None:
        await post(client, "u", whole[(number * 5) % len(whole)], "purchase" if number % 2 else "dislike")

    assert await pages(client, "u", meanwhile, limit=limit) == whole


@pytest.mark.parametrize("limit", [4, 5, 12])
async def test_a_list_goes_on_behind_what_was_drawn_for_its_first_page(
    bundles: BundleStore, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("app.services.recommending.pages.DEPTH", 12)
    await post(client, "u", "i01")

    async def meanwhile(number: int) -> None:
        await post(client, "u", f"i{10 + number:02d}")

    found = await pages(client, "u", meanwhile, limit=limit, exclude_seen="false")
    assert len(set(found)) == len(found)
    assert set(found) == {f"i{number:02d}" for number in range(60)}


async def test_what_may_not_be_shown_any_more_is_left_out_of_later_pages(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    whole = item_ids(await ask(client, "nobody", limit=60))
    hidden = [whole[7], whole[8]]

    async def meanwhile(number: int) -> None:
        if number == 0:
            await client.put(f"/items/{hidden[0]}", json={"hidden": True})
            await client.put(f"/items/{hidden[1]}", json={})
            assert (await client.delete(f"/items/{hidden[1]}")).status_code == 204

    found = await pages(client, "nobody", meanwhile, limit=5)
    assert found == [item for item in whole if item not in hidden]


async def test_without_a_bundle_the_popular_items_come_in_pages_as_well(client: httpx.AsyncClient) -> None:
    for number in range(23):
        for user in range(24 - number):
            await post(client, f"u{user}", f"item-{number:02d}")

    async def meanwhile(number: int) -> None:
        await post(client, f"late-{number}", "item-22")

    found = await pages(client, "nobody", meanwhile, limit=5)
    assert found == [f"item-{number:02d}" for number in range(23)]


async def test_the_same_list_goes_on_for_a_session_and_with_an_item_newer_than_the_bundle(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: Any
) -> None:
    fields = {"categories": synthetic.items.to_pylist()[1]["categories"], "title": "a new one"}
    await client.put("/items/new-one", json=fields)
    body = {"session_items": ["i01", "i02"], "candidates": [*(f"i{number:02d}" for number in range(20)), "new-one"]}
    whole = item_ids(await ask_for(client, **body, limit=100))
    assert sorted(whole) == sorted(body["candidates"])
    found, cursor = list[str](), dict[str, str]()
    while True:
        answer = await ask_for(client, **body, limit=4, **cursor)
        found += item_ids(answer)
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert found == whole


async def test_a_cursor_of_another_list_or_none_at_all_is_refused(
    bundles: BundleStore, client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]]
) -> None:
    cursor = (await ask(client, "u"))["next_cursor"]
    for path in (
        f"/recommend/other?cursor={cursor}",
        f"/recommend/u?cursor={cursor}&category=group-1",
        "/recommend/u?cursor=never-heard-of",
        f"/recommend/u?cursor={cursor[:-3]}",
    ):
        refused(await client.get(path), 422, "invalid_cursor", "cursor")
    refused(await client.get("/recommend/u?cursor="), 422, "invalid_request", "cursor")
    assert (await client.get(f"/recommend/u?cursor={cursor}&limit=3&explain=true")).status_code == 200
