"""Failures of checks that are none, each with its reason."""

from http import HTTPStatus
from typing import Any, get_args

import orjson
from pydantic_core.core_schema import ErrorType
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import (
    AllowHeaderMismatch,
    MissingContentType,
    RejectedPositiveData,
    UndefinedContentType,
    UndefinedStatusCode,
    UnsupportedMethodResponse,
)

# 70.0 is an integer to a schema, and none to this service.
_NO_SHAPE = {"value_error", "assertion_error", "int_type", "int_from_float"}
SHAPES = set(get_args(ErrorType)) - _NO_SHAPE
"""Codes of errors that a schema can say: a value of another type, too long, too great, missing, or too many.

Others are rules of this service, which no schema says: that a period begins before it ends, which keys of a filter go
together, that a cursor is one that this service has written, that the catalogue has a field.
"""
TOGETHER = {
    ("POST /imports", "interactions"): "one of three files is needed",
    ("DELETE /items", "item_id"): "ids or conditions are needed",
    ("GET /scenarios/{name}/recommend", "q"): "scenarios of one kind need `q`",
    ("POST /scenarios/{name}/recommend", "q"): "scenarios of one kind need `q`",
    ("POST /scenarios/{name}/preview", "q"): "scenarios of one kind need `q`",
}
"""Fields of calls that are missing only where others are missing as well, or for some resources."""
REFUSED_CALLERS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
"""Statuses that say nothing of what was sent: the key of the fuzzing may do everything, as often as it wants."""
LONGEST_URL = 32_000
"""Bytes; the server answers a longer one, with its headers, before any call is known."""
OVERLAPPING = {
    "/interactions/batch": "`batch` is read as the id of an interaction",
    "/items/batch": "an item may have the id `batch`",
    "/items/similar": "an item may have the id `similar`",
    "/recommend/batch": "a user may have the id `batch`",
    "/users/batch": "a user may have the id `batch`",
}
"""Paths that belong to another path as well, whose methods they take."""


def excused(failure: Any, case: Any, response: Any) -> bool:
    """Return whether a failure is none."""
    if isinstance(failure, RejectedPositiveData):
        if len(response.request.url) > LONGEST_URL:
            return True
        return response.status_code not in REFUSED_CALLERS and not _shapes(response, case.operation.label)
    if isinstance(failure, AcceptedNegativeData):
        # A batch of more rows than are taken is refused by its size, which the check does not know as a refusal; and
        # a batch that is stored all the same tells in its answer which of its rows were refused.
        return response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or _refused_rows(response)
    if isinstance(failure, UndefinedStatusCode | UndefinedContentType | MissingContentType):
        return (
            response.status_code == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            and len(response.request.url) > LONGEST_URL
        )
    if isinstance(failure, UnsupportedMethodResponse | AllowHeaderMismatch):
        return case.path in OVERLAPPING
    return False


def _shapes(response: Any, call: str) -> list[str]:
    """List the fields with errors that a schema can say."""
    try:
        problem = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return ["no problem document"]
    errors = problem.get("errors") or [{"field": "", "code": problem["code"]}]
    names = [error["field"] for error in errors]
    # A list is also called too short where a member of it is refused.
    return [
        error["field"]
        for error in errors
        if error["code"] in SHAPES
        and (call, error["field"]) not in TOGETHER
        and not (error["code"] == "too_short" and any(name.startswith(f"{error['field']}.") for name in names))
    ]


def _refused_rows(response: Any) -> bool:
    try:
        told = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return False
    return isinstance(told, dict) and bool(told.get("refused"))
