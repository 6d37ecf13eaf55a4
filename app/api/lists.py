"""Answers that hold lists of items: their bytes, their headers, and how OpenAPI describes them."""

from typing import Any

from fastapi import Response

from app.api.hot_path import DEGRADED_HEADER, degradation
from app.services.recommending.answers import Answer

JSON = "application/json"
_HEADERS = {
    DEGRADED_HEADER: {
        "description": "what limited the response: `deadline`, `database` or `stale`; absent otherwise",
        "schema": {"type": "string"},
    }
}


def documented(model: type[Any], **changes: Any) -> dict[int | str, dict[str, Any]]:
    """Describe the answer of a call by its wire model.

    Parameters
    ----------
    changes
        What the example of the call has in place of that of the model.
    """
    described = {"model": model, "headers": _HEADERS}
    if changes:
        described["content"] = {JSON: {"example": model.model_json_schema()["examples"][0] | changes}}
    return {200: described}


def respond(answer: Answer) -> Response:
    """Send an answer."""
    return Response(answer.body(), media_type=JSON, headers=degradation(answer))
