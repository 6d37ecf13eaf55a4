"""Bodies of batches: a JSON array, or NDJSON with one row per line."""

from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import Query, Request

from app.api.problems import problems
from app.errors import UnsupportedMediaTypeError
from app.services.kit.batches import MAX_ROWS, read_array, read_lines

_JSON = "application/json"
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
Atomic = Annotated[bool, Query(description="store all rows, or none if any row is refused")]
BATCH_PROBLEMS = problems(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


async def read_batch(request: Request) -> list[object]:
    """Read the rows of a body, unchecked.

    Raises
    ------
    UnsupportedMediaTypeError
        The body is neither.
    MalformedBodyError
        The body is not a JSON array.
    TooManyRowsError
        The body has more than 10,000 rows.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _LINES:
        return await read_lines(await request.body())
    if kind == _JSON:
        return await read_array(await request.body())
    raise UnsupportedMediaTypeError(f"send the body as content-type: {_JSON} or {_LINES[0]}, not {kind or 'without'}")


def batch_body(schema: str, example: dict[str, Any]) -> dict[str, Any]:
    """Describe such a body for OpenAPI.

    Parameters
    ----------
    schema
        Name of the schema of a row.
    example
        A row.
    """
    array = {"type": "array", "maxItems": MAX_ROWS, "items": {"$ref": f"#/components/schemas/{schema}"}}
    lines = {"type": "string", "description": "one row per line"}
    line = f"{orjson.dumps(example).decode()}\n"
    content = {_JSON: {"schema": array, "example": [example]}, _LINES[0]: {"schema": lines, "example": line}}
    return {"requestBody": {"required": True, "content": content}}
