"""`/console/data`: what is stored and what happened when, imports, and the attributes that there are."""

from http import HTTPStatus

from fastapi import Request, Response

from app.api.dependencies import State
from app.api.schema import Attributes
from app.console.page_routes import pages_router
from app.console.pages import page, part
from app.errors import BraidError, NotFoundError
from app.process.serving_state import ServingState
from app.schemas.imports import ImportJob
from app.services.transfer.dropped import is_bad

PATH = "/console/data"
IMPORTS = PATH + "/imports"
_LATEST = 50
router = pages_router()


@router.get(PATH)
async def show_data(request: Request, state: State) -> Response:
    """Show what is stored, and what happened when."""
    activity = await state.log_activity.get()
    lines = [{"label": name, "values": values} for name, values in activity.series.items()]
    return page(
        request,
        "data.html",
        activity=activity,
        told={"x": activity.moments, "series": lines},
        imports=await state.import_jobs.latest(5),
        left_out=_left_out,
    )


@router.get(IMPORTS)
async def show_imports(request: Request, state: State) -> Response:
    """Show the form of uploads, and the imports that began last."""
    return await imports_page(request, state)


async def imports_page(request: Request, state: ServingState, wrong: str | None = None) -> Response:
    """Show the page of imports; `wrong` is what is wrong with files that were sent."""
    found = await state.import_jobs.latest(_LATEST)
    reasons: dict[tuple[str, str], int] = {}
    for job in found:
        for kind, counts in job.counts.items():
            for reason, number in counts.dropped.items():
                reasons[kind, reason] = reasons.get((kind, reason), 0) + number
    return page(
        request,
        "data_imports.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        imports=found,
        left_out=_left_out,
        reasons=sorted(reasons.items(), key=lambda pair: -pair[1]),
        is_bad=is_bad,
        wrong=wrong,
    )


@router.get(IMPORTS + "/{import_id}")
async def show_import(request: Request, state: State, import_id: str) -> Response:
    """Show an import, which the page follows until its end."""
    try:
        job = await state.import_jobs.get(import_id)
    except NotFoundError as error:
        status = HTTPStatus.NOT_FOUND
        return page(request, "not_here.html", status, told=str(error), back=IMPORTS, back_name="All imports")
    return page(request, "data_import.html", job=job, is_bad=is_bad)


@router.get(IMPORTS + "/{import_id}/progress")
async def show_import_progress(state: State, import_id: str) -> Response:
    """Show the part of the page that changes."""
    try:
        job = await state.import_jobs.get(import_id)
    except BraidError as error:
        return part("told.html", told=error.told or str(error))
    return part("data_import_progress.html", job=job, is_bad=is_bad)


@router.get(PATH + "/attributes")
async def show_attributes(request: Request, attributes: Attributes) -> Response:
    """Show the attributes of items and users, declared and found."""
    report, wrong = None, None
    try:
        report = await attributes.report()
    except BraidError as error:
        wrong = error.told or str(error)
    return page(request, "data_attributes.html", report=report, wrong=wrong)


def _left_out(job: ImportJob) -> int:
    """Count the rows at fault."""
    return sum(number for count in job.counts.values() for reason, number in count.dropped.items() if is_bad(reason))
