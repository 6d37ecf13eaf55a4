"""Training that runs itself: servers, workers and clients as real processes."""

import asyncio
import itertools
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from sqlalchemy import Connection, text

from app.config import Settings
from app.process import factory
from app.process.resources import Resources
from app.worker.training_run import Order, run_training
from models.data.folder import DataSet
from models.data.progress import silent
from models.data.synthetic import generate
from tests.conftest import QUICK_NETWORK, Completed
from tests.end_to_end.processes import free_ports, in_database, server, worker

pytestmark = pytest.mark.slow
TRAINED_WITHIN = 300.0
SWITCHED_WITHIN = 2.0
SHORT = {"budget": 0.0}
"""No search for settings: which ones it finds does not matter here."""
RATE = 20
Braid = Callable[..., Completed]
Answer = tuple[float, int, str | None]
"""Moment, status and bundle version."""


@pytest.fixture
def settings(isolated: Path, database_url: str) -> dict[str, str]:
    return {
        "BRAID_DATABASE_URL": database_url,
        "BRAID_BUNDLES": str(isolated / "bundles"),
        "BRAID_NETWORK": QUICK_NETWORK,
        "BRAID_TRAINING_SCHEDULE": "off",
        "TMPDIR": str(isolated / "scratch"),
    }


@pytest.fixture(autouse=True)
def scratch(isolated: Path) -> Path:
    folder = isolated / "scratch"
    folder.mkdir()
    return folder


@contextmanager
def asking(*clients: httpx.Client, rate: float | None = RATE) -> Iterator[list[list[Answer]]]:
    """Ask for recommendations of many users, on each server from a thread of its own, until the block is left."""
    stop = threading.Event()
    answers: list[list[Answer]] = [[] for _ in clients]

    def ask(client: httpx.Client, found: list[Answer]) -> None:
        with httpx.Client(base_url=client.base_url, timeout=10) as own:
            began = time.monotonic()
            for number in itertools.count():
                if stop.is_set():
                    return
                answer = own.get(f"/recommend/u-{number % 40}", params={"limit": 5})
                version = answer.json().get("bundle_version")
                # Two processes on one machine: their clocks are one.
                found.append((time.monotonic(), answer.status_code, version))
                if rate is not None:
                    time.sleep(max(began + (number + 1) / rate - time.monotonic(), 0))

    threads = [threading.Thread(target=ask, args=pair) for pair in zip(clients, answers, strict=True)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def post(client: httpx.Client, dataset: DataSet) -> None:
    """Post a log in batches."""
    rows = dataset.interactions.select(["user_id", "item_id", "event_type"]).to_pylist()
    for start in range(0, len(rows), 1000):
        batch = [row | {"event_id": f"e{start + number}"} for number, row in enumerate(rows[start : start + 1000])]
        told = client.post("/interactions/batch", json=batch).json()
        assert told["refused"] == 0


def ended(client: httpx.Client, job_id: str) -> dict[str, Any]:
    until = time.monotonic() + TRAINED_WITHIN
    while True:
        job: dict[str, Any] = client.get(f"/training-jobs/{job_id}").json()
        if job["status"] not in {"queued", "running"}:
            return job
        assert time.monotonic() < until, job
        time.sleep(0.1)


def first_job(client: httpx.Client) -> str:
    until = time.monotonic() + TRAINED_WITHIN
    while not (jobs := client.get("/training-jobs").json()["items"]):
        assert time.monotonic() < until
        time.sleep(0.1)
    return str(jobs[0]["job_id"])


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_threshold_trains_and_serves_while_nobody_sees_an_error(settings: dict[str, str], isolated: Path) -> None:
    threshold = {"BRAID_TRAINING_THRESHOLD": "800"}
    with (
        server(isolated, free_ports(1)[0], **settings) as client,
        worker(isolated, **settings, **threshold),
        asking(client) as (answers,),
    ):
        post(client, generate(60, 25, 900, seed=7, groups=3))
        job = ended(client, first_job(client))
        assert (job["status"], job["origin"], job["attempts"]) == ("succeeded", "threshold", 1), job
        served = time.monotonic()
        (active,) = client.get("/bundles").json()["items"]
        assert (active["active"], active["activated_by"]) == (True, f"job {job['job_id']}")
        time.sleep(SWITCHED_WITHIN)
    assert {status for _, status, _ in answers} == {200}
    versions = [version for _, _, version in answers]
    assert versions == [None] * versions.count(None) + [job["bundle_version"]] * (len(versions) - versions.count(None))
    assert versions[0] is None
    assert {version for moment, _, version in answers if moment > served + 1.5} == {job["bundle_version"]}
    rate = len(answers) / (answers[-1][0] - answers[0][0])
    assert rate > RATE * 0.8
    assert any("gate: above_popularity" in line["line"] for line in job["log"])
    print(f"\n{len(answers):,} answers at {rate:.0f}/s, no error, one switch of versions")  # noqa: T201


def trained_here(settings: dict[str, str]) -> str:
    """Train and activate a bundle in this process, which takes less time than a worker."""

    async def run() -> str:
        loaded = Settings(database_url=settings["BRAID_DATABASE_URL"], bundles=settings["BRAID_BUNDLES"])
        async with Resources(loaded) as resources:
            trained = await run_training(resources, Order(budget=0.0), silent)
            await factory.versions(resources).take(trained.bundle.version, "command")
        return trained.bundle.version

    return asyncio.run(run())


def mix_up(connection: Connection) -> None:
    """Permute the item ids over the whole log."""
    rows = connection.execute(text("SELECT id, item_id FROM interactions")).all()
    items = np.random.default_rng(0).permutation([row.item_id for row in rows])
    values = [{"id": row.id, "item": str(item)} for row, item in zip(rows, items, strict=True)]
    connection.execute(text("UPDATE interactions SET item_id = :item WHERE id = :id"), values)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_corrupted_log_is_refused_and_the_old_bundle_stays(
    settings: dict[str, str], isolated: Path, database_url: str, braid_here: Braid
) -> None:
    with server(isolated, free_ports(1)[0], **settings) as client, worker(isolated, **settings):
        # The figures of fewer than 200 users decide nothing.
        post(client, generate(240, 60, 3000, seed=7, groups=3))
        good = trained_here(settings)
        in_database(database_url, mix_up)
        bad = ended(client, client.post("/training-jobs", json=SHORT).json()["job_id"])
        assert bad["status"] == "refused", bad
        assert "NDCG@10 on validation" in bad["reason"]
        refused, active = client.get("/bundles").json()["items"]
        assert (refused["version"], refused["gate"]["passed"], refused["active"]) == (
            bad["bundle_version"],
            False,
            False,
        )
        assert refused["gate"]["reason"] == bad["reason"]
        assert (active["version"], active["active"]) == (good, True)
        assert client.get("/health/ready").json()["status"] == "ok"
        assert client.get("/recommend/u-1").json()["bundle_version"] == good
        log = (isolated / "worker.log").read_text()
        assert "bundle refused by the gate" in log
        listed = braid_here("bundles", **settings).stdout
        assert "refused" in listed
        by_hand = braid_here("bundles", "activate", bad["bundle_version"], **settings)
        assert by_hand.returncode == 1
        assert "`force` activates it" in by_hand.stderr
        forced = braid_here("bundles", "activate", bad["bundle_version"], "--force", **settings)
        assert forced.returncode == 0, forced.stderr
        until = time.monotonic() + SWITCHED_WITHIN
        while client.get("/recommend/u-1").json()["bundle_version"] != bad["bundle_version"]:
            assert time.monotonic() < until
            time.sleep(0.02)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_roll_back_under_load_reaches_two_servers_without_a_failed_request(
    settings: dict[str, str], isolated: Path, trained_bundles: Path
) -> None:
    shutil.copytree(trained_bundles, isolated / "bundles")
    old = (isolated / "bundles" / "CURRENT").read_text().strip()
    new = "99990101T000000000000Z"
    shutil.copytree(isolated / "bundles" / old, isolated / "bundles" / new)
    manifest = isolated / "bundles" / new / "manifest.json"
    manifest.write_bytes(orjson.dumps(orjson.loads(manifest.read_bytes()) | {"version": new}))
    one, two = free_ports(2)
    with (
        server(isolated, one, **settings) as first,
        server(isolated, two, **settings) as second,
        asking(first, second, rate=None) as answers,
    ):
        time.sleep(0.5)
        began = []
        for version in (new, old):
            assert first.post(f"/bundles/{version}/activate").status_code == 200
            began.append((time.monotonic(), version))
            time.sleep(SWITCHED_WITHIN + 0.5)
    for found in answers:
        assert {status for _, status, _ in found} == {200}
        assert len(found) > 100
        switches = [version for version, _ in itertools.groupby(version for _, _, version in found)]
        assert switches == [old, new, old]
        for moment, version in began:
            late = [v for at, _, v in found if moment + SWITCHED_WITHIN < at < moment + SWITCHED_WITHIN + 0.4]
            assert Counter(late).keys() == {version}
            first_moment = min(at for at, _, v in found if v == version and at > moment)
            print(f"\n{len(found):,} answers: {version} {first_moment - moment:+.3f} s after its activation")  # noqa: T201


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_job_that_runs_is_cancelled_within_seconds(settings: dict[str, str], isolated: Path) -> None:
    with server(isolated, free_ports(1)[0], **settings) as client, worker(isolated, **settings):
        post(client, generate(60, 25, 900, seed=7, groups=3))
        place = client.post("/training-jobs").headers["location"]
        while client.get(place).json()["phase"] is None:
            time.sleep(0.05)
        began = time.monotonic()
        assert client.post(f"{place}/cancel").json()["cancelling"]
        job = ended(client, place.rpartition("/")[2])
        assert (job["status"], job["reason"]) == ("cancelled", "it was cancelled")
        assert time.monotonic() - began < 5
        assert client.get("/bundles").json()["items"] == []
        time.sleep(1)
        assert list((isolated / "bundles").glob(".braid-*")) == []
