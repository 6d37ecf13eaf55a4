"""`/console/bundles`: versions beside each other, activated and rolled back, with their reports."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from app.api.bundles import Bundles
from app.api.dependencies import State
from app.api.training_jobs import Jobs
from app.console.own_forms import require_own_form
from app.console.page_routes import pages_router
from app.console.pages import done, page
from app.errors import BraidError, NotFoundError
from app.schemas.bundles import BundleVersion
from app.schemas.training_jobs import TrainingJobsQuery
from app.services.training.jobs import TrainingJobs
from app.services.training.phases import shares_of
from app.services.training.versions import Versions
from models.evaluation.report import BLEND, POPULARITY

PATH = "/console/bundles"
_JOBS = 20
_METRICS = {
    "ndcg@10": "NDCG@10",
    "recall@10": "Recall@10",
    "hit_rate@10": "Hit rate@10",
    "mrr@10": "MRR@10",
    "coverage@10": "Coverage@10",
}
"""The metrics that are shown, with their names in text."""
CHECKS = {
    "above_popularity": "Better than popular items alone",
    "own_validation": "Not far below what the active bundle reached",
    "new_interactions": "Not worse on what happened since the active bundle",
    "best_part": "Not worse than the best of its parts",
    "parts": "All parts of the blend are there",
    "answers": "Users get a list",
    "latency": "Lists are ranked fast enough",
    "windows": "The windows of popular items are filled",
    "coverage": "Enough different items are recommended",
    "size": "It has not grown out of proportion",
}
"""The checks of the gate, in words."""
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'; sandbox"
)
router = pages_router()
own = [Depends(require_own_form)]


@router.get(PATH)
async def show_bundles(request: Request, versions: Bundles, jobs: Jobs) -> Response:
    """List the versions and the training jobs."""
    return await overview(request, versions, jobs)


async def overview(
    request: Request,
    versions: Versions,
    jobs: TrainingJobs,
    *,
    wrong: str | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    """Show the page of all versions; `given` is what a form that was wrong has sent."""
    told, bundles = None, []
    try:
        bundles = (await versions.page()).items
    except BraidError as error:
        told = str(error)
    return page(
        request,
        "bundles.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        bundles=bundles,
        active=next((one for one in bundles if one.active), None),
        most=max((_end(one, "ndcg@10") for one in bundles), default=0.0),
        blend=BLEND,
        jobs=(await jobs.page(TrainingJobsQuery(limit=_JOBS))).items,
        told=told,
        wrong=wrong,
        given={"kind": "full", "seed": "0", "budget": "", "from_manifest": ""} | (given or {}),
    )


@router.get(PATH + "/{version}")
async def show_bundle(request: Request, versions: Bundles, version: str) -> Response:
    """Show a version beside the active one."""
    return await _bundle(request, versions, version)


@router.get(PATH + "/{version}/report")
async def show_report(request: Request, versions: Bundles, version: str) -> Response:
    """Show the training report of a version: a page without scripts, which loads nothing."""
    try:
        found = await versions.report(version)
    except BraidError as error:
        told, status = error.told or str(error), error.status
        return page(request, "not_here.html", status, told=told, back=PATH, back_name="All bundles")
    headers = {"content-security-policy": _REPORT_POLICY, "cache-control": "no-store"}
    return HTMLResponse(found, headers=headers)


@router.post(PATH + "/{version}/activate", dependencies=own)
async def activate_version(
    request: Request,
    state: State,
    versions: Bundles,
    version: str,
    force: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Make a version the active one in all processes."""
    try:
        await versions.activate(version, "console", force=bool(force))
        await state.bundle.load()
    except BraidError as error:
        return await _bundle(request, versions, version, wrong=error.told or str(error))
    return done(request, PATH, f"Bundle {version} is active: all processes rank with it within two seconds.")


async def _bundle(request: Request, versions: Versions, version: str, wrong: str | None = None) -> Response:
    try:
        every = (await versions.page()).items
        bundle = next((one for one in every if one.version == version), None)
        if bundle is None:
            raise NotFoundError(f"there is no bundle {version[:80]!r}: old ones are removed")
    except BraidError as error:
        told = error.told or str(error)
        return page(request, "not_here.html", error.status, told=told, back=PATH, back_name="All bundles")
    active = next((one for one in every if one.active), None)
    return page(
        request,
        "bundle.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        bundle=bundle,
        active=active,
        compared=[one for one in (bundle, active) if one is not None][: 1 if bundle.active else 2],
        metrics={name: words for name, words in _METRICS.items() if name in bundle.metrics.get(BLEND, {})},
        parts=sorted(bundle.metrics, key=lambda part: -bundle.metrics[part].get("ndcg@10", 0.0)),
        most=max((_end(one, "ndcg@10", part) for one in (bundle,) for part in one.metrics), default=0.0),
        ends={name: max(_end(one, name) for one in (bundle, active) if one is not None) for name in _METRICS},
        blend=BLEND,
        baseline=POPULARITY,
        shares=shares_of(bundle.settings, bundle.metrics),
        checks=CHECKS,
        is_back=active is not None and version < active.version,
        wrong=wrong,
    )


def _end(bundle: BundleVersion, metric: str, part: str = BLEND) -> float:
    """Return how far a scale must reach."""
    return max(bundle.metrics.get(part, {}).get(metric, 0.0), *bundle.intervals.get(part, {}).get(metric, (0.0, 0.0)))
