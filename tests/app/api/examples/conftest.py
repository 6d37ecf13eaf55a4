"""A server with the shop of docs/api.md."""

from typing import Any

import httpx
import pytest

from tests.app.api.examples.following import Follower
from tests.app.api.examples.shop import Shop


@pytest.fixture(autouse=True)
def never_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no busy machine put `stale` into an answer, which the page does not show."""
    monkeypatch.setattr("app.services.recommending.request_reader._STALE_SECONDS", 3600.0)


@pytest.fixture
def follower(client: httpx.AsyncClient, openapi: dict[str, Any]) -> Follower:
    return Follower(client, openapi)


@pytest.fixture
async def shop(client: httpx.AsyncClient, follower: Follower) -> Shop:
    shop = Shop(client, follower)
    await shop.open()
    return shop
