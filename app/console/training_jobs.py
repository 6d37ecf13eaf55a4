"""Training jobs in the console: started, followed and cancelled."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Form, Request, Response
from pydantic import ValidationError

from app.api.bundles import Bundles
from app.api.dependencies import State
from app.api.training_jobs import Jobs
from app.console.bundles import PATH as BUNDLES
from app.console.bundles import overview, own
from app.console.page_routes import pages_router
from app.console.pages import done, page, part
from app.errors import BraidError, InvalidFieldsError, NotFoundError
from app.process import serving_factory
from app.process.serving_state import ServingState
from app.schemas.problems import field_error
from app.schemas.training_jobs import TrainingJobIn, TrainingJobWithLog
from app.services.training.jobs import TrainingJobs
from app.services.training.phases import phases_of, shares_of
from app.services.training.versions import Versions
from app.storage.training_jobs import OPEN

PATH = BUNDLES + "/jobs"
Text = Annotated[str, Form(max_length=100)]
_SHOWN_LINES = 400
router = pages_router()


@router.post(PATH, dependencies=own)
async def start_training(
    request: Request,
    versions: Bundles,
    jobs: Jobs,
    kind: Text = "full",
    seed: Text = "",
    budget: Text = "",
    from_manifest: Text = "",
) -> Response:
    """Add a training job to the queue."""
    given = {"kind": kind, "seed": seed.strip(), "budget": budget.strip(), "from_manifest": from_manifest.strip()}
    try:
        job = await jobs.add(_wanted(given), "api")
    except ValidationError as error:
        first = field_error(error.errors()[0], error.errors()[0]["loc"], "form")
        wrong = f"{first.field}: {first.detail}"
    except InvalidFieldsError as error:
        wrong = "; ".join(f"{one.field}: {one.detail}" for one in error.errors)
    except (BraidError, ValueError) as error:
        wrong = str(error)
    else:
        return done(request, f"{PATH}/{job.job_id}", "The training is in the queue.")
    return await overview(request, versions, jobs, wrong=wrong, given=given)


@router.get(PATH + "/{job_id}")
async def show_job(request: Request, state: State, versions: Bundles, jobs: Jobs, job_id: str) -> Response:
    """Show a job, which the page follows until its end."""
    return await _job(request, state, versions, jobs, job_id)


@router.get(PATH + "/{job_id}/progress")
async def show_progress(state: State, versions: Bundles, jobs: Jobs, job_id: str) -> Response:
    """Show the part of the page that changes."""
    try:
        values = await _values(state, versions, await jobs.get(job_id))
    except NotFoundError as error:
        return part("told.html", HTTPStatus.OK, told=str(error))
    answer = part("job_progress.html", **values)
    if not values["runs"]:
        # The rest of the page changes as well.
        answer.headers["hx-refresh"] = "true"
    return answer


@router.post(PATH + "/{job_id}/cancel", dependencies=own)
async def cancel_job(request: Request, state: State, versions: Bundles, jobs: Jobs, job_id: str) -> Response:
    """Cancel a job: at once if it waits, within seconds if it runs."""
    try:
        job = await jobs.cancel(job_id)
    except BraidError as error:
        return await _job(request, state, versions, jobs, job_id, wrong=str(error))
    said = "The training is cancelled." if job.status == "cancelled" else "The training ends within seconds."
    return done(request, f"{PATH}/{job_id}", said)


async def _job(
    request: Request,
    state: ServingState,
    versions: Versions,
    jobs: TrainingJobs,
    job_id: str,
    wrong: str | None = None,
) -> Response:
    try:
        values = await _values(state, versions, await jobs.get(job_id))
    except NotFoundError as error:
        return page(
            request, "not_here.html", HTTPStatus.NOT_FOUND, told=str(error), back=BUNDLES, back_name="All training jobs"
        )
    status = HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return page(request, "job.html", status, wrong=wrong, **values)


async def _values(state: ServingState, versions: Versions, job: TrainingJobWithLog) -> dict[str, Any]:
    lines = [line.line for line in job.log]
    bundle = None
    if job.status not in OPEN and job.bundle_version is not None:
        try:
            bundle = await versions.get(job.bundle_version)
        except BraidError:
            # It was never published, or is removed since.
            bundle = None
    waiting = None
    if job.status == "queued":
        check = (await serving_factory.readiness(state).check()).checks["training"]
        waiting = check.detail if check.status == "degraded" else "A braid worker takes it as soon as it is free."
    return {
        "job": job,
        "phases": phases_of(job, lines),
        "lines": lines[-_SHOWN_LINES:],
        "left_out": max(len(lines) - _SHOWN_LINES, 0),
        "bundle": bundle,
        "shares": {} if bundle is None else shares_of(bundle.settings, bundle.metrics),
        "runs": job.status in OPEN,
        "waiting": waiting,
    }


def _wanted(given: dict[str, str]) -> TrainingJobIn:
    return TrainingJobIn.model_validate(
        {
            "kind": given["kind"],
            "seed": _number(given["seed"] or "0", "seed", int),
            "budget": _number(given["budget"], "budget", float) if given["budget"] else None,
            "from_manifest": given["from_manifest"] or None if given["kind"] == "again" else None,
        }
    )


def _number(text: str, field: str, read: type[int] | type[float]) -> float:
    try:
        return read(text)
    except ValueError:
        raise ValueError(f"{field}: {text!r} is not a {'whole ' if read is int else ''}number") from None
