"""With `BRAID_ID_RULE=utf8` items and users have any name."""

from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.config import Settings
from app.schemas.ids import UTF8
from tests.app.api.asking import item_ids

IDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=256).filter(UTF8.takes)
LONGEST = "é" * 128
OTHERS = ["shoe red é", "100%", "%2F", "a+b", "what?", "#1", "😀", "a\\b", '"', "a;b&c=d", "../x", LONGEST]
SHOPS = ["a/b", "a/", "/", *OTHERS]
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
pytestmark = pytest.mark.usefixtures("ids_are_reset")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"id_rule": "utf8"})


def encoded(text: str) -> str:
    return quote(text, safe="")


async def test_items_and_users_of_any_name(client: httpx.AsyncClient) -> None:
    for text in SHOPS:
        item, user = f"/items/{encoded(text)}", f"/users/{encoded(text)}"
        for path in (item, user):
            put = await client.put(path, json={"attributes": {"name": text}})
            assert put.status_code == 201, put.text
            assert (await client.get(path)).json()["attributes"] == {"name": text}
        view = {"user_id": text, "item_id": text, "event_type": "view", "event_id": text, "request_id": text}
        assert (await client.post("/interactions", json=view)).status_code == 201
        (event,) = (await client.get(f"{user}/interactions")).json()["items"]
        assert {name: event[name] for name in view} == view
        assert (await client.get(f"{user}/export")).json()["user_id"] == text
        for _ in range(2):  # the second one without the framework
            answer = await client.get(f"/recommend/{encoded(text)}?exclude={encoded(text)}&exclude_seen=false")
            assert (answer.status_code, answer.json()["user_id"]) == (200, text)
            assert text not in item_ids(answer.json())
        for path in (f"{item}/similar", f"{item}/users", f"{user}/similar"):
            assert (await client.get(path)).status_code == 200, path
    listed = [one["item_id"] for one in (await client.get("/items")).json()["items"]]
    assert sorted(listed) == sorted(SHOPS)
    begun = (await client.get("/users?prefix=a/")).json()["items"]
    assert [one["user_id"] for one in begun] == ["a/", "a/b"]


async def test_ids_in_bodies_deletions_and_merges(client: httpx.AsyncClient) -> None:
    rows = [{"item_id": text} for text in SHOPS]
    assert (await client.post("/items/batch", json=rows)).json()["stored"] == len(SHOPS)
    body = {"session_items": SHOPS[:3], "exclude": SHOPS[3:], "exclude_seen": False}
    listed = item_ids((await client.post("/recommend", json=body)).json())
    assert set(listed) <= set(SHOPS[:3])
    pinned = {"pins": [{"item_id": LONGEST, "position": 1}], "exclude_seen": False}
    assert item_ids((await client.post("/recommend", json=pinned)).json())[0] == LONGEST
    assert (await client.delete("/items", params={"item_id": SHOPS[:2]})).json() == {"deleted": 2}
    for text in SHOPS[2:]:
        assert (await client.delete(f"/items/{encoded(text)}")).status_code == 204
    for text in SHOPS:
        await client.put(f"/users/{encoded(text)}", json={})
    merged = await client.post(f"/users/{encoded(SHOPS[0])}/merge", json={"into": SHOPS[1]})
    assert merged.status_code == 200, merged.text
    for text in SHOPS[1:]:
        assert (await client.delete(f"/users/{encoded(text)}")).status_code == 204
        assert (await client.get(f"/users/{encoded(text)}")).status_code == 404


@on_sqlite
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=IDS)
@example(text="/..//%")
async def test_any_id_is_put_and_got(client: httpx.AsyncClient, text: str) -> None:
    put = await client.put(f"/items/{encoded(text)}", json={})
    assert put.status_code in {200, 201}, put.text
    assert (await client.get(f"/items/{encoded(text)}")).json()["item_id"] == text
