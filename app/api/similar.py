"""`/items/{item_id}/similar` and `/users/{user_id}/similar`: neighbours."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.dependencies import PathId, from_state
from app.api.lists import documented, respond
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.similar import (
    SimilarItems,
    SimilarItemsIn,
    SimilarItemsQuery,
    SimilarToSeveralIn,
    SimilarUsers,
    SimilarUsersQuery,
)
from app.services.recommending.similar_items import SimilarItemsService
from app.services.recommending.similar_users import SimilarUsersService

router = APIRouter(
    tags=["recommendations"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


_LISTS = {**documented(SimilarItems), **problems(HTTPStatus.NOT_FOUND)}
_OF_SEVERAL = {
    **documented(SimilarItems, item_id=None, item_ids=["181", "172"], method="blend"),
    **problems(HTTPStatus.NOT_FOUND),
}
Service = Annotated[SimilarItemsService, from_state(serving_factory.similar_items)]


@router.get("/items/{item_id}/similar", response_class=Response, responses=_LISTS)
async def list_similar_items(
    item_id: PathId, query: Annotated[SimilarItemsQuery, Query()], service: Service
) -> Response:
    """List the items that are most similar to one; for a user, in an order that fits what the user likes.

    An item newer than the bundle is compared by its content. If no similar item is known, trending items are listed
    instead, and `strategy` and `reason` say so.
    """
    head = {"item_id": item_id, "user_id": query.user_id, "method": query.method}
    return respond(await service.similar([item_id], query.method, query.user_id, query.options(), head))


@router.post("/items/{item_id}/similar", response_class=Response, responses=_LISTS)
async def list_similar_items_with_filters(item_id: PathId, body: SimilarItemsIn, service: Service) -> Response:
    """List the items that are most similar to one, with filters; also with boosts, pins and preferences.

    A filter can refer to the item: `{"field": "price", "lte": {"item": "price", "times": 2}}`.
    """
    head = {"item_id": item_id, "user_id": body.user_id, "method": body.method}
    return respond(await service.similar([item_id], body.method, body.user_id, body.options(), head))


@router.post("/items/similar", response_class=Response, responses=_OF_SEVERAL)
async def list_items_similar_to_several(body: SimilarToSeveralIn, service: Service) -> Response:
    """List the items that are most similar to several, such as what completes a cart."""
    head = {"item_ids": body.item_ids, "user_id": body.user_id, "method": body.method}
    item_ids = list(dict.fromkeys(body.item_ids))
    return respond(await service.similar(item_ids, body.method, body.user_id, body.options(), head))


@router.get("/users/{user_id}/similar")
async def list_similar_users(
    user_id: PathId,
    query: Annotated[SimilarUsersQuery, Query()],
    service: Annotated[SimilarUsersService, from_state(serving_factory.similar_users)],
) -> SimilarUsers:
    """List the users whose histories are most similar to the user's current history.

    Only users of the last training can be found. For a user without a history the list is empty, and
    `reason` says why.
    """
    return await service.similar(user_id, query)
