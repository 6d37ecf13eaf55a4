"""`/imports`: data-set folders over HTTP."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from app.api.dependencies import PathId, State
from app.api.problems import problems
from app.errors import InvalidFieldsError
from app.schemas.imports import ImportJob
from app.schemas.problems import FieldError, field_error
from app.services.transfer.import_rows import Timestamps

PATH = "/imports"
MAX_BYTES = 4 << 30
_FORM = {
    "interactions": "user_id,item_id,event_type,timestamp\n196,242,view,881250949\n",
    "items": "item_id,title\n242,Kolya\n",
    "timestamps": "seconds",
}
_FILES, _FIELDS = ("interactions", "items", "users", "mapping"), ("timestamps", "replace")
_MAX_FIELD_BYTES = 1_024
router = APIRouter(
    prefix=PATH,
    tags=["interactions"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.post(
    "",
    status_code=HTTPStatus.ACCEPTED,
    responses=problems(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.TOO_MANY_REQUESTS),
    form_limits={"max_files": len(_FILES), "max_fields": len(_FIELDS), "max_part_size": _MAX_FIELD_BYTES},
    openapi_extra={"requestBody": {"content": {"multipart/form-data": {"example": _FORM}}}},
)
async def post_import(
    request: Request,
    state: State,
    response: Response,
    interactions: Annotated[UploadFile | None, File(description="what users did, one row each")] = None,
    items: Annotated[UploadFile | None, File(description="the catalogue")] = None,
    users: Annotated[UploadFile | None, File(description="the profiles of users")] = None,
    mapping: Annotated[
        UploadFile | None,
        File(description="TOML as `braid import` prints it: a table for each of `interactions`, `items`, `users`"),
    ] = None,
    timestamps: Annotated[
        Timestamps, Form(description="`seconds` since 1970, or `order`: numbers that only say what came after what")
    ] = "seconds",
    replace: Annotated[
        bool,
        Form(
            description="whether items and users take the place of those that are there, with all their fields; else"
            " fields without a value stay as they are"
        ),
    ] = False,
) -> ImportJob:
    """Import interactions, items or users, or several of them, 4 GiB at most. `Location` reports the progress.

    A file is CSV of any delimiter and encoding, JSON lines or Parquet, also in .gz, .zst or .zip. Names of columns are
    recognised; a column that seems to matter and is not mapped is refused, and `mapping` maps or ignores it.
    Files that were imported before are not imported again: the response is that of the first import.
    """
    for name in await request.form():
        if name not in {*_FILES, *_FIELDS}:
            wrong = field_error({"type": "extra_forbidden"}, [name], "body", (*_FILES, *_FIELDS))
            raise InvalidFieldsError(f"{wrong.field!r} {wrong.detail}", [wrong])
    given = {"interactions": interactions, "items": items, "users": users}
    if not any(given.values()):
        text = "no file was sent: interactions, items or users"
        raise InvalidFieldsError(text, [FieldError(field="interactions", code="missing", detail=text)])
    given["mapping"] = mapping
    files = {name: (file.filename or "", file.file) for name, file in given.items() if file is not None}
    job = await state.import_jobs.accept(files, timestamps, replace=replace)
    response.headers["location"] = f"{PATH}/{job.import_id}"
    return job


@router.get("/{import_id}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_import(import_id: PathId, state: State) -> ImportJob:
    """Get the progress of an import."""
    return await state.import_jobs.get(import_id)
