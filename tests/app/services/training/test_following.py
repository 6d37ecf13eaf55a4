"""Many clients follow a job with one look at the database."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.errors import NotFoundError, TooManyFollowersError
from app.process.resources import Resources
from app.services.training import following
from app.services.training.following import JobEvent, JobFollowing
from app.storage.training_jobs import Job, TrainingJobStore

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def jobs(resources: Resources) -> TrainingJobStore:
    return resources.training_jobs


@pytest.fixture
async def followed(jobs: TrainingJobStore, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[JobFollowing]:
    monkeypatch.setattr(following, "POLL_SECONDS", 0.05)
    followed = JobFollowing(jobs)
    yield followed
    await followed.close()


@pytest.fixture
def looks(jobs: TrainingJobStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that were asked for, one entry for each look at the database."""
    found: list[str] = []
    get = jobs.get

    async def counted(job_id: str) -> Job | None:
        found.append(job_id)
        return await get(job_id)

    monkeypatch.setattr(jobs, "get", counted)
    return found


async def all_of(followed: JobFollowing, job: Job, after: int = 0) -> list[JobEvent | None]:
    return [event async for event in followed.events(job.job_id, after)]


async def test_hundreds_follow_with_the_queries_of_one(
    followed: JobFollowing, jobs: TrainingJobStore, looks: list[str]
) -> None:
    await jobs.add("full", "api", {})
    job = await jobs.claim("w", "v")
    assert job is not None
    following_it = [asyncio.create_task(all_of(followed, job, after)) for after in [0] * 199 + [1]]
    await jobs.renew(job, "cleaning", 0.5, ["one"])
    await asyncio.sleep(0.3)
    await jobs.finish(job, "refused", "it is worse", ["two"])
    *same, resumed = await asyncio.gather(*following_it)
    assert all(events == same[0] for events in same)
    assert [event[2] for event in same[0] if event is not None and event[0] == "line"] == [1, 2]
    assert [event[2] for event in resumed if event is not None and event[0] == "line"] == [2]
    assert same[0][-1] is not None
    assert same[0][-1][0] == "end"
    assert 2 <= len(looks) < 30
    await asyncio.sleep(0.1)
    before = len(looks)
    await asyncio.sleep(0.2)
    assert len(looks) == before


async def test_hundreds_who_come_together_ask_once_whether_there_is_a_job(
    followed: JobFollowing, jobs: TrainingJobStore, looks: list[str]
) -> None:
    job = await jobs.add("full", "api", {})
    coming = [asyncio.create_task(followed.require(job.job_id)) for _ in range(200)]
    await asyncio.sleep(0)
    coming[0].cancel()
    first, *others = await asyncio.gather(*coming, return_exceptions=True)
    assert (isinstance(first, asyncio.CancelledError), others, looks) == (True, [None] * 199, [job.job_id])
    for _ in range(2):
        with pytest.raises(NotFoundError, match="there is no training job 'other'"):
            await followed.require("other")
    assert looks == [job.job_id, "other", "other"]


async def test_there_is_a_word_now_and_then(
    followed: JobFollowing, jobs: TrainingJobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "KEEP_ALIVE_SECONDS", 0.1)
    job = await jobs.add("full", "api", {})
    events = followed.events(job.job_id)
    found = [await anext(events) for _ in range(3)]
    assert [None if event is None else event[0] for event in found] == ["progress", None, None]
    await events.aclose()  # type: ignore[attr-defined]


def test_places_are_taken_before_anything_is_told(followed: JobFollowing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_FOLLOWERS", 1)
    full = pytest.raises(TooManyFollowersError, match="1 clients follow")
    with followed.require_place(), full, followed.require_place():
        pass
    with followed.require_place():
        pass
