"""A server with the shop of docs/api.md."""

from typing import Any

import httpx
import pytest

from tests.app.api.examples.following import Follower
from tests.app.api.examples.shop import Shop


@pytest.fixture
def follower(client: httpx.AsyncClient, openapi: dict[str, Any]) -> Follower:
    return Follower(client, openapi)


@pytest.fixture
async def shop(client: httpx.AsyncClient, follower: Follower) -> Shop:
    shop = Shop(client, follower)
    await shop.open()
    return shop
