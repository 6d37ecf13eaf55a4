"""A key and a session for the console."""

import httpx
import pytest
from fastapi import FastAPI

from app.schemas.keys import KeyIn
from app.services.access.api_keys import ApiKeys
from app.services.access.audit import Actor


@pytest.fixture
async def admin(client: httpx.AsyncClient, application: FastAPI) -> str:
    state = application.state.serving
    made = await ApiKeys(state.resources.keys, state.audit_log, state.keyring).add(
        KeyIn(name="a", scopes=["admin"]), Actor("test")
    )
    return made.key


@pytest.fixture
async def session(client: httpx.AsyncClient, admin: str) -> dict[str, str]:
    """The cookie of somebody who signed in, as headers."""
    answer = await client.post("/console/sign-in", data={"key": admin})
    return {"cookie": answer.headers["set-cookie"].partition(";")[0]}
