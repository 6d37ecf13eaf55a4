"""Problem documents (RFC 9457): the body of every error."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.nearest_name import did_you_mean
from models.data.events import EVENT_TYPE_PATTERN, EVENT_TYPE_RULE

_WORDS = {
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "extra_forbidden": "is not a field of this call",
    "missing": "is missing",
}
"""Plain words in place of messages about the validator's internals."""
_QUOTED = re.compile("'([^']*)'")
MAX_ERRORS = 100
"""Errors that an answer lists; it counts all of them."""
_MAX_NAME = 200
"""Characters of a name that an error repeats."""


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description="name of the field, with a dot for each level; `body` for the whole body")
    code: str = Field(description="what is wrong, for programs")
    detail: str = Field(description="what is wrong, for people")
    index: int | None = Field(None, description="the row of a batch that it is about, from 0")


def field_error(
    error: Mapping[str, Any], place: Sequence[int | str], whole: str, known: Collection[str] = ()
) -> FieldError:
    """Describe in plain words an error of the validator; of a misspelt name or value, which one is near.

    Parameters
    ----------
    place
        Where in the document.
    whole
        The name of the document, for errors about all of it.
    known
        The names of its fields, as far as they are known.
    """
    name = _shortened(".".join(str(part) for part in place)) or whole
    if error["type"] == "string_pattern_mismatch" and error["ctx"].get("pattern") == EVENT_TYPE_PATTERN:
        return FieldError(field=name, code=error["type"], detail=f"must be {EVENT_TYPE_RULE}")
    detail = _WORDS.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden" and len(place) == 1:
        detail += did_you_mean(name, known)
    elif error["type"] == "literal_error" and isinstance(error.get("input"), str):
        detail += did_you_mean(_shortened(error["input"]), _QUOTED.findall(error["ctx"]["expected"]))
    return FieldError(field=name, code=error["type"], detail=detail)


def _shortened(name: str) -> str:
    return name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}..."


class Problem(BaseModel):
    """Why a request was not carried out; `code` is stable, for programs to act on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "code": "invalid_request",
                    "detail": "1 field is not valid: item_id",
                    "errors": [{"field": "item_id", "code": "missing", "detail": "Field required"}],
                }
            ]
        }
    )

    type: str = Field("about:blank", description="always `about:blank`: `code` tells errors apart")
    title: str = Field(description="name of the status")
    status: int = Field(description="the HTTP status")
    code: str = Field(description="what happened, for programs")
    detail: str = Field(description="what happened and what to do, for people")
    errors: list[FieldError] | None = Field(
        None, description="the fields that are wrong, the first 100; absent where none is"
    )
