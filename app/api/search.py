"""`/search`: items by the words of their title, description, categories and tags."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.dependencies import from_state
from app.api.lists import documented, respond
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.search import Found, SearchIn, SearchQuery
from app.services.recommending.searching import SearchService

router = APIRouter(
    tags=["recommendations"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)

Service = Annotated[SearchService, from_state(serving_factory.search_service)]
_LISTS = documented(Found)


@router.get("/search", response_class=Response, responses=_LISTS)
async def search_items(query: Annotated[SearchQuery, Query()], service: Service) -> Response:
    """List the items that have all words of a query; for a user, in an order that fits what the user likes.

    The last word may be the beginning of one. Titles weigh most, then categories and tags, then descriptions.
    """
    return respond(await service.search(query.q, query.user_id, query.options()))


@router.post("/search", response_class=Response, responses=_LISTS)
async def search_items_with_filters(body: SearchIn, service: Service) -> Response:
    """List the items that have all words of a query, with filters; also with boosts, pins and preferences."""
    return respond(await service.search(body.q, body.user_id, body.options()))
