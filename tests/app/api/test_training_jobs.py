"""Training jobs over HTTP."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI

from app.services.training import following
from app.storage.training_jobs import TrainingJobStore
from models.bundle.errors import StoreUnreachableError
from models.bundle.store import BundleStore

JOBS = "/training-jobs"
STREAM = {"accept": "text/event-stream"}
Refused = Callable[..., dict[str, Any]]


@pytest.fixture
def jobs(application: FastAPI, client: httpx.AsyncClient) -> TrainingJobStore:
    store: TrainingJobStore = application.state.serving.resources.training_jobs
    return store


def events(text: str) -> list[tuple[str, dict[str, Any], str | None]]:
    """Read server-sent events as their specification says."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            found.append((fields["event"], orjson.loads(fields["data"]), fields.get("id")))
    return found


@pytest.mark.parametrize("body", [None, {}, {"kind": "full", "seed": 3, "budget": 1.5}])
async def test_a_job_is_queued_and_found_where_location_says(
    client: httpx.AsyncClient, body: Any, documented: Any
) -> None:
    answer = await client.post(JOBS, json=body) if body is not None else await client.post(JOBS)
    assert answer.status_code == 202
    documented("TrainingJob", answer.json())
    found = (await client.get(answer.headers["location"])).json()
    documented("TrainingJobWithLog", found)
    assert found == answer.json() | {"log": []}
    assert (found["status"], found["kind"], found["origin"], found["attempts"]) == ("queued", "full", "api", 0)
    assert (found["seed"], found["budget"]) == ((body or {}).get("seed", 0), (body or {}).get("budget"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "half"}, "kind"),
        ({"seed": -1}, "seed"),
        ({"seed": "1"}, "seed"),
        ({"budget": -0.1}, "budget"),
        ({"more": 1}, "more"),
        ({"kind": "refresh"}, "kind"),
        ({"kind": "again"}, "from_manifest"),
        ({"from_manifest": "v"}, "from_manifest"),
        ({"kind": "again", "from_manifest": "../v"}, "from_manifest"),
    ],
)
async def test_what_cannot_be_done_is_refused(
    client: httpx.AsyncClient, refused: Refused, body: dict[str, Any], field: str
) -> None:
    refused(await client.post(JOBS, json=body), 422, "invalid_request", field)
    assert (await client.get(JOBS)).json()["items"] == []


async def test_a_refresh_and_a_repetition_need_a_bundle(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    version = bundles.active_version()
    assert (await client.post(JOBS, json={"kind": "refresh"})).status_code == 202
    again = await client.post(JOBS, json={"kind": "again", "from_manifest": version})
    assert (again.status_code, again.json()["from_manifest"]) == (202, version)


async def test_jobs_are_listed_newest_first_in_pages(client: httpx.AsyncClient, documented: Any) -> None:
    ids = [(await client.post(JOBS)).json()["job_id"] for _ in range(5)]
    first = (await client.get(JOBS, params={"limit": 3})).json()
    documented("TrainingJobsPage", first)
    rest = (await client.get(JOBS, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [job["job_id"] for job in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None


async def test_a_job_that_waits_is_cancelled_at_once(client: httpx.AsyncClient, refused: Refused) -> None:
    place = (await client.post(JOBS)).headers["location"]
    answer = await client.post(f"{place}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert (await client.post(f"{place}/cancel")).json() == answer.json()
    for call in (
        client.get(f"{JOBS}/none"),
        client.post(f"{JOBS}/none/cancel"),
        client.get(f"{JOBS}/none", headers=STREAM),
    ):
        refused(await call, 404, "not_found")


async def test_a_line_that_no_log_has_is_refused(client: httpx.AsyncClient, refused: Refused) -> None:
    place = (await client.post(JOBS)).headers["location"]
    for last in ("99999999999999999999", "-1", "x"):
        answer = await client.get(place, headers=STREAM | {"last-event-id": last})
        refused(answer, 422, "invalid_request", "last-event-id")


async def test_bundles_out_of_reach_are_no_refusal(
    client: httpx.AsyncClient, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> Any:
        raise StoreUnreachableError("s3://bucket: cannot be reached")

    for name in ("versions", "active_version", "manifest"):
        monkeypatch.setattr(BundleStore, name, away)
    for call in (
        client.get("/bundles"),
        client.post("/bundles/v/activate"),
        client.post(JOBS, json={"kind": "refresh"}),
        client.post(JOBS, json={"kind": "again", "from_manifest": "v"}),
    ):
        refused(await call, 503, "bundles_unavailable")


async def test_those_who_follow_at_once_have_a_bound(
    client: httpx.AsyncClient, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_FOLLOWERS", 2)
    place = (await client.post(JOBS)).headers["location"]
    asked = [asyncio.create_task(client.get(place, headers=STREAM)) for _ in range(4)]
    # Two are refused; the others follow until the job ends.
    ended, follow = await asyncio.wait(asked, timeout=0.3)
    assert len(follow) == 2
    for one in ended:
        refused(one.result(), 503, "too_many_followers")
    await client.post(f"{place}/cancel")
    assert {one.status_code for one in await asyncio.gather(*follow)} == {200}
    for _ in range(3):
        refused(await client.get(f"{JOBS}/none", headers=STREAM), 404, "not_found")
    assert (await client.get(place, headers=STREAM)).status_code == 200


async def test_events_tell_lines_and_progress_until_the_end(client: httpx.AsyncClient, jobs: TrainingJobStore) -> None:
    place = (await client.post(JOBS)).headers["location"]

    async def work() -> None:
        job = await jobs.claim("w", "v")
        assert job is not None
        await jobs.renew(job, "cleaning", 0.5, ["one", "two\nlines"])
        await asyncio.sleep(0.7)
        await jobs.finish(job, "refused", "it is worse", ["three"])

    working = asyncio.create_task(work())
    answer = await client.get(place, headers=STREAM)
    await working
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = events(answer.text)
    assert [(data["line"], number) for name, data, number in found if name == "line"] == [
        ("one", "1"),
        ("two\nlines", "2"),
        ("three", "3"),
    ]
    assert any((data["phase"], data["progress"]) == ("cleaning", 0.5) for name, data, _ in found if name == "progress")
    name, last, _ = found[-1]
    assert (name, last["status"], last["reason"]) == ("end", "refused", "it is worse")
    job = (await client.get(place)).json()
    assert [line["line"] for line in job["log"]] == ["one", "two\nlines", "three"]
    rest = events((await client.get(place, headers=STREAM | {"last-event-id": "2"})).text)
    assert [(name, data.get("line")) for name, data, _ in rest] == [("line", "three"), ("end", None)]
