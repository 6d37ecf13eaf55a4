"""`/items`: the catalogue."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from app.api.dependencies import PathId, Shared
from app.api.problems import problems
from app.schemas.items import Item, ItemIn

router = APIRouter(
    prefix="/items",
    tags=["catalogue"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.put(
    "/{item_id}",
    responses={
        201: {"model": Item, "description": "The item is new"},
        **problems(HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    },
)
async def put_item(item_id: PathId, item: ItemIn, context: Shared, response: Response) -> Item:
    """Store an item in the place of the one that was there; 201 when it is new."""
    stored, created = await context.catalogue.put(item_id, item)
    if created:
        response.status_code = HTTPStatus.CREATED
    return stored


@router.get("/{item_id}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_item(item_id: PathId, context: Shared) -> Item:
    """Give an item."""
    return await context.catalogue.get(item_id)


@router.delete("/{item_id}", status_code=HTTPStatus.NO_CONTENT, responses=problems(HTTPStatus.NOT_FOUND))
async def delete_item(item_id: PathId, context: Shared) -> None:
    """Remove an item and its content; it is not recommended any more. What users did with it stays in the log."""
    await context.catalogue.delete(item_id)
