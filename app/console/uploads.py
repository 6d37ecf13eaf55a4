"""Uploads of the console: looked at, mapped, and imported."""

from http import HTTPStatus

from fastapi import Depends, Request, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from app.api.dependencies import State
from app.api.guard import TRIED
from app.api.imports import MAX_BYTES
from app.console.data import IMPORTS, PATH, imports_page
from app.console.own_forms import require_own_form, require_own_page
from app.console.page_routes import pages_router
from app.console.pages import done, page
from app.console.upload_forms import (
    AS_ATTRIBUTE,
    DATE_FORMATS,
    LEAVE,
    NOTHING_SAID,
    QUESTIONS,
    TARGETS,
    UNITS,
    Said,
    read_form,
)
from app.errors import BraidError, ForbiddenError, InvalidFieldsError, NotFoundError
from app.process import serving_factory
from app.process.serving_state import ServingState
from app.schemas.upload_previews import UploadPreview
from app.services.transfer.import_drafts import MAX_FILES

UPLOADS = PATH + "/uploads"
LARGER = {UPLOADS: MAX_BYTES}
"""Bounds of bodies that are files."""
_FIELDS, _FIELD_BYTES = 5, 1_024
_own = [Depends(require_own_form)]
router = pages_router()


@router.post(UPLOADS)
async def upload(request: Request, state: State) -> Response:
    """Keep files until it is decided how they are imported."""
    # Nothing of it is stored yet.
    request.scope[TRIED].append(UPLOADS)
    require_own_page(request)
    try:
        bounds = {"max_files": MAX_FILES + 1, "max_fields": _FIELDS, "max_part_size": _FIELD_BYTES}
        async with request.form(**bounds) as form:
            await require_own_form(request, str(form.get("csrf", "")))
            sent = [one for one in form.getlist("files") if isinstance(one, UploadFile)]
            named = [(one.filename, one.file) for one in sent if one.filename]
            draft_id = await serving_factory.import_drafts(state).keep(named)
    except ForbiddenError:
        raise
    except BraidError as error:
        return await imports_page(request, state, wrong=error.told or str(error))
    except HTTPException as error:
        return await imports_page(request, state, wrong=str(error.detail))
    return done(request, f"{UPLOADS}/{draft_id}", "Uploaded. Nothing is stored yet: look at how it is read.")


@router.get(UPLOADS + "/{draft_id}")
async def show_upload(request: Request, state: State, draft_id: str) -> Response:
    """Show what was uploaded, and how it would be read."""
    return await _shown(request, state, draft_id, NOTHING_SAID)


@router.post(UPLOADS + "/{draft_id}", dependencies=_own)
async def map_upload(request: Request, state: State, draft_id: str) -> Response:
    """Show how the files would be read in the way that the form says."""
    request.scope[TRIED].append(draft_id)
    return await _shown(request, state, draft_id, read_form(await request.form()))


@router.post(UPLOADS + "/{draft_id}/import", dependencies=_own)
async def import_upload(request: Request, state: State, draft_id: str) -> Response:
    """Begin to import the files."""
    said = read_form(await request.form())
    if not said.wrong:
        drafts = serving_factory.import_drafts(state)
        try:
            job = await drafts.accept(draft_id, said.mappings, said.timestamps or "seconds", replace=said.replace)
        except BraidError as error:
            said = said._replace(wrong=(error.told or str(error),))
        else:
            again = "These files were imported before: nothing is added." if job.status == "done" else ""
            return done(request, f"{IMPORTS}/{job.import_id}", again or "The import has begun.")
    return await _shown(request, state, draft_id, said)


@router.post(UPLOADS + "/{draft_id}/discard", dependencies=_own)
async def discard_upload(request: Request, state: State, draft_id: str) -> Response:
    """Remove the uploaded files."""
    request.scope[TRIED].append(draft_id)
    await serving_factory.import_drafts(state).discard(draft_id)
    return done(request, IMPORTS, "The uploaded files are removed. Nothing was stored.")


async def _shown(request: Request, state: ServingState, draft_id: str, said: Said) -> Response:
    wrong = list(said.wrong)
    preview: UploadPreview | None = None
    try:
        try:
            preview = await _looked(state, draft_id, said)
        except InvalidFieldsError as error:
            wrong.append(str(error))
            if said.mappings:
                # What can be chosen is still shown.
                preview = await _looked(state, draft_id, NOTHING_SAID)
    except NotFoundError as error:
        status = HTTPStatus.NOT_FOUND
        return page(request, "not_here.html", status, told=str(error), back=IMPORTS, back_name="Upload again")
    except BraidError as error:
        wrong.append(error.told or str(error))
    return page(
        request,
        "data_upload.html",
        # A mapping that is tried may be wrong: the page says so.
        HTTPStatus.OK,
        draft_id=draft_id,
        preview=preview,
        chosen=said,
        wrong=wrong,
        targets=TARGETS,
        leave=LEAVE,
        as_attribute=AS_ATTRIBUTE,
        units=UNITS,
        questions=QUESTIONS,
        date_formats=DATE_FORMATS,
        event_types=list(state.resources.settings.event_types),
    )


async def _looked(state: ServingState, draft_id: str, said: Said) -> UploadPreview:
    return await serving_factory.import_drafts(state).preview(
        draft_id, said.mappings, said.timestamps, asks_ids=not said.ids
    )
