"""`/console`: bundles, training jobs, online measures and drift on one page."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from app.api.dependencies import State
from app.api.problems import problems
from app.console.own_forms import csrf_for
from app.console.pages import HTML, page
from app.process import factory, serving_factory
from app.schemas.training_jobs import TrainingJobsQuery
from app.services.monitoring.exposition import own_registry
from app.services.recommending.drift import drift_of

_JOBS = 20
_AS_IT_SHOULD_BE = ("ok", "none")
router = APIRouter(tags=["operation"], responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))


@router.get("/console", response_class=Response, responses=HTML)
async def show_console(request: Request, state: State) -> Response:
    """Show which bundles there are, what was trained, and how recommendations do in use."""
    found = await serving_factory.readiness(state).check()
    return page(
        "overview.html",
        bundles=(await factory.versions(state.resources).page()).items,
        jobs=(await factory.training_jobs(state.resources).page(TrainingJobsQuery(limit=_JOBS))).items,
        measures=await state.recent_measures.get(),
        drift=drift_of(own_registry()),
        attention={name: check for name, check in found.checks.items() if check.status not in _AS_IT_SHOULD_BE},
        csrf=csrf_for(request),
    )
