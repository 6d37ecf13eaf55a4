"""Similar users: with a bundle, and without one."""

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from app.process import transfer_factory
from app.process.resources import Resources
from models.bundle.store import BundleStore
from models.data.file_chunks import in_memory
from models.data.folder import DataSet
from models.data.progress import silent
from tests.app.api.asking import ask_path, post

Documented = Callable[[str, object], None]


@pytest.fixture
async def trained_log(application: FastAPI, client: httpx.AsyncClient, synthetic: DataSet) -> None:
    """Put into the log what the bundle was trained on."""
    resources: Resources = application.state.serving.resources
    await transfer_factory.importing(resources).run(in_memory(synthetic), progress=silent)


async def test_similar_users_of_a_trained_history_and_of_a_changed_one(
    bundles: BundleStore,
    client: httpx.AsyncClient,
    application: FastAPI,
    trained_log: None,
    synthetic: DataSet,
    documented: Documented,
) -> None:
    user = synthetic.interactions["user_id"][0].as_py()
    answer = await ask_path(client, f"/users/{user}/similar")
    documented("SimilarUsers", answer)
    assert (answer["method"], answer["bundle_version"], answer["reason"]) == (
        "user_knn",
        bundles.active_version(),
        None,
    )
    ranker = application.state.serving.bundle.ranker
    row = ranker.user_ids.tolist().index(user.encode())
    users, similarities = ranker.recommenders["user_knn"].rows.row(row)
    stored = {ranker.user_ids[other].decode(): float(value) for other, value in zip(users, similarities, strict=True)}
    found = {each["user_id"]: each["similarity"] for each in answer["items"]}
    assert len(found) == 10
    assert user not in found
    assert found == {other: pytest.approx(stored[other], rel=1e-5) for other in found}
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert min(found.values()) >= sorted(stored.values())[-10] * (1 - 1e-5)
    had = set(
        synthetic.interactions.filter([u == user for u in synthetic.interactions["user_id"].to_pylist()])[
            "item_id"
        ].to_pylist()
    )
    other = next(item for item in ("i00", "i10", "i20", "i30", "i40", "i50") if item not in had)
    await post(client, user, other)
    changed = await ask_path(client, f"/users/{user}/similar")
    assert user not in {each["user_id"] for each in changed["items"]}
    assert [each["similarity"] for each in changed["items"]] != list(found.values())


async def test_somebody_new_resembles_those_with_the_same_items(
    bundles: BundleStore, client: httpx.AsyncClient, synthetic: DataSet, documented: Documented
) -> None:
    table = synthetic.interactions.select(["user_id", "item_id"]).to_pylist()
    model = table[0]["user_id"]
    for item in {row["item_id"] for row in table if row["user_id"] == model}:
        await post(client, "twin", item)
    answer = await ask_path(client, "/users/twin/similar", limit=3)
    documented("SimilarUsers", answer)
    assert answer["items"][0]["user_id"] == model
    assert [each["rank"] for each in answer["items"]] == [1, 2, 3]


async def test_without_a_history_nobody_is_similar(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    answer = await ask_path(client, "/users/nobody/similar")
    assert (answer["items"], answer["reason"]) == ([], "the user has no history")
    await post(client, "hater", "i05", "dislike")
    assert (await ask_path(client, "/users/hater/similar"))["reason"] == "the user has no history"
    await post(client, "pioneer", "unknown-item")
    answer = await ask_path(client, "/users/pioneer/similar")
    assert (answer["items"], answer["reason"]) == ([], "the bundle knows no item of the user's history")


async def test_without_a_bundle_nobody_is_compared(client: httpx.AsyncClient) -> None:
    await post(client, "u", "x")
    answer = await ask_path(client, "/users/u/similar")
    assert (answer["items"], answer["bundle_version"]) == ([], None)
    assert answer["reason"] == "there is no bundle yet: train one"
