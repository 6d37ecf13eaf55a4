"""A misspelt name is refused, and the answer has the nearest one that exists."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Refused = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "near"),
    [
        ("POST", "/recommend", {"user_id": "u", "exclude_seen": ["purchse"]}, "exclude_seen", "purchase"),
        ("GET", "/recommend/u?exclude_seen=veiw", None, "exclude_seen", "view"),
        ("POST", "/recommend", {"user_id": "u", "exclude_sen": True}, "exclude_sen", "exclude_seen"),
        ("GET", "/recommend/u?limt=3", None, "limt", "limit"),
        ("GET", "/items/i/similar?method=item-knn", None, "method", "item_knn"),
        ("GET", "/items/i/similar?method=boughttogether", None, "method", "bought_together"),
        ("GET", "/popular?window=7day", None, "window", "7d"),
        ("GET", "/trending?window=30D", None, "window", "30d"),
        ("POST", "/interactions", {"user_id": "u", "item_id": "i", "event_type": "purchsae"}, "event_type", "purchase"),
        ("POST", "/interactions", {"userid": "u", "item_id": "i", "event_type": "view"}, "userid", "user_id"),
        ("GET", "/metrics/online?form=2026-01-01", None, "form", "from"),
        ("POST", "/interactions/batch?atomc=true", [], "atomc", "atomic"),
    ],
)
async def test_the_nearest_name_is_said(
    client: httpx.AsyncClient, refused: Refused, method: str, path: str, body: Any, field: str, near: str
) -> None:
    await client.put("/items/i", json={"title": "an item"})
    answer = await client.request(method, path, json=body)
    assert answer.status_code == 422, answer.text
    errors = {error["field"]: error["detail"] for error in answer.json()["errors"]}
    assert errors[field].endswith(f"did you mean {near!r}?")


async def test_where_no_name_is_near_none_is_said(client: httpx.AsyncClient) -> None:
    answer = await client.get("/recommend/u", params={"colour": "red"})
    assert answer.json()["errors"][0]["detail"] == "is not a field of this call"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/items/i"), ("DELETE", "/users/u"), ("GET", "/bundles"), ("POST", "/recommend")]
)
async def test_calls_without_parameters_refuse_them(
    client: httpx.AsyncClient, refused: Refused, method: str, path: str
) -> None:
    body = {"user_id": "u"} if method == "POST" else None
    problem = refused(await client.request(method, f"{path}?limit=3", json=body), 422, "invalid_request", "limit")
    assert problem["errors"][0]["detail"] == "is not a field of this call"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/console"])
async def test_what_probes_and_browsers_add_is_taken(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"{path}?at=1")).status_code in {200, 503}
