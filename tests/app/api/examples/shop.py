"""The shop of the page, and the cases of its examples."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson

from tests.app.api.examples.following import Follower
from tests.app.api.examples.page import PAGE, calls_of, examples_of

SHOES, OUTDOOR = {"sku-1", "sku-2", "sku-3", "sku-4"}, {"sku-1", "sku-2", "sku-5", "sku-7"}
CHEAP = {"sku-1", "sku-4", "sku-7"}
"""What costs 100 or less."""
ALL = SHOES | OUTDOOR


class Shop:
    """A server with the items, the user and the interactions that the page begins with."""

    def __init__(self, client: httpx.AsyncClient, follower: Follower) -> None:
        self.client = client
        self._follower = follower

    async def open(self) -> None:
        """Send the first block of the page."""
        first = next(example for example in examples_of(PAGE.read_text(encoding="utf-8")) if example.kind == "http")
        for call in calls_of(first):
            assert await self._follower.follow(call) == []

    async def answer(self, path: str, body: Any = None, method: str = "POST", status: int = 200) -> Any:
        """Send a body, and give the answer."""
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def get(self, path: str) -> Any:
        """Give what a path answers."""
        return await self.answer(path, method="GET")

    async def ids(self, path: str = "/recommend", **body: Any) -> list[str]:
        """Give the ids of a list."""
        return [item["item_id"] for item in (await self.answer(path, body))["items"]]

    async def list_like(self, text: str, **body: Any) -> set[str]:
        """Give the ids of those of the shop's items that are recommended with a filter."""
        return set(await self.ids(filter=orjson.loads(text), candidates=sorted(ALL), **body))


Case = Callable[[Shop, str], Awaitable[None]]
CASES: dict[str, Case] = {}


def case(*texts: str) -> Callable[[Case], Case]:
    """Let a function run these examples of the page, one at a time."""

    def keep(function: Case) -> Case:
        for text in texts:
            assert text not in CASES, text
            CASES[text] = function
        return function

    return keep
