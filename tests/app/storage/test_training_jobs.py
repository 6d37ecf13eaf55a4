"""Training jobs: who has which, on both databases."""

import asyncio

import pytest
from sqlalchemy import update

from app.config import Settings
from app.process.resources import Resources
from app.storage.rows import Row
from app.storage.tables import training_jobs
from app.storage.training_jobs import MAX_ATTEMPTS, Job, TrainingJobStore
from app.times import now


@pytest.fixture
def jobs(resources: Resources) -> TrainingJobStore:
    return resources.training_jobs


async def claimed(jobs: TrainingJobStore, worker: str = "w", version: str = "v") -> Job:
    job = await jobs.claim(worker, version)
    assert job is not None
    return job


async def let_lease_end(resources: Resources) -> None:
    async with resources.database.writing() as connection:
        await connection.execute(update(training_jobs).values(lease_until=now() - 60_000_000))


async def test_jobs_are_taken_in_their_order_each_by_one(jobs: TrainingJobStore) -> None:
    added = [await jobs.add("full", "api", {"seed": number}) for number in range(3)]
    taken = [await claimed(jobs, f"w{number}") for number in range(3)]
    assert [job.job_id for job in taken] == [job.job_id for job in added]
    assert [job.options for job in taken] == [{"seed": number} for number in range(3)]
    assert {(job.status, job.attempts) for job in taken} == {("running", 1)}
    assert await jobs.claim("another", "v") is None


async def test_many_workers_at_once_never_take_the_same_job(resources: Resources, settings: Settings) -> None:
    for _ in range(10):
        await resources.training_jobs.add("full", "api", {})
    async with Resources(settings) as other:
        stores = [resources.training_jobs, other.training_jobs] * 8
        taken = await asyncio.gather(*(store.claim(f"w{n}", "v") for n, store in enumerate(stores)))
    ids = [job.job_id for job in taken if job is not None]
    assert len(ids) == len(set(ids)) == 10


async def test_a_job_whose_lease_has_ended_is_claimed_again_with_its_version(
    resources: Resources, jobs: TrainingJobStore
) -> None:
    await jobs.add("full", "api", {})
    first = await claimed(jobs, "first", "v1")
    assert await jobs.renew(first, "cleaning", 0.5, ["a line"]) == "ours"
    assert await jobs.claim("second", "v2") is None
    await let_lease_end(resources)
    # Nobody has taken it: the first one may go on.
    assert await jobs.renew(first, "cleaning", 0.6, []) == "ours"
    await let_lease_end(resources)
    second = await claimed(jobs, "second", "v2")
    assert (second.job_id, second.attempts, second.bundle_version) == (first.job_id, 2, "v1")
    assert await jobs.renew(first, "refit", 0.9, ["too late"]) == "lost"
    assert not await jobs.finish(first, "succeeded")
    assert await jobs.finish(second, "succeeded", None, ["done"])
    assert [line.line for line in await jobs.lines(first.job_id)] == ["a line", "done"]
    found = await jobs.get(first.job_id)
    assert found is not None
    assert (found.status, found.phase) == ("succeeded", None)


async def test_after_three_workers_died_the_job_has_failed(resources: Resources, jobs: TrainingJobStore) -> None:
    added = await jobs.add("full", "api", {})
    for number in range(MAX_ATTEMPTS):
        assert (await claimed(jobs)).attempts == number + 1
        await let_lease_end(resources)
    assert await jobs.claim("w", "v") is None
    found = await jobs.get(added.job_id)
    assert found is not None
    assert (found.status, found.reason) == ("failed", "its worker died in each of 3 attempts")


async def test_a_job_that_is_given_back_was_not_tried(jobs: TrainingJobStore) -> None:
    await jobs.add("full", "api", {})
    for _ in range(MAX_ATTEMPTS + 1):
        job = await claimed(jobs)
        assert job.attempts == 1
        await jobs.put_back(job)


async def test_a_job_that_is_given_back_while_it_is_cancelled_has_ended(jobs: TrainingJobStore) -> None:
    await jobs.add("full", "api", {})
    job = await claimed(jobs)
    await jobs.cancel(job.job_id)
    await jobs.put_back(job)
    found = await jobs.get(job.job_id)
    assert found is not None
    assert (found.status, found.finished_at is None) == ("cancelled", False)


async def test_a_job_that_is_cancelled_in_its_last_attempt_was_cancelled(
    resources: Resources, jobs: TrainingJobStore
) -> None:
    added = await jobs.add("full", "api", {})
    for _ in range(MAX_ATTEMPTS):
        await let_lease_end(resources)
        await claimed(jobs)
    await jobs.cancel(added.job_id)
    await let_lease_end(resources)
    assert await jobs.claim("w", "v") is None
    found = await jobs.get(added.job_id)
    assert found is not None
    assert found.status == "cancelled"


async def test_a_log_may_hold_anything(jobs: TrainingJobStore) -> None:
    await jobs.add("full", "api", {})
    job = await claimed(jobs)
    assert await jobs.renew(job, None, None, ["a\0b", "ä \N{OWL}"]) == "ours"
    assert [line.line for line in await jobs.lines(job.job_id)] == ["ab", "ä \N{OWL}"]


async def test_cancelling_ends_what_waits_and_asks_what_runs(resources: Resources, jobs: TrainingJobStore) -> None:
    waiting = await jobs.add("full", "api", {})
    cancelled = await jobs.cancel(waiting.job_id)
    assert cancelled is not None
    assert (cancelled.status, cancelled.finished_at is None) == ("cancelled", False)
    assert await jobs.claim("w", "v") is None
    await jobs.add("full", "api", {})
    running = await claimed(jobs)
    assert await jobs.renew(running, None, None, []) == "ours"
    asked = await jobs.cancel(running.job_id)
    assert asked is not None
    assert (asked.status, asked.cancelling) == ("running", True)
    assert await jobs.renew(running, None, None, []) == "cancelling"
    await let_lease_end(resources)
    assert await jobs.claim("another", "v") is None
    found = await jobs.get(running.job_id)
    assert found is not None
    assert found.status == "cancelled"
    assert await jobs.cancel("none") is None
    ended = await jobs.cancel(running.job_id)
    assert ended == found


async def test_what_schedules_add_is_one_for_all_workers(resources: Resources, settings: Settings) -> None:
    async with Resources(settings) as other:
        stores = [resources.training_jobs, other.training_jobs] * 5
        added = await asyncio.gather(*(store.add("full", "schedule", {}, unless_open=True) for store in stores))
    assert len({job.job_id for job in added}) == 1
    await claimed(resources.training_jobs)
    again = await resources.training_jobs.add("full", "threshold", {}, unless_open=True)
    assert (again.job_id, again.origin, again.status) == (added[0].job_id, "schedule", "running")


async def test_interactions_count_as_new_until_a_job_is_taken(resources: Resources, jobs: TrainingJobStore) -> None:
    assert await jobs.new_interactions(10) == 0
    await resources.interactions.store([Row("u", f"i{number}", "view") for number in range(7)])
    assert (await jobs.new_interactions(10), await jobs.new_interactions(5)) == (7, 5)
    await jobs.add("full", "api", {})
    assert await jobs.new_interactions(10) == 7
    await claimed(jobs)
    assert await jobs.new_interactions(10) == 0
    await resources.interactions.store([Row("u", "i", "view")])
    assert await jobs.new_interactions(10) == 1


async def test_jobs_are_listed_newest_first_in_pages(jobs: TrainingJobStore) -> None:
    added = [(await jobs.add("full", "api", {})) for _ in range(5)]
    first = await jobs.page(3)
    rest = await jobs.page(3, (first[-1].created_at, first[-1].job_id))
    assert [job.job_id for job in [*first, *rest]] == [job.job_id for job in reversed(added)]
    assert await jobs.statuses() == {"queued": 5}


async def test_the_bundles_of_jobs_that_have_not_ended_are_named(resources: Resources, jobs: TrainingJobStore) -> None:
    for _ in range(4):
        await jobs.add("full", "api", {})
    ended, running, given_back = [await claimed(jobs, f"w{number}", f"v{number}") for number in range(3)]
    assert await jobs.finish(ended, "succeeded", None, [])
    await jobs.put_back(given_back)
    assert sorted(await jobs.versions_at_work()) == [str(running.bundle_version), str(given_back.bundle_version)]
