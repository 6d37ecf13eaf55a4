"""The mix of requests: lists of all kinds, pages, single posts and batches."""

import json
import random
import uuid
from collections.abc import Callable, Sequence
from urllib.parse import quote

from benchmarks.soaking.connection import Request, written

BATCH = 50
_TYPES = ("view", "view", "view", "cart", "purchase")


class Mix:
    """Draws requests for the users and items of a shop.

    Parameters
    ----------
    run
        With which every `event_id` begins.
    """

    def __init__(self, users: Sequence[str], items: Sequence[str], categories: Sequence[str], *, run: str) -> None:
        self._users, self._items, self._categories, self._run = users, items, categories, run
        self._random = random.Random(0)  # noqa: S311 - a load, no secret
        shares: dict[Callable[[], Request], int] = {
            self._recommend: 45,
            self._filtered: 10,
            self._similar: 15,
            self._page: 5,
            self._post: 20,
            self._batch: 5,
        }
        self._makers, self._weights = list(shares), list(shares.values())

    def draw(self) -> Request:
        """Draw the next request."""
        return self._random.choices(self._makers, self._weights)[0]()

    def event(self) -> dict[str, str]:
        """Draw an interaction with an id of its own."""
        chosen = self._random.choice
        return {
            "user_id": chosen(self._users),
            "item_id": chosen(self._items),
            "event_type": chosen(_TYPES),
            "event_id": f"{self._run}-{uuid.uuid4()}",
        }

    def _recommend(self) -> Request:
        user = quote(self._random.choice(self._users))
        return Request("recommend", written("GET", f"/recommend/{user}?limit=10"), asks=True)

    def _filtered(self) -> Request:
        condition = {"field": "categories", "eq": self._random.choice(self._categories)}
        body = {"user_id": self._random.choice(self._users), "filter": condition}
        return _posted("filtered", "/recommend", body, asks=True)

    def _similar(self) -> Request:
        return Request(
            "similar", written("GET", f"/items/{quote(self._random.choice(self._items))}/similar"), asks=True
        )

    def _page(self) -> Request:
        rows = [{"scenario": name} for name in ("trending", "popular")]
        return _posted("page", "/pages/recommend", {"user_id": self._random.choice(self._users), "rows": rows})

    def _post(self) -> Request:
        event = self.event()
        return _posted("post", "/interactions", event, (event["event_id"],))

    def _batch(self) -> Request:
        events = [self.event() for _ in range(BATCH)]
        return _posted("batch", "/interactions/batch?atomic=true", events, tuple(one["event_id"] for one in events))


def _posted(kind: str, path: str, body: object, events: tuple[str, ...] = (), *, asks: bool = False) -> Request:
    return Request(kind, written("POST", path, json.dumps(body).encode()), events, asks)
