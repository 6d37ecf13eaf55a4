"""`/interactions`: what users do."""

from http import HTTPStatus

import orjson
from fastapi import APIRouter, Request, Response

from app.api.batches import BATCH_PROBLEMS, Atomic, batch_body, read_batch
from app.api.dependencies import State
from app.api.problems import problems
from app.schemas.interactions import EXAMPLE, InteractionIn, InteractionsStored, InteractionStored

_STATUS = ("stored", "repeat")
router = APIRouter(
    tags=["interactions"],
    responses=problems(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)


@router.post(
    "/interactions",
    status_code=HTTPStatus.CREATED,
    response_class=Response,
    responses={
        201: {"model": InteractionStored, "description": "Stored"},
        200: {
            "model": InteractionStored,
            "description": "A repeat: nothing new was stored",
            "content": {"application/json": {"example": {"id": 1001, "event_id": "order-1001-1", "status": "repeat"}}},
        },
        **problems(HTTPStatus.CONFLICT),
    },
)
async def post_interaction(interaction: InteractionIn, state: State) -> Response:
    """Store one interaction; it is committed before the response, and counts in the next recommendation.

    If the JSON repeats a key, the last value wins. If the `event_id` was stored before with the same content, the
    response is 200 with the `id` of the first post; with other content it is 409 (`event_id_conflict`).
    """
    stored = await state.ingestion.store(interaction)
    # As bytes: a model would be validated once more before it is sent.
    content = orjson.dumps({"id": stored.id, "event_id": interaction.event_id, "status": _STATUS[stored.repeated]})
    status = HTTPStatus.OK if stored.repeated else HTTPStatus.CREATED
    return Response(content, status_code=status, media_type="application/json")


@router.post(
    "/interactions/batch",
    responses=BATCH_PROBLEMS,
    response_model_exclude_unset=True,
    openapi_extra=batch_body("InteractionIn", EXAMPLE),
)
async def post_interactions(request: Request, state: State, atomic: Atomic = False) -> InteractionsStored:
    """Store up to 10,000 interactions in one transaction; valid rows are stored, and `errors` lists the others.

    A row whose `event_id` was stored before is a repeat, or refused if its content is another. A row without an
    `event_id` is a repeat if an earlier row of the batch has the same user, item, type and timestamp.
    """
    return await state.ingestion.store_batch(await read_batch(request), atomic=atomic)
