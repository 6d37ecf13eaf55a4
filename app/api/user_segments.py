"""`/users/{user_id}/segments`: what kinds of items fit a user."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.dependencies import PathId, from_state
from app.api.lists import documented, respond
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.user_segments import Segments, SegmentsQuery
from app.services.recommending.user_segments import UserSegmentsService

router = APIRouter(
    tags=["recommendations"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.get(
    "/users/{user_id}/segments",
    response_class=Response,
    responses=documented(Segments),
)
async def list_user_segments(
    user_id: PathId,
    query: Annotated[SegmentsQuery, Query()],
    service: Annotated[UserSegmentsService, from_state(serving_factory.user_segments)],
) -> Response:
    """List the categories, tags or values of an attribute that fit a user best: each with a few items.

    They are those that the user's first 100 recommendations have most; without a history, the popular items.
    """
    return respond(await service.segments(user_id, query))
