"""`/interactions`: what users do."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from app.api.dependencies import Shared
from app.api.problems import problems
from app.schemas.interactions import InteractionIn, InteractionStored

router = APIRouter(
    tags=["interactions"],
    responses=problems(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)


@router.post(
    "/interactions",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": InteractionStored, "description": "A repeat: nothing new was stored"}},
)
async def post_interaction(interaction: InteractionIn, context: Shared, response: Response) -> InteractionStored:
    """Store one interaction; it is committed before the answer, and counts in the very next recommendation.

    Of duplicate keys in the JSON the last one counts. An `event_id` that is stored already answers 200 with the
    `id` of the first.
    """
    stored = await context.ingestion.store(interaction)
    if stored.status == "repeat":
        response.status_code = HTTPStatus.OK
    return stored
