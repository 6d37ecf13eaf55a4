"""The browser snippet in a page: signed visitors, errors, and posts that have to be sent again."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from braid_client import Braid
from playwright.sync_api import Page, Route

from app.services.access.signed_users import sign
from tests.chromium import running_browser, visitor
from tests.clients.conftest import Served
from tests.clients.test_page import pages

CALL = """async ([options, name, given]) => {
  const braid = new Braid(options);
  try {
    return { user_id: braid.user_id, answer: await braid[name](given) };
  } catch ({ status, code, message }) {
    return { status, code, message };
  }
}"""


@pytest.fixture
def page(served: Served, repository: Path, tmp_path: Path) -> Iterator[Page]:
    """Open an empty page with the snippet."""
    (tmp_path / "index.html").write_text('<script src="/braid.min.js"></script>', encoding="utf-8")
    (tmp_path / "favicon.ico").touch()
    shutil.copy(repository / "clients/browser/braid.min.js", tmp_path)
    with pages(tmp_path, served.origin), running_browser() as browser, visitor(browser) as watched:
        watched.page.goto(served.origin)
        yield watched.page


def call(page: Page, served: Served, name: str, given: dict[str, Any], **options: str) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(CALL, [{"url": served.url, "key": served.page_key, **options}, name, given])
    return found


def test_calls_signatures_errors_and_retries(page: Page, served: Served) -> None:
    # Parameters go into the path, the query or the body, and the visitor is the same one each time.
    for name, given in (
        ("recommend_for_user", {"limit": 2, "category": ["a", "b"], "exclude_seen": True}),
        ("recommend", {"filter": {"field": "categories", "eq": "none"}}),
        ("recommend_in_scenario", {"name": "home", "limit": 1}),
    ):
        found = call(page, served, name, given)
        assert found["answer"]["user_id"] == found["user_id"], found
        assert found["user_id"] == page.evaluate("JSON.parse(localStorage.braid).user_id")
    # A visitor whom the back end has signed, and one whom nobody has.
    signature = sign(served.signing_secret, "known", int(time.time()) + 60)
    signed = call(page, served, "list_popular_items", {"limit": 1}, user_id="known", signature=signature)
    assert signed["answer"]["user_id"] == "known"
    refused = call(page, served, "list_popular_items", {"limit": 1}, user_id="known")
    assert (refused["status"], refused["code"]) == (403, "foreign_user")
    assert "an anonymous id" in refused["message"]
    # What is wrong is not sent again; what did not arrive is, and is stored once.
    wrong = call(page, served, "post_interaction", {"item_id": "i", "event_type": "sold"})
    assert (wrong["status"], wrong["code"]) == (422, "invalid_request")
    tries: list[Route] = []

    def lose_the_first(route: Route) -> None:
        tries.append(route)
        if len(tries) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/interactions", lose_the_first)
    stored = call(page, served, "post_interaction", {"item_id": "i", "event_type": "view"})
    assert stored["answer"]["status"] == "repeat"
    assert len(tries) == 2
    with Braid(served.url, served.key) as braid:
        (row,) = braid.list_interactions(stored["user_id"])["items"]
    assert str(row["event_id"]).startswith(f"{stored['user_id']}:")
