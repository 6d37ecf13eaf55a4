"""`/items/{item_id}/users`: whom to tell about an item."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.api.dependencies import PathId, from_state
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.item_users import ItemUsers, ItemUsersQuery
from app.services.recommending.item_users import ItemUsersService

router = APIRouter(
    tags=["recommendations"],
    responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.get("/items/{item_id}/users")
async def list_users_for_item(
    item_id: PathId,
    query: Annotated[ItemUsersQuery, Query()],
    service: Annotated[ItemUsersService, from_state(serving_factory.item_users)],
) -> ItemUsers:
    """List the users whom an item fits best, for a campaign: those with the most of what is similar to it.

    Only users of the last training can be found. If there are none the list is empty, and `reason` says why.
    """
    return await service.users(item_id, query)
