"""`/items/{item_id}/similar` and `/users/{user_id}/similar`: neighbours."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.api.dependencies import PathId, from_state
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.similar import SimilarItems, SimilarItemsQuery, SimilarUsers, SimilarUsersQuery
from app.services.recommending.similar_items import SimilarItemsService
from app.services.recommending.similar_users import SimilarUsersService

router = APIRouter(
    tags=["recommendations"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.get("/items/{item_id}/similar", responses=problems(HTTPStatus.NOT_FOUND))
async def similar_items(
    item_id: PathId,
    query: Annotated[SimilarItemsQuery, Query()],
    service: Annotated[SimilarItemsService, from_state(serving_factory.similar_items)],
) -> SimilarItems:
    """List the items that are most similar to one.

    An item newer than the bundle is compared by its content. If no similar item is known, trending items are listed
    instead, and `strategy` and `reason` say so.
    """
    return await service.similar(item_id, query)


@router.get("/users/{user_id}/similar")
async def similar_users(
    user_id: PathId,
    query: Annotated[SimilarUsersQuery, Query()],
    service: Annotated[SimilarUsersService, from_state(serving_factory.similar_users)],
) -> SimilarUsers:
    """List the users whose histories are most similar to the user's current history.

    Only users of the last training can be found. For a user without a history the list is empty, and
    `reason` says why.
    """
    return await service.similar(user_id, query)
