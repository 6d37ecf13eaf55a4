"""`/pages`: rows of lists for one user."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response

from app.api.dependencies import from_state
from app.api.hot_path import degradation
from app.api.lists import JSON, documented
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.scenarios import PageAnswer, PageIn
from app.services.scenarios.page_rows import PageRows

router = APIRouter(
    prefix="/pages",
    tags=["scenarios"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.post(
    "/recommend",
    response_class=Response,
    responses={**documented(PageAnswer), **problems(HTTPStatus.NOT_FOUND)},
)
async def recommend_page(body: PageIn, pages: Annotated[PageRows, from_state(serving_factory.page_rows)]) -> Response:
    """List the rows of a page, in which no item stands twice; rows that would hold too little are left out."""
    page = await pages.page(body)
    headers = {} if page.worst is None else degradation(page.worst)
    return Response(page.json, media_type=JSON, headers=headers)
