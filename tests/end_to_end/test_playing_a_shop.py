"""A shop of 200 users on MovieLens: home page, product page, cart and mail, and what is measured of them."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.sample import movielens
from tests.conftest import Completed

pytestmark = pytest.mark.slow
USERS = 200
KNOWN = 120
"""Users of MovieLens; the others are new."""
PAGE = {
    "rows": [
        {"scenario": "home", "limit": 8},
        {"each": "category", "rows": 2, "limit": 6, "at_least": 3},
        {"scenario": "trending", "limit": 6},
        {"scenario": "newest", "limit": 6},
    ],
    "include": ["title"],
}
Place = tuple[str, str | None]
"""A scenario and a variant."""


@dataclass
class Script:
    """What the users do, and how often: the other side of the measures."""

    client: httpx.Client
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    counts: dict[Place, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    users: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    request_ids: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = self.client.request(method, path, **more)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def saw(self, user: str, shown: dict[str, Any]) -> dict[str, Any] | None:
        """Post what a user saw of a list; return the item that was clicked, if any."""
        place, items = (shown["scenario"], shown["variant"]), shown["items"]
        assert all(item["title"] for item in items)
        assert [item["rank"] for item in items] == list(range(1, len(items) + 1))
        self.request_ids.append(shown["request_id"])
        self.users[place].add(user)
        # Those at the end of a list are seen less often.
        seen = items[: self.chance.randint(1, len(items))] if items else []
        for item in seen:
            self._did(user, item, "shown", shown, position=item["rank"])
        self.counts[place]["impressions"] += len(seen)
        if not seen or self.chance.random() < 0.4:
            return None
        clicked: dict[str, Any] = self.chance.choice(seen)
        self._did(user, clicked, "click", shown)
        self.counts[place]["clicks"] += 1
        return clicked

    def bought(self, user: str, item: dict[str, Any], shown: dict[str, Any]) -> None:
        place, revenue = (shown["scenario"], shown["variant"]), self.chance.randint(5, 50)
        self._did(user, item, "purchase", shown, quantity=1, revenue=revenue)
        self.counts[place]["conversions"] += 1
        self.counts[place]["revenue"] += revenue

    def flush(self) -> None:
        answer = self.client.post("/interactions/batch", json=self.events)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"stored": len(self.events), "repeated": 0, "refused": 0, "errors": []}
        self.events.clear()

    def _did(self, user: str, item: dict[str, Any], event_type: str, shown: dict[str, Any], **more: Any) -> None:
        ids = {"request_id": shown["request_id"], "event_id": f"e{len(self.request_ids)}-{len(self.events)}-{user}"}
        self.events.append({"user_id": user, "item_id": item["item_id"], "event_type": event_type, **ids, **more})


def visit(script: Script, user: str) -> None:
    """Play one visit: the home page, a product page, the cart, and a mail afterwards."""
    page = script.ask("POST", "/pages/recommend", json={"user_id": user, **PAGE})
    on_page = [item["item_id"] for row in page["rows"] for item in row["items"]]
    assert on_page
    assert len(set(on_page)) == len(on_page)
    clicked = [item for row in page["rows"] if (item := script.saw(user, row)) is not None]
    product = clicked[0] if clicked else page["rows"][0]["items"][0]
    params = {"user_id": user, "item_id": product["item_id"], "include": "title"}
    beside = script.ask("GET", "/scenarios/product-page/recommend", params=params)
    assert product["item_id"] not in [item["item_id"] for item in beside["items"]]
    chosen = script.saw(user, beside) or product
    script.flush()
    cart = {"user_id": user, "session_items": [product["item_id"], chosen["item_id"]], "include": ["title"]}
    completes = script.ask("POST", "/scenarios/cart/recommend", json=cart)
    assert not {item["item_id"] for item in completes["items"]} & {product["item_id"], chosen["item_id"]}
    taken = script.saw(user, completes)
    if taken is not None:
        script.bought(user, taken, completes)
    script.flush()
    mail = script.ask("GET", "/scenarios/email/recommend", params={"user_id": user, "include": "title"})
    opened = script.saw(user, mail)
    if opened is not None and script.chance.random() < 0.5:
        script.bought(user, opened, mail)
    script.flush()


def measured(rows: list[dict[str, Any]]) -> dict[Place, dict[str, float]]:
    """Return the counts of the measures by scenario, or by scenario and variant."""
    names = ("impressions", "clicks", "conversions", "revenue")
    return {(row["scenario"], row.get("variant")): {name: row[name] for name in names} for row in rows}


@pytest.fixture
def films(isolated: Path, braid: Callable[..., Completed]) -> DataSet:
    """MovieLens in the database, and a bundle of it with settings that were not searched for."""
    try:
        found = movielens()
    except DataSetError as error:
        pytest.skip(f"MovieLens cannot be fetched: {error}")
    assert found.items is not None
    for name, table in (("interactions", found.interactions), ("items", found.items)):
        pq.write_table(table, isolated / f"{name}.parquet")
    for command in (("migrate",), ("import", isolated), ("train", "--budget", 0)):
        done = braid(*command, timeout=300)
        assert done.returncode == 0, done.stderr
    return found


def test_a_shop_of_200_users_is_measured_as_it_was_played(running: Callable[..., Any], films: DataSet) -> None:
    known = sorted(set(films.interactions["user_id"].to_pylist()))[:KNOWN]
    users = [*known, *(f"new-{number}" for number in range(USERS - KNOWN))]
    with running("serve") as (client, _):
        client.timeout = httpx.Timeout(30)
        variants = [
            {"name": "blend", "share": 0.5},
            {"name": "content", "share": 0.5, "changes": {"method": "content"}},
        ]
        definition = {"kind": "item", "fallback": ["user", "popular"], "limit": 6, "variants": variants}
        assert client.put("/scenarios/product-page", json=definition).status_code in {200, 201}
        script = Script(client)
        for user in users:
            visit(script, user)
        measures = script.ask("GET", "/metrics/online")
        for name in ("impressions", "clicks", "conversions", "revenue"):
            assert measures["total"][name] == sum(counts[name] for counts in script.counts.values())
        every = {"impressions": 0, "clicks": 0, "conversions": 0, "revenue": 0}
        by_variant = {place: every | counts for place, counts in script.counts.items() if place[1] is not None}
        by_scenario: dict[Place, Counter[str]] = defaultdict(Counter)
        for (scenario, _), counts in script.counts.items():
            by_scenario[scenario, None].update(counts)
        assert measured(measures["by_variant"]) == by_variant
        assert measured(measures["by_scenario"]) == {place: every | counts for place, counts in by_scenario.items()}
        shares = {(row["scenario"], row["variant"]): row["users"] for row in measures["by_variant"]}
        assert shares == {place: len(script.users[place]) for place in by_variant}
        assert sum(shares.values()) == USERS
        assert measures["warnings"] == []
        for row in measures["by_variant"]:
            rate = row["click_through_rate"]
            assert rate["value"] == pytest.approx(row["clicks"] / row["impressions"])
            assert rate["low"] < rate["value"] < rate["high"]
    # Every list was attributed, each to a request of its own; the mails and carts of all, the rows of the page.
    assert len(set(script.request_ids)) == len(script.request_ids) >= 6 * USERS
    assert {scenario for scenario, _ in script.counts} == {
        "home", "trending", "newest", "product-page", "cart", "email",
    }  # fmt: skip
