"""`/recommend`: what to show next."""

from http import HTTPStatus
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from app.api.dependencies import PathId, Shared
from app.api.problems import problems
from app.schemas.recommendations import Recommendation, RecommendQuery

router = APIRouter(
    prefix="/recommend",
    tags=["recommendations"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.get("/{user_id}", response_class=Response, responses={200: {"model": Recommendation}})
async def recommend(user_id: PathId, query: Annotated[RecommendQuery, Query()], context: Shared) -> Response:
    """Rank items for a user from everything the user did until this moment.

    Somebody nobody has seen gets popular items, and personal ones from the first interaction on.
    """
    answer = await context.recommendation.recommend(user_id, query)
    return Response(orjson.dumps(answer), media_type="application/json")
