"""After an upgrade the database and the bundle of the release before serve as they did."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from release_contract import differences, keys

from app.times import clock, from_microseconds
from tests.upgrade.installation import Installation, Serve

PERSONALIZED = "/recommend/u000"
FOLLOW_THE_FLOW = re.compile(r"GET (/trending|/popular.*window=\d+d)")
"""Charts that changed on purpose: the interactions of today no longer empty the windows of an old log."""
CHANGED_ON_PURPOSE = ("diversity=", "exclude_seen")
"""How alike items are is measured on an absolute scale, and repeats read strengths as all other parts do."""
IN_PAGES = re.compile(r"GET (/popular|/items/[^/]+/similar)")
"""Lists that had one page, and go on now."""


def recorded(installation: Installation, path: str) -> dict[str, Any]:
    return next(one["answer"] for one in installation.answers if one["path"] == path)


@pytest.fixture
def stopped_clock() -> Iterator[Callable[[float], None]]:
    """Stop the clock of the answers at a moment, in seconds since 1970."""
    with ExitStack() as stack:
        yield lambda seconds: stack.enter_context(clock.stopped(from_microseconds(int(seconds * 1e6))))


async def bundle_check(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok"), answer.text
    check: dict[str, Any] = answer.json()["checks"]["bundle"]
    return check


def outline(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out which items a list holds, in what order and with what scores."""
    return answer | {"items": [sorted(item) for item in answer.get("items", [])], "next_cursor": None}


async def asked_again(installation: Installation, client: httpx.AsyncClient) -> list[str]:
    """Ask what the release before was asked, and name what is answered otherwise."""
    found: list[str] = []
    for one in installation.answers:
        answer = await client.request(one["method"], one["path"], json=one["body"])
        place = f"{one['method']} {one['path']} {one['body'] or ''}"
        found += differences({"status": one["status"]}, {"status": answer.status_code}, place)
        before, after = one["answer"], answer.json()
        if any(word in place for word in CHANGED_ON_PURPOSE):
            before, after = outline(before), outline(after)
        if IN_PAGES.match(place):
            before, after = before | {"next_cursor": None}, after | {"next_cursor": None}
        found += differences(before, after, place)
    # The bundle is rewritten without the user who was erased before the upgrade.
    return [one for one in found if not one.startswith("GET /bundles .items[0].size_bytes")]


async def test_every_answer_is_as_it_was_and_old_cursors_continue_their_lists(
    restored: Installation,
    braid: Callable[..., subprocess.CompletedProcess[str]],
    serve: Serve,
    stopped_clock: Callable[[float], None],
) -> None:
    done = braid("migrate", **restored.settings)
    assert done.returncode == 0, done.stderr
    # Windows and half-lives are measured from the moment of the recorded answers.
    stopped_clock(restored.answered_at)
    assert sum("cursor=" in one["path"] for one in restored.answers) > 10
    assert any("cursor" in (one["body"] or {}) for one in restored.answers)
    async with serve() as client:
        assert await bundle_check(client) == {"status": "ok", "detail": restored.version}
        others = [place for place in await asked_again(restored, client) if not FOLLOW_THE_FLOW.match(place)]
        assert others == []
        charts = [one for one in restored.answers if FOLLOW_THE_FLOW.match(f"{one['method']} {one['path']}")]
        assert len(charts) > 3
        for one in charts:
            answer = (await client.get(one["path"])).json()
            assert len(answer["items"]) >= len(one["answer"]["items"])
            assert answer["strategy"] == one["answer"]["strategy"]
            assert [key for key in one["answer"] if key not in answer] == []


async def test_an_interaction_that_answers_an_old_list_changes_the_next_one_and_is_measured(
    upgraded: Installation, serve: Serve
) -> None:
    before = recorded(upgraded, PERSONALIZED)
    top = before["items"][0]["item_id"]
    async with serve() as client:

        async def clicks() -> tuple[int, int]:
            measured = (await client.get("/metrics/online")).json()["by_bundle_version"]
            (own,) = (one for one in measured if one["bundle_version"] == upgraded.version)
            return own["impressions"], own["clicks"]

        impressions, clicked = await clicks()
        about = {"user_id": "u000", "item_id": top, "request_id": before["request_id"], "position": 1}
        for kind in ("shown", "click"):
            assert (await client.post("/interactions", json=about | {"event_type": kind})).status_code == 201
        assert await clicks() == (impressions + 1, clicked + 1)
        after = (await client.get(PERSONALIZED)).json()
    assert after["strategy"] == "personalized"
    assert top not in [item["item_id"] for item in after["items"]]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_where_the_old_bundle_cannot_be_read_training_brings_a_new_one_and_back_leads_to_the_old(
    upgraded: Installation,
    serve: Serve,
    braid: Callable[..., subprocess.CompletedProcess[str]],
    names: dict[str, list[str]],
    stopped_clock: Callable[[float], None],
) -> None:
    path = upgraded.bundles / upgraded.version / "manifest.json"
    document = json.loads(path.read_bytes())
    document["settings"]["blend"]["oracle"] = 0.5
    path.write_text(json.dumps(document))
    async with serve() as client:
        check = await bundle_check(client)
        assert check["status"] == "unreadable"
        assert "run `braid train`" in check["detail"]
        # Until then the log and the catalogue alone make lists.
        assert (await client.get(PERSONALIZED)).json()["bundle_version"] is None
    done = braid("train", "--budget", 0, timeout=240, **upgraded.settings)
    assert done.returncode == 0, done.stderr
    new = (upgraded.bundles / "CURRENT").read_text().strip()
    assert new != upgraded.version
    manifest = json.loads((upgraded.bundles / new / "manifest.json").read_bytes())
    assert set(names["manifest"]) <= {*manifest, *keys(manifest)}
    # It may have been rewritten meanwhile, without the user who was erased.
    document = json.loads(path.read_bytes())
    del document["settings"]["blend"]["oracle"]
    path.write_text(json.dumps(document))
    stopped_clock(upgraded.answered_at)
    async with serve() as client:
        assert await bundle_check(client) == {"status": "ok", "detail": new}
        assert (await client.get(PERSONALIZED)).json()["bundle_version"] == new
        assert (await client.post(f"/bundles/{upgraded.version}/activate")).status_code == 200
        rolled_back = (await client.get(PERSONALIZED)).json()
    assert list(differences(recorded(upgraded, PERSONALIZED), rolled_back)) == []
