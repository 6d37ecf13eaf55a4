"""Similar items: with a bundle, for what came after it, and without one."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from models.bundle.store import BundleStore
from models.data.folder import DataSet
from tests.app.api.asking import ask_path, item_ids, post

Documented = Callable[[str, object], None]
TOGETHER = ("bought_together", "viewed_together", "viewed_then_bought")
METHODS = ("blend", "item_knn", "content", "successor")


@pytest.fixture
def group(synthetic: DataSet) -> dict[str, list[str]]:
    assert synthetic.items is not None
    return {row["item_id"]: row["categories"] for row in synthetic.items.to_pylist()}


@pytest.fixture
def description(synthetic: DataSet) -> Callable[[str], dict[str, Any]]:
    """Describe an item as another one is."""
    assert synthetic.items is not None
    rows = {row["item_id"]: row for row in synthetic.items.to_pylist()}

    def describe(item: str) -> dict[str, Any]:
        return {name: rows[item][name] for name in ("title", "categories", "tags") if rows[item].get(name) is not None}

    return describe


@pytest.mark.parametrize("method", METHODS)
async def test_similar_items_are_of_the_same_taste(
    bundles: BundleStore,
    client: httpx.AsyncClient,
    documented: Documented,
    group: dict[str, list[str]],
    method: str,
) -> None:
    answer = await ask_path(client, "/items/i05/similar", method=method)
    documented("SimilarItems", answer)
    assert (answer["item_id"], answer["method"], answer["strategy"]) == ("i05", method, "similar")
    assert (answer["bundle_version"], answer["reason"]) == (bundles.active_version(), None)
    assert [item["rank"] for item in answer["items"]] == list(range(1, len(answer["items"]) + 1))
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    assert "i05" not in item_ids(answer)
    assert sum(group[item] == group["i05"] for item in item_ids(answer)[:5]) >= 4
    assert len(item_ids(answer)) == len(set(item_ids(answer))) == 10
    assert item_ids(await ask_path(client, "/items/i05/similar", method=method, limit=3)) == item_ids(answer)[:3]


async def test_the_blend_is_the_default(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    one, other = (
        await ask_path(client, "/items/i05/similar"),
        await ask_path(client, "/items/i05/similar", method="blend"),
    )
    assert one | {"request_id": ""} == other | {"request_id": ""}


@pytest.mark.parametrize("method", METHODS)
async def test_filters_hold_and_items_that_may_not_be_shown_vanish(
    bundles: BundleStore, client: httpx.AsyncClient, group: dict[str, list[str]], method: str
) -> None:
    path = "/items/i05/similar"
    everything = item_ids(await ask_path(client, path, method=method, limit=100))
    other = everything[-1]
    inside = item_ids(await ask_path(client, path, method=method, limit=100, category=group[other]))
    same = [item for item in everything if group[item] == group[other]]
    # The network has a share of its own in filtered lists, which may order them otherwise.
    assert inside == same or (method == "blend" and sorted(inside) == sorted(same))
    hidden, gone, expired, left_out, *rest = everything
    await client.put(f"/items/{hidden}", json={"hidden": True})
    await client.put(f"/items/{gone}", json={})
    await client.delete(f"/items/{gone}")
    await client.put(f"/items/{expired}", json={"available_until": "2020-01-01T00:00:00Z"})
    left = item_ids(await ask_path(client, path, method=method, exclude=left_out))
    assert not {hidden, gone, expired, left_out, "i05"} & set(left)
    assert len(left) == min(len(rest), 10)
    # What a page shows beside something that is sold out.
    assert (await ask_path(client, f"/items/{gone}/similar", method=method))["strategy"] == "similar"


@pytest.mark.parametrize("method", ["content", "blend"])
async def test_a_new_item_has_neighbours_at_once_and_is_one(
    bundles: BundleStore,
    client: httpx.AsyncClient,
    group: dict[str, list[str]],
    description: Callable[[str], dict[str, Any]],
    method: str,
) -> None:
    await client.put("/items/new", json=description("i05"))
    answer = await ask_path(client, "/items/new/similar", method=method)
    assert answer["strategy"] == "similar"
    assert all(group[item] == group["i05"] for item in item_ids(answer)[:5])
    assert "new" in item_ids(await ask_path(client, "/items/i05/similar", method=method, limit=100))
    await client.put("/items/new", json={**description("i05"), "hidden": True})
    assert "new" not in item_ids(await ask_path(client, "/items/i05/similar", method=method, limit=100))


async def test_a_new_item_is_as_alike_seen_from_either_side(
    bundles: BundleStore, client: httpx.AsyncClient, description: Callable[[str], dict[str, Any]]
) -> None:
    await client.put("/items/new", json=description("i05"))

    async def score(of: str, seen_from: str) -> float:
        answer = await ask_path(client, f"/items/{seen_from}/similar", method="content", limit=100)
        return next(float(item["score"]) for item in answer["items"] if item["item_id"] == of)

    assert await score("new", "i05") == await score("i05", "new")


@pytest.mark.parametrize("method", METHODS)
async def test_where_nothing_is_known_trending_items_come_instead(
    bundles: BundleStore, client: httpx.AsyncClient, documented: Documented, method: str
) -> None:
    await client.put("/items/blank", json={})
    answer = await ask_path(client, "/items/blank/similar", method=method, category="group-1")
    documented("SimilarItems", answer)
    assert (answer["strategy"], answer["method"]) == ("trending", method)
    assert answer["reason"] == "no similar item meets the request: these are trending items"
    assert item_ids(answer) == item_ids(await ask_path(client, "/trending", category="group-1"))
    await post(client, "u", "only-in-the-log")
    assert (await ask_path(client, "/items/only-in-the-log/similar", method=method))["strategy"] == "trending"
    nothing = await ask_path(client, "/items/blank/similar", method=method, category="hats")
    assert (nothing["items"], nothing["strategy"]) == ([], "none")
    assert nothing["reason"]


async def test_without_a_bundle_the_log_says_what_to_show(client: httpx.AsyncClient, documented: Documented) -> None:
    for user, item in [("a", "x"), ("b", "x"), ("b", "y"), ("c", "z"), ("c", "x")]:
        await post(client, user, item)
    answer = await ask_path(client, "/items/x/similar")
    documented("SimilarItems", answer)
    assert (item_ids(answer), answer["bundle_version"]) == (["y", "z"], None)
    assert (answer["strategy"], answer["reason"]) == ("similar", None)
    assert (await client.get("/items/w/similar")).status_code == 404
    await client.put("/items/w", json={})
    answer = await ask_path(client, "/items/w/similar")
    documented("SimilarItems", answer)
    assert sorted(item_ids(answer)) == ["x", "y", "z"]
    assert answer["strategy"] in {"trending", "popular"}
    assert answer["strategy"] in answer["reason"]


@pytest.mark.parametrize("trained", [False, True])
async def test_an_item_that_is_nowhere_is_not_found(
    request: pytest.FixtureRequest,
    serve: Callable[[], Any],
    refused: Callable[..., dict[str, Any]],
    trained: bool,
) -> None:
    if trained:
        request.getfixturevalue("bundles")
    async with serve() as client:
        refused(await client.get("/items/nowhere/similar"), 404, "not_found")
        await client.put("/items/nowhere", json={})
        await client.delete("/items/nowhere")
        refused(await client.get("/items/nowhere/similar"), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "code", "field"),
    [
        ("/items/i05/similar?method=magic", "unknown_method", "method"),
        ("/items/i05/similar?method=user_knn", "unknown_method", "method"),
        ("/users/u/similar?method=item_knn", "unknown_method", "method"),
        ("/items/i05/similar?limit=0", "invalid_request", "limit"),
        ("/items/i05/similar?surprise=1", "invalid_request", "surprise"),
        ("/items/a%20b/similar", "invalid_request", "item_id"),
        ("/users/u/similar?limit=101", "invalid_request", "limit"),
        ("/users/u/similar?category=x", "invalid_request", "category"),
    ],
)
async def test_a_question_that_is_not_valid_is_refused(
    bundles: BundleStore,
    client: httpx.AsyncClient,
    refused: Callable[..., dict[str, Any]],
    path: str,
    code: str,
    field: str,
) -> None:
    problem = refused(await client.get(path), 422, code, field)
    if "magic" in path:
        assert "blend, content" in problem["detail"]
        assert "item_knn" in problem["detail"]


async def test_without_a_bundle_a_method_must_be_one_all_the_same(
    client: httpx.AsyncClient, refused: Callable[..., dict[str, Any]]
) -> None:
    await client.put("/items/x", json={})
    assert (await ask_path(client, "/items/x/similar", method="ease"))["strategy"] == "none"
    refused(await client.get("/items/x/similar?method=als"), 422, "unknown_method", "method")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_in_an_older_bundle_what_the_blend_does_not_read_is_compared_all_the_same(
    bundles: BundleStore,
    client: httpx.AsyncClient,
    application: FastAPI,
    description: Callable[[str], dict[str, Any]],
) -> None:
    serving = application.state.serving.bundle.serving
    serving.ranker.similar, serving.live.alike = None, serving.live.new_items
    retriever = serving.ranker.retriever
    nothing = {name: 0.0 for name, weight in retriever.config.blend if isinstance(weight, float)}
    blend = retriever.config.blend.model_copy(update=nothing | {"popularity": 1.0})
    config = retriever.config.model_copy(update={"blend": blend})
    serving.ranker.retriever = retriever.configured(config)
    await client.put("/items/new", json=description("i05"))
    for item, method in (("i05", "item_knn"), ("new", "content")):
        answer = await ask_path(client, f"/items/{item}/similar")
        assert answer["strategy"] == "similar"
        assert item_ids(answer) == item_ids(await ask_path(client, f"/items/{item}/similar", method=method))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_blend_is_of_users_and_descriptions(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI
) -> None:
    similar = application.state.serving.bundle.ranker.similar
    live = application.state.serving.bundle.serving.live
    code = int(live.codes(["i05"])[0])
    both = {*live.ids(similar.by_users.row(code)[0]), *live.ids(similar.content.rows.row(code)[0])}
    answer = await ask_path(client, "/items/i05/similar", limit=100)
    scored = {item["item_id"] for item in answer["items"] if item["score"] > 0}
    assert scored
    assert scored <= both
    for method, rows in (("item_knn", similar.by_users), ("content", similar.content.rows)):
        own = item_ids(await ask_path(client, "/items/i05/similar", method=method, limit=100))
        assert sorted(own) == sorted(live.ids(rows.row(code)[0]))


@pytest.mark.parametrize("method", TOGETHER)
async def test_without_a_bundle_nothing_is_known_of_visits(client: httpx.AsyncClient, method: str) -> None:
    await client.put("/items/x", json={"title": "A hat"})
    await client.put("/items/y", json={"title": "A hat"})
    answer = await ask_path(client, "/items/x/similar", method=method)
    assert (answer["items"], answer["strategy"]) == ([], "none")
    assert answer["reason"] == "there is no bundle yet: `braid train` makes one"


async def test_what_was_not_done_in_one_visit_is_never_made_up(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI, documented: Documented
) -> None:
    # The log of the bundle has views, and no purchases.
    answer = await ask_path(client, "/items/i05/similar", method="bought_together")
    documented("SimilarItems", answer)
    assert (answer["items"], answer["strategy"]) == ([], "none")
    assert "no item was bought in one visit with another" in answer["reason"]
    await client.put("/items/blank", json={})
    answer = await ask_path(client, "/items/blank/similar", method="viewed_together")
    assert (answer["items"], answer["strategy"]) == ([], "none")
    assert "viewed in one visit" in answer["reason"]
    application.state.serving.bundle.ranker.similar = None
    answer = await ask_path(client, "/items/i05/similar", method="bought_together")
    assert answer["reason"] == "the bundle is older than this method: train again"


async def test_without_a_bundle_descriptions_are_compared_at_once(client: httpx.AsyncClient) -> None:
    rows = {
        "wool": {"title": "Wool hat", "categories": ["hats"]},
        "felt": {"title": "Felt hat", "categories": ["hats"]},
        "boot": {"title": "Wool boot", "categories": ["boots"]},
        "clog": {"title": "Clog", "categories": ["boots"]},
    }
    for name, row in rows.items():
        await client.put(f"/items/{name}", json=row)
    for method in ("content", "blend"):
        answer = await ask_path(client, "/items/wool/similar", method=method)
        assert (answer["strategy"], answer["bundle_version"], answer["reason"]) == ("similar", None, None)
        # A word in common does not outweigh the category.
        assert item_ids(answer) == ["felt", "boot"]
    filtered = await ask_path(client, "/items/wool/similar", method="content", category="boots")
    assert item_ids(filtered) == ["boot"]
    await client.delete("/items/felt")
    assert item_ids(await ask_path(client, "/items/wool/similar", method="content")) == ["boot"]
