"""`/training-jobs`: start, follow and cancel."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import format_sse_event

from app.api.dependencies import PathId, from_resources, from_state
from app.api.problems import problems
from app.api.streams import ENDS_AT_STOP, Streamed
from app.process import factory
from app.schemas.training_jobs import (
    TrainingJob,
    TrainingJobIn,
    TrainingJobsPage,
    TrainingJobsQuery,
    TrainingJobWithLog,
)
from app.services.training.following import JobEvent, JobFollowing
from app.services.training.jobs import TrainingJobs

_PATH = "/training-jobs"
_STREAM = "text/event-stream"
_EVENT = format_sse_event(event="line", data_str="reading the log: done", id="7").decode()
Jobs = Annotated[TrainingJobs, from_resources(factory.training_jobs)]
Following = Annotated[JobFollowing, from_state(lambda state: state.job_following)]
router = APIRouter(
    prefix=_PATH,
    tags=["training"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.post("", status_code=HTTPStatus.ACCEPTED, responses=problems(HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS))
async def post_training_job(jobs: Jobs, response: Response, wanted: TrainingJobIn | None = None) -> TrainingJob:
    """Add a training job to the queue; a `braid worker` runs it, and `Location` reports its progress."""
    job = await jobs.add(wanted or TrainingJobIn(), "api")
    response.headers["location"] = f"{_PATH}/{job.job_id}"
    return job


@router.get("")
async def list_training_jobs(query: Annotated[TrainingJobsQuery, Query()], jobs: Jobs) -> TrainingJobsPage:
    """List training jobs, newest first."""
    return await jobs.page(query)


async def _place(following: Following, request: Request) -> AsyncIterator[None]:
    """Take a place until the answer has ended, however it ends."""
    with following.require_place() if _follows(request.headers.get("accept", "")) else nullcontext():
        yield


def _follows(accept: str) -> bool:
    return _STREAM in accept


@router.get(
    "/{job_id}",
    dependencies=[Depends(_place)],
    response_model=TrainingJobWithLog,
    responses={
        200: {
            "content": {_STREAM: {"schema": {"type": "string"}, "example": _EVENT}},
            "description": "The job, or its events",
        },
        **problems(HTTPStatus.NOT_FOUND),
    },
)
async def get_training_job(
    job_id: PathId,
    jobs: Jobs,
    following: Following,
    request: Request,
    accept: Annotated[str, Header(description=f"`{_STREAM}` to follow the job")] = "application/json",
    last_event_id: Annotated[int, Header(ge=0, lt=2**63, description="id of the last line that was received")] = 0,
) -> TrainingJobWithLog | Streamed:
    """Get the progress and the log of a training job; it can follow the job until its end.

    With `Accept: text/event-stream` it answers with server-sent events: `line` (with an id to resume from), `progress`
    and finally `end`.
    """
    if not _follows(accept):
        return await jobs.get(job_id)
    await following.require(job_id)
    # It may last for hours: a server that is stopped does not wait for it.
    request.scope.setdefault("state", {})[ENDS_AT_STOP] = True
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Streamed(_events(following, job_id, last_event_id), media_type=_STREAM, headers=headers)


@router.post("/{job_id}/cancel", status_code=HTTPStatus.ACCEPTED, responses=problems(HTTPStatus.NOT_FOUND))
async def cancel_training_job(job_id: PathId, jobs: Jobs) -> TrainingJob:
    """Cancel a training job: at once if it is queued, within seconds if it runs. The active bundle does not change."""
    return await jobs.cancel(job_id)


async def _events(following: JobFollowing, job_id: str, after: int) -> AsyncIterator[bytes]:
    async for event in following.events(job_id, after):
        if event is None:
            yield format_sse_event(comment="still here")
            continue
        yield _frame(event)


@lru_cache(maxsize=256)
def _frame(event: JobEvent) -> bytes:
    """Write an event, once for all who follow the job."""
    name, data, number = event
    return format_sse_event(event=name, data_str=data, id=None if number is None else str(number))
