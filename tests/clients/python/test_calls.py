"""Both clients against a real server."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from braid_client import AsyncBraid, Braid, BraidError

from tests.clients.conftest import Served
from tests.postgresql import unused_port

Call = Callable[..., Any]


@pytest.fixture(params=["blocking", "asyncio"])
def call(request: pytest.FixtureRequest, served: Served) -> Iterator[Call]:
    """Call a method of one of the clients by name."""
    if request.param == "blocking":
        with Braid(served.url, served.key) as braid:
            yield lambda name, *places, **named: getattr(braid, name)(*places, **named)
        return
    with asyncio.Runner() as runner:

        async def made() -> AsyncBraid:
            return AsyncBraid(served.url, served.key)

        client = runner.run(made())

        async def awaited(found: Awaitable[Any]) -> Any:
            return await found

        def run(name: str, *places: Any, **named: Any) -> Any:
            found = getattr(client, name)(*places, **named)
            return runner.run(awaited(found)) if inspect.isawaitable(found) else found

        run("check")
        yield run
        run("close")


def test_calls_of_all_kinds(call: Call) -> None:
    for number in range(1, 4):
        call("put_item", f"py-{number}", title=f"Item {number}", categories=["py"], price=10 * number)
    assert call("get_item", "py-1")["price"] == 10
    assert call("patch_item", "py-1", price=None)["price"] is None
    assert call("post_interaction", user_id="py-u", item_id="py-1", event_type="view")["status"] == "stored"
    rows = [{"user_id": "py-u", "item_id": f"py-{number}", "event_type": "view"} for number in (1, 2)]
    assert call("post_interactions", rows)["stored"] == 2
    wanted = {"field": "categories", "eq": "py"}
    found = call("recommend", user_id="py-u", filter=wanted, exclude_seen=["view"], include=["title"])
    assert [item["title"] for item in found["items"]] == ["Item 3"]
    seen = call("recommend_for_user", "py-u", category=["py"], exclude_seen=False, include=["title", "price"])
    assert {item["item_id"] for item in seen["items"]} == {"py-1", "py-2", "py-3"}
    assert call("recommend_for_user", "py-u", category=["py"], exclude_seen=True)["items"][0]["item_id"] == "py-3"
    assert call("list_items", category="py", price_gte=25)["items"][0]["item_id"] == "py-3"
    assert call("search_items", q="item", category=["py"], limit=1)["strategy"] == "search"
    assert "braid_" in call("get_metrics")
    assert call("get_online_measures", from_="2026-01-01")["from"].startswith("2026-01-01")
    assert call("delete_items", item_id=["py-2", "py-3"]) == {"deleted": 2}
    assert call("delete_item", "py-1") is None


def test_an_id_is_one_segment_of_a_path(call: Call) -> None:
    call("put_item", "a@b:c+d=~", title="An odd id")
    assert call("get_item", "a@b:c+d=~")["title"] == "An odd id"
    with pytest.raises(BraidError) as raised:
        call("get_item", "no/such/path")
    assert (raised.value.status, raised.value.errors[0]["field"]) == (422, "item_id")


def test_an_error_has_the_fields_of_the_problem(call: Call) -> None:
    with pytest.raises(BraidError) as raised:
        call("post_interaction", user_id="py-u", event_type="view")
    error = raised.value
    assert (error.status, error.code, error.title) == (422, "invalid_request", "Unprocessable Content")
    assert [(one["field"], one["code"]) for one in error.errors] == [("item_id", "missing")]
    assert str(error).startswith("422 invalid_request: ")
    with pytest.raises(BraidError) as raised:
        call("get_item", "py-none")
    assert (raised.value.status, raised.value.code) == (404, "not_found")


def test_files_are_uploaded(call: Call) -> None:
    job = call("post_import", items=("items.csv", b"item_id,title\npy-up,Uploaded\n"), replace=True)
    assert job["status"] in {"running", "done"}
    assert call("get_import", job["import_id"])["import_id"] == job["import_id"]


def test_interactions_get_an_event_id_of_their_own(call: Call) -> None:
    stored = [call("post_interaction", user_id="py-e", item_id="py-e", event_type="view") for _ in range(2)]
    assert stored[0]["event_id"] != stored[1]["event_id"]
    given = call("post_interaction", user_id="py-e", item_id="py-e", event_type="view", event_id=stored[0]["event_id"])
    assert given == {**stored[0], "status": "repeat"}


def test_the_start_tells_a_wrong_key_and_a_server_that_is_away(served: Served) -> None:
    with pytest.raises(BraidError, match="401 unauthorized"), Braid(served.url, "braid_sk_wrong"):
        pass
    with pytest.raises(BraidError, match="no_answer"), Braid(f"http://127.0.0.1:{unused_port()}", retry_seconds=0.2):
        pass
    with Braid(served.url, served.key) as braid:
        key = braid.post_key(name="writer", scopes=["write"])["key"]
    # It lacks the scope of what is asked, and is known all the same.
    with Braid(served.url, key) as braid, pytest.raises(BraidError, match="403 forbidden"):
        braid.list_scenarios()
    with Braid(f"http://127.0.0.1:{unused_port()}", check=False) as braid:
        other = braid.with_options(timeout=0.2, retry_seconds=0)
        with pytest.raises(BraidError, match="no_answer"):
            other.check_live()
