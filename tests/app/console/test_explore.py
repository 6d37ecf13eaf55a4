"""The page Explore: what a user, or a session that is made up, is recommended."""

import re
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI

from models.bundle.store import BundleStore
from tests.app.api.asking import ask, ask_for, item_ids, post
from tests.app.console.forms import alert_of, recommended, shown

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
EXPLORE = "/console/explore"


async def test_an_empty_service_says_what_to_do_next(client: httpx.AsyncClient) -> None:
    text = await shown(client, EXPLORE)
    assert "Nobody yet" in text
    assert "Nothing to recommend" in text


async def test_a_user_has_the_list_that_the_api_gives(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i03")
    await client.put("/items/i03", json={"title": "Alien <3"})
    text = await shown(client, EXPLORE, user_id="u")
    assert recommended(text) == item_ids(await ask(client, "u"))
    assert "Because you viewed Alien <3" in text
    assert "from the history" in text
    # A title is no markup.
    assert "Alien &lt;3" in (await client.get(EXPLORE, params={"user_id": "u"})).text


@pytest.mark.parametrize("kind", ["view", "purchase", "dislike"])
async def test_a_simulated_act_gives_the_list_that_a_stored_one_would(
    bundles: BundleStore, client: httpx.AsyncClient, kind: str
) -> None:
    for user in ("u", "v"):
        await post(client, user, "i01")
    before = item_ids(await ask(client, "u"))
    text = await shown(client, EXPLORE, user_id="u", act=f"{kind}~i03")
    assert item_ids(await ask(client, "u")) == before
    await post(client, "v", "i03", event_type=kind)
    assert recommended(text) == item_ids(await ask(client, "v")) != before
    assert "Against the list before" in text
    log = (await client.get("/users/u/interactions")).json()["items"]
    assert [one["item_id"] for one in log] == ["i01"]


async def test_a_session_of_nobody_is_that_of_session_items(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    text = await shown(client, EXPLORE, act=["view~i03", "view~i01"])
    assert recommended(text) == item_ids(await ask_for(client, session_items=["i03", "i01"]))
    acts = re.findall(r'aria-label="Undo: (.*?)"', text)
    assert acts == ["view i01", "view i03"]


async def test_a_click_leads_to_the_same_page_with_one_more_act(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    text = await shown(client, EXPLORE, user_id="u/1 &", act="view~i03", kind="purchase", diversity="0.5")
    first = recommended(text)[0]
    given = [("user_id", "u/1 &"), ("act", "view~i03"), ("act", f"purchase~{first}"), ("kind", "purchase")]
    link = f"{EXPLORE}?{urlencode([*given, ('diversity', '0.5')])}"
    assert f'href="{link}"' in text
    undone = f"{EXPLORE}?{urlencode([('user_id', 'u/1 &'), ('kind', 'purchase'), ('diversity', '0.5')])}"
    assert f'href="{undone}" aria-label="Undo: view i03"' in text


async def test_sliders_change_the_list_as_parameters_of_the_api_do(
    bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    await post(client, "u", "i03")
    served = recommended(await shown(client, EXPLORE, user_id="u", limit=20))
    text = await shown(client, EXPLORE, user_id="u", diversity="0.9", limit=20)
    assert recommended(text) == item_ids(await ask(client, "u", diversity=0.9, limit=20)) != served
    alone = await shown(client, EXPLORE, user_id="u", network="0", limit=20)
    assert recommended(alone) != served
    assert "Network" not in re.findall(r'class="legend".*?</ul>', alone)[0]
    whole = await shown(client, EXPLORE, user_id="u", network="1", limit=20)
    assert "Network <" in re.findall(r'class="legend".*?</ul>', whole)[0]
    assert "Neighbours of items" not in re.findall(r'class="legend".*?</ul>', whole)[0]


async def test_two_lists_stand_side_by_side(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i03")
    text = await shown(client, EXPLORE, user_id="u", compare="on", b_network="0")
    every = recommended(text)
    first, second = every[:10], every[10:]
    assert first == item_ids(await ask(client, "u"))
    assert second == recommended(await shown(client, EXPLORE, user_id="u", network="0"))
    assert f"{len(set(first) & set(second))} of 10 items are in both lists" in text
    assert "Against list A" in text
    same = await shown(client, EXPLORE, user_id="u", compare="on")
    assert "The same list as list A." in same


async def test_nonsense_in_the_address_is_left_out(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    served = recommended(await shown(client, EXPLORE))
    nonsense: dict[str, Any] = {
        "diversity": "much",
        "network": "nan",
        "new_items": "7",
        "limit": "-1",
        "act": ["x", "shown~i01"],
    }
    more: dict[str, Any] = {"kind": "x", "seen": "x", "look": "nothing", "b_diversity": "1"}
    assert recommended(await shown(client, EXPLORE, **nonsense, **more)) == served


async def test_an_unknown_goal_is_told_in_words(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    text = await shown(client, EXPLORE, 422, goal="fame")
    assert "the bundle has no goal 'fame'" in alert_of(text)


async def test_users_and_items_are_suggested(client: httpx.AsyncClient) -> None:
    for user in ("anna", "antje", "bo"):
        await post(client, user, "i")
    await client.put("/items/i", json={"title": "Trail shoe", "image_url": "https://shop.example/i.jpg"})
    options = (await client.get(f"{EXPLORE}/users", params={"user_id": "an"})).text
    assert re.findall(r'value="(.*?)"', options) == ["anna", "antje"]
    assert 'value="' not in (await client.get(f"{EXPLORE}/users", params={"user_id": "/\x00"})).text
    found = (await client.get(f"{EXPLORE}/items", params={"q": "sho", "user_id": "bo"})).text
    assert "Trail shoe" in found
    assert "https://shop.example/i.jpg" in found
    assert f"{EXPLORE}?user_id=bo&amp;act=view~i&amp;kind=view" in found.replace("%7E", "~")
    assert "No item matches" in (await client.get(f"{EXPLORE}/items", params={"q": "xyz"})).text
    # Without scripts the page itself shows what is found.
    assert "Trail shoe" in await shown(client, EXPLORE, q="trail")


async def test_what_is_similar_is_shown_by_each_method(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    text = await shown(client, EXPLORE, look="i03")
    for name in ("Blend", "Neighbours of items", "Content"):
        assert f"<h3>{name}</h3>" in text


async def test_a_look_is_counted_and_recorded_nowhere(
    bundles: BundleStore, client: httpx.AsyncClient, application: FastAPI, session: dict[str, str], admin: str
) -> None:
    headers = {"authorization": f"Bearer {admin}"}
    before = (await client.get("/metrics", headers=headers)).text
    answer = await client.get(EXPLORE, params={"user_id": "u", "act": "view~i03"}, headers=session)
    assert answer.status_code == 200
    after = (await client.get("/metrics", headers=headers)).text

    def counted(text: str) -> list[str]:
        return [
            line for line in text.splitlines() if line.startswith(("braid_recommendations_total", "braid_top_score_c"))
        ]

    assert counted(before) == counted(after)
    acts = (await client.get("/audit-log", headers=headers)).json()["items"]
    assert [act["action"] for act in acts] == ["sign in", "key create"]
