"""`/console`: bundles, training jobs, online measures and drift on one page."""

from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.api.dependencies import State
from app.api.problems import problems
from app.process import factory, serving_factory
from app.schemas.training_jobs import TrainingJobsQuery
from app.services.monitoring.exposition import own_registry
from app.services.recommending.drift import drift_of

_JOBS = 20
_AS_IT_SHOULD_BE = ("ok", "none")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
router = APIRouter(tags=["operation"], responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))


@router.get(
    "/console",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>..."}}}},
)
async def show_console(state: State) -> Response:
    """Show which bundles there are, what was trained, and how recommendations do in use."""
    found = await serving_factory.readiness(state).check()
    page = _templates.get_template("overview.html").render(
        bundles=(await factory.versions(state.resources).page()).items,
        jobs=(await factory.training_jobs(state.resources).page(TrainingJobsQuery(limit=_JOBS))).items,
        measures=await state.recent_measures.get(),
        drift=drift_of(own_registry()),
        attention={name: check for name, check in found.checks.items() if check.status not in _AS_IT_SHOULD_BE},
    )
    return HTMLResponse(page, headers={"content-security-policy": _POLICY, "cache-control": "no-store"})
