"""`/recommend`: what to show next."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.dependencies import PathId, State
from app.api.hot_path import degradation, remember
from app.api.lists import JSON, documented, respond
from app.api.problems import problems
from app.schemas.recommend_requests import RecommendBatchIn, RecommendIn, RecommendQuery
from app.schemas.recommendations import Recommendation, RecommendationBatch

router = APIRouter(
    prefix="/recommend",
    tags=["recommendations"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.get("/{user_id}", response_class=Response, responses=documented(Recommendation))
async def recommend_for_user(
    user_id: PathId, query: Annotated[RecommendQuery, Query()], state: State, request: Request
) -> Response:
    """Rank items for a user, from the user's history up to now.

    A new user gets popular items, and personalized ones from the first interaction on.
    """
    options = query.options()
    answer = await state.recommendation.recommend(user_id, options)
    remember(state, request.scope["query_string"], options)
    return respond(answer)


@router.post("", response_class=Response, responses=documented(Recommendation))
async def recommend(body: RecommendIn, state: State) -> Response:
    """Rank items for a user or an anonymous session, with filters; also with boosts, pins, preferences, candidates."""
    return respond(await state.recommendation.recommend(body.user_id, body.options()))


@router.post("/batch", response_class=Response, responses=documented(RecommendationBatch))
async def recommend_batch(body: RecommendBatchIn, state: State) -> Response:
    """Rank items for up to 100 users at once, each as `POST /recommend` does."""
    answers = await state.recommendation.recommend_all(body.user_ids, body.options(), body.attributes)
    content = b'{"items":[%s]}' % b",".join(answer.body() for answer in answers)
    worst = next((answer for answer in answers if answer.degraded is not None), answers[0])
    return Response(content, media_type=JSON, headers=degradation(worst))
