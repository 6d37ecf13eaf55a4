"""What the tests of recommendations have in common."""

from typing import Any

import httpx


async def post(client: httpx.AsyncClient, user: str, item: str, event_type: str = "view") -> None:
    """Post an interaction."""
    body = {"user_id": user, "item_id": item, "event_type": event_type}
    assert (await client.post("/interactions", json=body)).status_code == 201


async def ask_path(client: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    """Ask a path with query parameters."""
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask(client: httpx.AsyncClient, user: str, **query: Any) -> dict[str, Any]:
    """Ask for a user's recommendations with query parameters."""
    return await ask_path(client, f"/recommend/{user}", **query)


async def ask_for(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    """Ask for recommendations with a body."""
    answer = await client.post("/recommend", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def item_ids(answer: dict[str, Any]) -> list[str]:
    """Give the ids of a list."""
    return [item["item_id"] for item in answer["items"]]


async def put_scenario(client: httpx.AsyncClient, name: str, **definition: Any) -> dict[str, Any]:
    """Store a scenario."""
    answer = await client.put(f"/scenarios/{name}", json=definition)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask_in(client: httpx.AsyncClient, name: str, **body: Any) -> dict[str, Any]:
    """Ask for the list of a scenario."""
    answer = await client.post(f"/scenarios/{name}/recommend", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
