"""Problem documents (RFC 9457): what every error answers."""

from pydantic import BaseModel, ConfigDict


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    code: str
    detail: str


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

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] | None = None
