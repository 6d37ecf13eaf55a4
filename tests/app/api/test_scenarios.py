"""Scenarios: named places of a shop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from models.bundle.store import BundleStore
from tests.app.api.asking import ask, ask_in, ask_path, item_ids, post, put_scenario

Documented = Callable[[str, object], None]
Refused = Callable[..., dict[str, Any]]
SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def test_a_scenario_is_stored_in_versions_and_deleted(
    client: httpx.AsyncClient, documented: Documented, refused: Refused
) -> None:
    first = await client.put("/scenarios/deals", json={"kind": "popular", "limit": 3})
    assert (first.status_code, first.json()["version"], first.json()["source"]) == (201, 1, "api")
    documented("Scenario", first.json())
    again = await client.put("/scenarios/deals", json={"kind": "trending", "filter": {"field": "price", "lt": 5}})
    assert (again.status_code, again.json()["version"]) == (200, 2)
    got = await ask_path(client, "/scenarios/deals")
    assert got == again.json()
    assert (got["kind"], got["limit"], got["filter"]["lt"]) == ("trending", 10, 5)
    listed = await ask_path(client, "/scenarios")
    documented("ScenarioList", listed)
    assert {"deals", "home", "product-page", "cart", "email"} <= {one["name"] for one in listed["items"]}
    versions = await ask_path(client, "/scenarios/deals/versions")
    assert [(one["version"], one["kind"]) for one in versions["items"]] == [(2, "trending"), (1, "popular")]
    assert (await client.delete("/scenarios/deals")).status_code == 204
    problem = refused(await client.get("/scenarios/deals"), 404, "not_found")
    assert "'deals'" in problem["detail"]
    refused(await client.delete("/scenarios/deals"), 404, "not_found")
    assert (await client.put("/scenarios/deals", json={})).json()["version"] == 4


@SQLITE
async def test_a_built_in_scenario_can_be_replaced_and_comes_back(client: httpx.AsyncClient) -> None:
    assert (await ask_path(client, "/scenarios/home"))["source"] == "default"
    await put_scenario(client, "home", kind="newest")
    assert (await ask_path(client, "/scenarios/home"))["kind"] == "newest"
    await client.delete("/scenarios/home")
    assert (await ask_path(client, "/scenarios/home"))["kind"] == "user"


@SQLITE
@pytest.mark.parametrize(
    ("definition", "named", "words"),
    [
        ({"kind": "basket"}, "kind", "'user'"),
        ({"kind": "user", "fallback": ["user"]}, "body", "fallback"),
        ({"kind": "user", "method": "content"}, "body", "method"),
        ({"kind": "item", "window": "7d"}, "body", "window"),
        ({"kind": "trending", "window": "all"}, "body", "window"),
        ({"kind": "popular", "new_item_share": 0.1}, "body", "new_item_share"),
        ({"limit": 3, "pins": [{"item_id": "a", "position": 4}]}, "body", "pins"),
        ({"exclude": ["a"], "pins": [{"item_id": "a", "position": 1}]}, "body", "pins"),
        ({"include": ["colour"]}, "include", "'colour'"),
        ({"kind": "user", "fallback": ["search"]}, "body", "needs a query"),
        (
            {"variants": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "changes": {"kind": "search"}}]},
            "body",
            "of the kind search, or none",
        ),
        ({"variants": [{"name": "a", "share": 1}]}, "body", "two or more"),
        ({"variants": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.4}]}, "body", "0.9"),
        ({"variants": [{"name": "a", "share": 0.5}, {"name": "a", "share": 0.5}]}, "body", "name of its own"),
        (
            {"variants": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "changes": {"kinds": "item"}}]},
            "body",
            "'kinds'",
        ),
        (
            {"variants": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "changes": {"limit": 0}}]},
            "body",
            "b: limit",
        ),
    ],
)
async def test_a_definition_that_contradicts_itself_is_refused(
    client: httpx.AsyncClient, refused: Refused, definition: dict[str, Any], named: str, words: str
) -> None:
    problem = refused(await client.put("/scenarios/x", json=definition), 422, "invalid_request", named)
    assert words in str(problem)
    refused(await client.get("/scenarios/x"), 404, "not_found")


@SQLITE
async def test_names_that_are_none_are_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    for name in ("Home", "a" * 33, "a.b", "-a"):
        refused(await client.put(f"/scenarios/{name}", json={}), 422, "invalid_request", "name")
    problem = refused(await client.get("/scenarios/hom/recommend"), 404, "not_found")
    assert "there is home" in problem["detail"]


@SQLITE
async def test_a_dry_run_and_a_preview_store_nothing(client: httpx.AsyncClient) -> None:
    for item in ("a", "b"):
        await client.put(f"/items/{item}", json={"title": item})
    answer = await client.put("/scenarios/deals?dry_run=true", json={"kind": "newest"})
    assert (answer.status_code, answer.json()["kind"]) == (200, "newest")
    body = {"definition": {"kind": "newest", "limit": 1}, "user_id": "u", "context": {"page": "x"}}
    preview = await client.post("/scenarios/deals/preview", json=body)
    assert item_ids(preview.json()) == ["b"]
    assert (await client.get("/scenarios/deals")).status_code == 404
    stored = (await client.get("/users/u/export")).json()
    assert stored.get("requests", []) == []


@SQLITE
async def test_each_kind_lists_what_it_says(
    bundles: BundleStore, client: httpx.AsyncClient, documented: Documented
) -> None:
    for item in ("i01", "i02", "i03"):
        await post(client, "u", item)
    await post(client, "u", "i04", "purchase")
    await client.put("/items/late", json={"title": "Late"})
    for kind in ("user", "item", "cart", "popular", "trending", "again", "continue", "newest", "categories"):
        await put_scenario(client, kind, kind=kind, exclude_seen=False if kind in {"again", "continue"} else None)
    asked = {"user_id": "u", "item_id": "i05", "session_items": ["i06", "i07"]}
    found = {kind: await ask_in(client, kind, **asked) for kind in ("user", "item", "cart", "popular", "trending")}
    for kind, answer in found.items():
        documented("ScenarioAnswer", answer)
        assert (answer["scenario"], answer["variant"], answer["user_id"]) == (kind, None, "u")
    strategies = [found[kind]["strategy"] for kind in ("user", "item", "cart", "popular")]
    assert strategies == ["personalized", "similar", "similar", "popular"]
    direct = await ask_path(client, "/items/i05/similar", user_id="u")
    assert item_ids(await ask_in(client, "item", user_id="u", item_id="i05")) == item_ids(direct)
    assert not {"i06", "i07"} & set(item_ids(found["cart"]))
    again = await ask_in(client, "again", user_id="u")
    assert set(item_ids(again)) == {"i01", "i02", "i03", "i04"}
    newest = await ask_in(client, "newest")
    assert item_ids(newest)[0] == "late"
    assert newest["strategy"] == "newest"
    categories = await ask_in(client, "categories", user_id="u", include=["categories"])
    assert len(item_ids(categories)) == 3


@SQLITE
async def test_short_lists_are_filled_by_the_next_kinds(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await put_scenario(client, "few", kind="again", fallback=["popular"], limit=5)
    empty = await ask_in(client, "few", user_id="stranger")
    assert (len(empty["items"]), empty["strategy"]) == (5, "popular")
    assert empty["reason"] == "the kind again has nothing for this request: these items are of the kind popular"
    await post(client, "u", "i01", "purchase")
    await put_scenario(client, "few", kind="again", fallback=["popular"], limit=5, exclude_seen=False)
    filled = await ask_in(client, "few", user_id="u")
    assert item_ids(filled)[0] == "i01"
    assert len(set(item_ids(filled))) == 5
    assert filled["reason"] is None
    scores = [item["score"] for item in filled["items"]]
    assert scores == sorted(scores, reverse=True)


@SQLITE
async def test_a_request_overrides_what_it_may(
    bundles: BundleStore, client: httpx.AsyncClient, refused: Refused
) -> None:
    await put_scenario(
        client, "fixed", kind="popular", limit=4, overrides=["limit"], filter={"field": "categories", "exists": True}
    )
    assert len(item_ids(await ask_in(client, "fixed", limit=2))) == 2
    answer = await client.post("/scenarios/fixed/recommend", json={"include": ["title"]})
    problem = refused(answer, 422, "invalid_request", "include")
    assert "does not let" in problem["detail"]
    got = await client.get("/scenarios/home/recommend?user_id=u&limit=3&include=title&cursor=none")
    assert got.status_code == 200
    assert len(got.json()["items"]) == 3
    assert set(got.json()["items"][0]) == {"item_id", "score", "rank", "title"}


@SQLITE
async def test_an_item_is_asked_for_where_the_scenario_needs_one(
    bundles: BundleStore, client: httpx.AsyncClient, refused: Refused
) -> None:
    refused(await client.get("/scenarios/product-page/recommend"), 422, "invalid_request", "item_id")
    refused(await client.get("/scenarios/product-page/recommend?item_id=nowhere"), 404, "not_found")
    assert (await client.get("/scenarios/cart/recommend?user_id=u")).status_code == 200


@SQLITE
async def test_pages_of_a_scenario_are_one_list(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01")
    whole = item_ids(await ask_in(client, "home", user_id="u", limit=40))
    found, cursor = list[str](), dict[str, str]()
    while len(found) < 40:
        page = await ask_in(client, "home", user_id="u", limit=8, **cursor)
        found += item_ids(page)
        assert page["strategy"] == "personalized"
        cursor = {"cursor": page["next_cursor"]}
    assert found == whole


@SQLITE
async def test_variants_split_the_users_and_stand_in_the_answer(
    bundles: BundleStore, client: httpx.AsyncClient, refused: Refused
) -> None:
    halves = [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "changes": {"kind": "popular", "limit": 2}}]
    await put_scenario(client, "test", kind="user", variants=halves)
    seen: dict[str, str] = {}
    for number in range(60):
        user = f"u-{number}"
        answers = [await ask_in(client, "test", user_id=user) for _ in range(2)]
        assert answers[0]["variant"] == answers[1]["variant"]
        seen[user] = answers[0]["variant"]
        assert len(answers[0]["items"]) == (10 if seen[user] == "a" else 2)
        assert answers[0]["request_id"].split("~")[2:4] == ["test", seen[user]]
    assert 15 < sum(variant == "a" for variant in seen.values()) < 45
    await put_scenario(client, "test", kind="user", variants=halves, salt="another")
    moved = [user for user in seen if (await ask_in(client, "test", user_id=user))["variant"] != seen[user]]
    assert 10 < len(moved) < 50
    assert (await ask_in(client, "test", user_id="u-0", variant="b"))["variant"] == "b"
    refused(await client.post("/scenarios/test/recommend", json={"variant": "c"}), 422, "invalid_request", "variant")
    refused(await client.post("/scenarios/home/recommend", json={"variant": "a"}), 422, "invalid_request", "variant")


@SQLITE
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scenarios.toml", '[landing]\nkind = "newest"\nlimit = 2\n'),
        ("scenarios.yaml", "landing:\n  kind: newest\n  limit: 2\n"),
    ],
)
async def test_a_file_defines_scenarios(
    application: FastAPI, settings: Settings, serve: Any, tmp_path: Path, refused: Refused, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    application.state.settings = settings.model_copy(update={"scenarios": path})
    async with serve() as client:
        got = await ask_path(client, "/scenarios/landing")
        assert (got["source"], got["kind"], got["limit"]) == ("file", "newest", 2)
        for answer in (await client.put("/scenarios/landing", json={}), await client.delete("/scenarios/landing")):
            problem = refused(answer, 409, "scenario_in_file")
            assert name in problem["detail"]
        await put_scenario(client, "other", kind="popular")
        assert (await ask(client, "nobody"))["items"] == []
