"""The console's pages of users."""

import re

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.asking import ask, item_ids, post
from tests.app.console.forms import alert_of, send, shown

USERS, ONE = "/console/users", "/console/users/one"
SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def test_users_are_listed_by_the_beginning_of_their_ids(client: httpx.AsyncClient) -> None:
    assert "No users yet" in await shown(client, USERS)
    await client.put("/users/anna", json={"attributes": {"country": "<NL>"}})
    await post(client, "bo", "i")
    text = await shown(client, USERS)
    assert "country: <NL>" in text
    assert "<NL>" not in (await client.get(USERS)).text
    assert "no attributes" in text
    assert "bo" not in re.findall(r'class="mono">(\w+)<', await shown(client, USERS, prefix="an"))
    assert "Nobody found" in await shown(client, USERS, prefix="x")
    assert "must be" in alert_of(await shown(client, USERS, 422, prefix="a b"))


async def test_the_page_of_a_user_has_profile_history_lists_and_users_alike(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    await client.put("/users/u", json={"attributes": {"country": "NL"}})
    await client.put("/items/i03", json={"title": "Alien", "categories": ["group-0"]})
    for item, kind in (("i01", "view"), ("i03", "purchase")):
        await post(client, "u", item, event_type=kind)
    text = await shown(client, ONE, user_id="u")
    assert "<dt>country</dt><dd>NL</dd>" in text
    history = text[text.index('id="history"') :]
    assert history.index("Alien") < history.index("i01")
    now = re.findall(r'id="now".*?</section>', text, re.DOTALL)[0]
    assert re.findall(r"item_id=(i\d+)", now) == item_ids(await ask(client, "u", limit=12))
    assert "Alien</a>" in now or "Alien<" in now
    similar = [user["user_id"] for user in (await client.get("/users/u/similar?limit=8")).json()["items"]]
    assert re.findall(r"user_id=(\w+)", re.findall(r'id="alike".*?</section>', text, re.DOTALL)[0]) == similar
    assert "group-" in re.findall(r'id="segments".*?</section>', text, re.DOTALL)[0]
    assert "No such user" in await shown(client, ONE, 404, user_id="nobody")


async def test_a_history_comes_in_pages(client: httpx.AsyncClient) -> None:
    rows = [{"user_id": "u", "item_id": f"i{n:02}", "event_type": "view", "event_id": f"e{n}"} for n in range(27)]
    await client.post("/interactions/batch", json=rows)
    (following,) = re.findall(r'href="([^"]*)" rel="next"', await shown(client, ONE, user_id="u"))
    assert following.endswith("#history")
    history = (await shown(client, following)).partition('id="history"')[2]
    assert len(re.findall('class="badge"', history)) == 2
    assert "Back to the first" in history


async def test_a_profile_is_stored_and_what_is_wrong_is_said(client: httpx.AsyncClient) -> None:
    await post(client, "u", "i")
    await client.put("/schema", json={"users": {"age": {"type": "number"}}})
    for wrong, said in (("{", "is not JSON"), ("[]", "must be a JSON object"), ('{"age": "old"}', "attributes.age")):
        answer = await send(client, f"{USERS}/edit", 422, user_id="u", attributes=wrong)
        assert said in alert_of(answer.text)
    assert (await client.get("/users/u")).json()["attributes"] == {}
    await send(client, f"{USERS}/edit", user_id="u", attributes='{"age": 7, "town": "Delft"}')
    assert (await client.get("/users/u")).json()["attributes"] == {"age": 7, "town": "Delft"}
    await send(client, f"{USERS}/edit", user_id="u", attributes="{}")
    assert (await client.get("/users/u")).json()["attributes"] == {}


async def test_a_user_is_erased_where_the_id_is_typed(client: httpx.AsyncClient) -> None:
    await post(client, "u", "i")
    answer = await send(client, f"{USERS}/erase", 422, user_id="u", confirmed="U")
    assert "nothing was erased" in alert_of(answer.text)
    assert (await client.get("/users/u/export")).status_code == 200
    done = await send(client, f"{USERS}/erase", user_id="u", confirmed=" u ")
    # The sentence about it does not name the user.
    assert "%20u%20" not in done.headers["set-cookie"]
    assert (await client.get("/users/u/export")).status_code == 404
    assert "No such user" in await shown(client, ONE, 404, user_id="u")


@SQLITE
async def test_forms_of_other_pages_change_nothing(client: httpx.AsyncClient) -> None:
    await post(client, "u", "i")
    for path in (f"{USERS}/erase", f"{USERS}/edit", "/console/items/erase", "/console/items/hide"):
        form = {"user_id": "u", "item_id": "i", "confirmed": "u"}
        foreign = {"origin": "https://evil.example"}
        assert (await client.post(path, data=form, headers=foreign)).status_code == 403
        assert (await client.post(path, data=form)).status_code == 403
    assert (await client.get("/users/u/export")).status_code == 200


@SQLITE
async def test_acts_on_users_and_items_are_in_the_audit_log_without_ids(
    client: httpx.AsyncClient, session: dict[str, str], admin: str
) -> None:
    headers = {"authorization": f"Bearer {admin}"}
    await client.post("/interactions", json={"user_id": "u-17", "item_id": "i", "event_type": "view"}, headers=headers)
    page = await client.get(ONE, params={"user_id": "u-17"}, headers=session)
    csrf = re.findall(r'name="csrf" value="(.*?)"', page.text)[0]
    form = {"csrf": csrf, "user_id": "u-17", "confirmed": "u-17"}
    assert (await client.post(f"{USERS}/erase", data=form, headers=session)).status_code == 303
    acts = (await client.get("/audit-log", headers=headers)).json()["items"]
    assert (acts[0]["action"], acts[0]["subject"]) == ("POST", "/console/users/erase")
    assert "u-17" not in str(acts)
