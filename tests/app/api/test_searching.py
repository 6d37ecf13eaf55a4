"""`/search`: what is found, in which order, and what is left out."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app.services.recommending import searching
from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import ask_path, item_ids, post

Documented = Callable[[str, object], None]
Refused = Callable[..., dict[str, Any]]
SHOES: list[dict[str, Any]] = [
    {"item_id": "trail", "title": "Trail running shoe", "categories": ["shoes"], "price": 90},
    {"item_id": "road", "title": "Road shoe", "categories": ["shoes"], "tags": ["sale"], "price": 60},
    {"item_id": "lace", "title": "Laces", "description": "for every shoe", "categories": ["spare parts"]},
    {"item_id": "old", "title": "Old shoe", "hidden": True},
    {"item_id": "gone", "title": "Last shoe", "available_until": "2020-01-01T00:00:00Z"},
    {"item_id": "removed", "title": "Removed shoe"},
]


async def fill(client: httpx.AsyncClient) -> None:
    assert (await client.post("/items/batch", json=SHOES)).json()["stored"] == len(SHOES)
    await client.delete("/items/removed")


async def asked(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/search", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_before_the_first_bundle(client: httpx.AsyncClient, documented: Documented) -> None:
    await fill(client)
    answer = await ask_path(client, "/search", q="sho")
    documented("Found", answer)
    assert item_ids(answer) == ["road", "trail", "lace"]
    assert (answer["query"], answer["strategy"], answer["user_id"], answer["reason"]) == ("sho", "search", None, None)
    assert "~search~" in answer["request_id"]
    assert item_ids(await ask_path(client, "/search", q="shoe running tr")) == ["trail"]
    assert item_ids(await ask_path(client, "/search", q="spare")) == ["lace"]
    await client.patch("/items/lace", json={"title": "Running laces"})
    assert set(item_ids(await ask_path(client, "/search", q="RUNNING"))) == {"lace", "trail"}


async def test_filters_boosts_pins_fields_and_pages(client: httpx.AsyncClient) -> None:
    await fill(client)
    assert item_ids(await ask_path(client, "/search", q="shoe", category="shoes", tag="sale")) == ["road"]
    assert item_ids(await ask_path(client, "/search", q="shoe", exclude="road")) == ["trail", "lace"]
    dear = {"field": "price", "gte": 70}
    assert item_ids(await asked(client, q="shoe", filter=dear)) == ["trail"]
    boosted = await asked(client, q="shoe", boosts=[{"filter": dear, "weight": 10}], include=["title"])
    assert boosted["items"][0] | {"score": 0} == {"item_id": "trail", "score": 0, "rank": 1, "title": SHOES[0]["title"]}
    pinned = await asked(client, q="shoe", pins=[{"item_id": "lace", "position": 1}])
    assert item_ids(pinned) == ["lace", "road", "trail"]
    first = await ask_path(client, "/search", q="shoe", limit=2)
    second = await ask_path(client, "/search", q="shoe", limit=2, cursor=first["next_cursor"])
    assert item_ids(first) + item_ids(second) == ["road", "trail", "lace"]
    assert [item["rank"] for item in second["items"]] == [3]
    assert (second["strategy"], second["next_cursor"]) == ("search", None)


async def test_a_cursor_belongs_to_its_query(client: httpx.AsyncClient, refused: Refused) -> None:
    await fill(client)
    cursor = (await ask_path(client, "/search", q="shoe", limit=1))["next_cursor"]
    for path in ("/search?q=road", "/search?q=shoe&user_id=u", "/popular?"):
        refused(await client.get(f"{path}&cursor={cursor}"), 422, "invalid_cursor", "cursor")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("xyz", "no item matches 'xyz'"),
        ("", "'' has no word to search for"),
        ("?! \0 *", "'?! \\x00 *' has no word to search for"),
        ('"shoe OR', "no item matches '\"shoe OR'"),
        ("old", "no item that meets the request matches 'old'"),
    ],
)
async def test_an_empty_list_says_why(
    client: httpx.AsyncClient, documented: Documented, query: str, reason: str
) -> None:
    await fill(client)
    for answer in (await ask_path(client, "/search", q=query), await asked(client, q=query)):
        documented("Found", answer)
        assert (answer["items"], answer["strategy"], answer["reason"]) == ([], "none", reason)


async def test_queries_that_are_too_long_or_missing_are_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    assert (await ask_path(client, "/search", q="x" * 256))["items"] == []
    for query in ("x" * 257, "\u0436 " * 5000):
        refused(await client.get("/search", params={"q": query}), 422, "invalid_request", "q")
        refused(await client.post("/search", json={"q": query}), 422, "invalid_request", "q")
    refused(await client.get("/search"), 422, "invalid_request", "q")
    lone = await client.post("/search", content=b'{"q": "\\ud800"}', headers={"content-type": "application/json"})
    assert lone.status_code == 422


async def test_a_narrow_filter_finds_items_behind_the_first_matches(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"item_id": f"i{number}", "title": "oak", "price": number} for number in range(30)]
    await client.post("/items/batch", json=rows)
    monkeypatch.setattr(searching, "_SCORED", 5)
    assert len(item_ids(await ask_path(client, "/search", q="oak", limit=30))) == 5
    for price in (0, 29):
        only = await asked(client, q="oak", filter={"field": "price", "eq": price})
        assert item_ids(only) == [f"i{price}"]


async def test_items_beyond_the_memory_of_a_process_are_named_as_such(
    client: httpx.AsyncClient, application: Any
) -> None:
    await client.put("/items/a", json={"title": "oak"})
    live = application.state.serving.bundle.serving.live
    live.most_new = len(live)
    await client.put("/items/b", json={"title": "elm"})
    assert item_ids(await ask_path(client, "/search", q="oak")) == ["a"]
    reason = (await ask_path(client, "/search", q="elm"))["reason"]
    assert reason.startswith("the items that match 'elm' wait for the next bundle")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_with_a_user_the_order_is_the_users(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet
) -> None:
    assert synthetic.items is not None
    group = {row["item_id"]: row["categories"] for row in synthetic.items.to_pylist()}
    rows = [{"item_id": item, "title": "lamp", "categories": own} for item, own in group.items()]
    await client.post("/items/batch", json=rows)
    anybody = item_ids(await ask_path(client, "/search", q="lamp", limit=60))
    last = group[anybody[-1]]
    liked = [item for item, own in group.items() if own == last][:6]
    for item in liked:
        await post(client, "u", item)
    mine = item_ids(await ask_path(client, "/search", q="lamp", limit=60, user_id="u"))
    assert set(mine) == set(anybody) == set(group)
    assert sum(mine.index(item) for item in liked) < sum(anybody.index(item) for item in liked)
    unseen = await ask_path(client, "/search", q="lamp", limit=60, user_id="u", exclude_seen="true")
    assert not set(liked) & set(item_ids(unseen))
