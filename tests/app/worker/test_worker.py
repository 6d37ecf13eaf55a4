"""The worker, where something goes wrong in it."""

import asyncio
from typing import Any

import pytest

from app.config import Settings
from app.errors import DatabaseError
from app.process.resources import Resources
from app.storage.training_jobs import Job
from app.worker.training_process import Report, how_it_ended
from app.worker.worker import Worker
from models.bundle.errors import StoreUnreachableError
from models.bundle.store import BundleStore

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"training_schedule": "off"})


async def working(resources: Resources, until: str, job_id: str) -> Job:
    """Let a worker work until a job has ended."""
    worker = Worker(resources)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(60):
        while (job := await resources.training_jobs.get(job_id)) is None or job.status != until:
            assert not running.done(), running.exception()
            await asyncio.sleep(0.02)
    worker.stop()
    await running
    return job


async def test_an_error_that_nobody_expected_ends_the_job_and_not_the_worker(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    async def train(self: Worker, _job: Job, report: Report) -> str:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("broken")
        report.outcome = {"failed": "in its own way"}
        return "ours"

    monkeypatch.setattr(Worker, "_train", train)
    first = await resources.training_jobs.add("full", "api", {})
    second = await resources.training_jobs.add("full", "api", {})
    assert (await working(resources, "failed", second.job_id)).reason == "in its own way"
    ended = await resources.training_jobs.get(first.job_id)
    assert ended is not None
    assert (ended.status, ended.reason) == ("failed", "RuntimeError: broken")


async def test_without_interactions_a_job_fails_with_the_reason(resources: Resources) -> None:
    job = await resources.training_jobs.add("full", "api", {"seed": 0, "budget": None, "from_manifest": None})
    ended = await working(resources, "failed", job.job_id)
    assert "there are no interactions to train on: import some first" in str(ended.reason)
    assert not list(resources.bundles.root.glob("*")) if resources.bundles.root.exists() else True


async def test_bundles_out_of_reach_are_asked_for_again(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.worker.worker._RETRY_SECONDS", 0.01)
    versions, fails = BundleStore.versions, 3

    def away(self: BundleStore) -> list[str]:
        nonlocal fails
        fails -= 1
        if fails >= 0:
            raise StoreUnreachableError("away")
        return versions(self)

    monkeypatch.setattr(BundleStore, "versions", away)
    job = await resources.training_jobs.add("full", "api", {})
    assert "no interactions" in str((await working(resources, "failed", job.job_id)).reason)


async def test_a_worker_that_cannot_renew_its_lease_stops_training(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then another worker may have the job."""
    monkeypatch.setattr("app.worker.worker.LEASE_SECONDS", 0.0)
    monkeypatch.setattr("app.worker.worker._TICK_SECONDS", 0.05)

    async def away(*_: Any) -> Any:
        raise DatabaseError("away")

    await resources.training_jobs.add("full", "api", {})
    job = await resources.training_jobs.claim("w", "v")
    assert job is not None
    monkeypatch.setattr(resources.training_jobs, "renew", away)
    assert await Worker(resources)._train(job, Report()) == "lost"


async def test_what_a_process_says_is_read_line_by_line(backend: str) -> None:
    stream = asyncio.StreamReader(limit=1000)
    stream.feed_data(b'{"phase": "network", "progress": 0.5}\n{"line": "one"}\nplain text\n{"other": 1}\n')
    stream.feed_data(b"x" * 5000 + b"\n" + b'{"outcome": {"version": "v"}}\n')
    stream.feed_eof()
    report = Report()
    await report.read(stream)
    assert (report.phase, report.progress, report.outcome) == ("network", 0.5, {"version": "v"})
    assert report.lines[:3] == ["one", "plain text", '{"other": 1}']


@pytest.mark.parametrize(("code", "text"), [(-9, "SIGKILL"), (3, "code 3"), (None, "code None")])
def test_how_a_process_ended_is_said(backend: str, code: int | None, text: str) -> None:
    assert text in how_it_ended(code)
