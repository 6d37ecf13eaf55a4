from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.schemas.keys import KeyIn, NewKey
from app.services.access.api_keys import ApiKeys
from app.services.access.audit import Actor
from tests.app.api.access.keys import SHOP

Make = Callable[..., Awaitable[NewKey]]


@pytest.fixture
async def make(client: httpx.AsyncClient, application: FastAPI) -> Make:
    """Make a key with some scopes."""

    async def key(*scopes: str, **more: Any) -> NewKey:
        state = application.state.serving
        given = KeyIn.model_validate({"name": "k", "scopes": list(scopes), **more})
        return await ApiKeys(state.resources.keys, state.audit_log, state.keyring).add(given, Actor("test"))

    return key


@pytest.fixture
async def page(make: Make) -> NewKey:
    return await make("publish", origins=[SHOP])
