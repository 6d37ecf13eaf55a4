"""Errors as problem documents (RFC 9457)."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api.access_rules import methods_of
from app.api.bodies import EncodingError
from app.api.observed import route_of
from app.api.query_parameters import names_of
from app.errors import BraidError, InvalidFieldsError
from app.schemas.problems import MAX_ERRORS, FieldError, Problem, field_error

MEDIA_TYPE = "application/problem+json"
_JSON = "application/json"
_log = structlog.get_logger(__name__)
_CODES = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large"}
_LATER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
# Not the phrases of the statuses: these differ between versions of Python.
_MEANINGS = {
    HTTPStatus.UNAUTHORIZED: "The API key is missing, unknown, revoked or has expired",
    HTTPStatus.FORBIDDEN: "The API key, or without keys the machine or page that asks, may not do this",
    HTTPStatus.NOT_FOUND: "There is nothing of this id or name",
    HTTPStatus.CONFLICT: "It contradicts what is stored, or a file that was configured",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body has a content type or an encoding that is not taken here",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request is not valid: `errors` names the fields",
    HTTPStatus.TOO_MANY_REQUESTS: "The API key or the address has sent as much as it may, or too much of this kind"
    " waits: see `Retry-After`",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A bug in Braid: see its log",
    HTTPStatus.SERVICE_UNAVAILABLE: "What is needed, mostly the database, is not available: try again",
}
_PLACES = {"body", "path", "query", "header"}


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Describe the error responses of a route for OpenAPI; every route can respond with 500."""
    every = (*statuses, HTTPStatus.INTERNAL_SERVER_ERROR)
    return {int(status): {"model": Problem, "description": _MEANINGS[status]} for status in every}


def add_error_handlers(app: FastAPI) -> None:
    """Make every error of an application answer with a problem document."""
    app.add_exception_handler(BraidError, _braid_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _interrupted)
    app.add_exception_handler(Exception, _unexpected)


def problem_response(
    status: int, code: str, detail: str, errors: list[FieldError] | None = None, headers: Any = None
) -> Response:
    """Write a problem document."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, errors=errors)
    content = orjson.dumps(problem.model_dump(exclude_none=True))
    return Response(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


async def _braid_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, BraidError)  # noqa: S101 - registered for this class
    return as_problem(error, request.method, route_of(request.scope))


def as_problem(error: BraidError, method: str, route: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer a request with what went wrong."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request failed", method=method, route=route, code=error.code, reason=str(error))
    detail = error.told or str(error)
    about = None if error.field is None else [FieldError(field=error.field, code=error.code, detail=detail)]
    if isinstance(error, InvalidFieldsError):
        about = error.errors[:MAX_ERRORS]
    again = {"Retry-After": str(error.retry_after)} if error.status in _LATER else {}
    return problem_response(error.status, error.code, detail, about, headers={**again, **(headers or {})} or None)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = error.errors()
    if any(e["loc"] == ("body",) for e in found) and kind != _JSON and not kind.endswith("+json"):
        return problem_response(
            415, "unsupported_media_type", f"send the body as content-type: {_JSON}, not {kind or 'without'}"
        )
    fields: dict[str, FieldError] = {}
    places = {e["loc"] for e in found}
    for e in found:
        if len(fields) == MAX_ERRORS:
            break
        if e["type"] == "json_invalid":
            reason = f"{e['msg']}: {e.get('ctx', {}).get('error', '')} at character {e['loc'][-1]}"
            return problem_response(
                422, "malformed_json", reason, [FieldError(field="body", code=e["type"], detail=reason)]
            )
        parts = e["loc"][1:] if e["loc"] and e["loc"][0] in _PLACES else e["loc"]
        found_wrong = field_error(e, parts, "body", _names_of(request, e["loc"][0]))
        fields.setdefault(found_wrong.field, found_wrong)
    total = len(fields) if len(fields) < MAX_ERRORS else len(places)
    count = f"{total:,} field{'s are' if total > 1 else ' is'} not valid"
    left = f" and {total - len(fields):,} more" if total > len(fields) else ""
    return problem_response(422, "invalid_request", f"{count}: {', '.join(fields)}{left}", list(fields.values()))


def _names_of(request: Request, place: object) -> Collection[str]:
    """Return the names of the fields that a call takes in its query string or its body."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return set()
    if place == "query":
        return names_of(route)
    taken = route.dependant.body_params if place == "body" else []
    models = [one.field_info.annotation for one in taken]
    fields = [model.model_fields for model in models if isinstance(model, type) and issubclass(model, BaseModel)]
    return {field.alias or name for each in fields for name, field in each.items()}


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    detail = str(error.detail)
    if isinstance(error.__cause__, BraidError):
        # The framework takes an error in receiving a body for one of the body's form.
        return await _braid_error(request, error.__cause__)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        if "multipart/form-data" in request.headers.get("content-type", ""):
            detail = f"the body cannot be read as a form of files: {detail}"
            return problem_response(
                422, "malformed_form", detail, [FieldError(field="body", code="malformed_form", detail=detail)]
            )
        if not isinstance(error, EncodingError):
            detail = "the body cannot be read as JSON: it is not UTF-8, nested too deep, or has too long a number"
        return problem_response(
            422, "malformed_json", detail, [FieldError(field="body", code="json_invalid", detail=detail)]
        )
    status = HTTPStatus(error.status_code)
    # The phrase for this status differs between versions of Python.
    code = _CODES.get(status) or status.phrase.lower().replace(" ", "_")
    headers = error.headers
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        # The framework names the methods of one of the routes of the path.
        headers = {**(headers or {}), "Allow": ", ".join(methods_of(request.scope["path"]))}
    return problem_response(status, code, detail, headers=headers)


async def _interrupted(_request: Request, _error: Exception) -> Response:
    # The client has closed the connection and does not receive this.
    return problem_response(HTTPStatus.BAD_REQUEST, "interrupted", "the request ended too early; nothing was stored")


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("unexpected error", method=request.method, route=route_of(request.scope), exc_info=error)
    return problem_response(500, "internal_error", "an unexpected error: see the log of the service")
