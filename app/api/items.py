"""`/items`: the catalogue."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.batches import BATCH_PROBLEMS, Atomic, batch_body, read_batch
from app.api.dependencies import PathId, from_state
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.batches import RowsStored
from app.schemas.items import (
    ITEM_EXAMPLE,
    DeleteItemsQuery,
    Item,
    ItemIn,
    ItemPatch,
    ItemsDeleted,
    ItemsPage,
    ItemsQuery,
)
from app.services.catalogue.catalogue import Catalogue

router = APIRouter(
    prefix="/items",
    tags=["catalogue"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)

Items = Annotated[Catalogue, from_state(serving_factory.catalogue)]


@router.get("")
async def list_items(query: Annotated[ItemsQuery, Query()], catalogue: Items) -> ItemsPage:
    """List the items that match all parameters, ordered by id."""
    return await catalogue.page(query)


@router.post(
    "/batch",
    responses=BATCH_PROBLEMS,
    response_model_exclude_unset=True,
    openapi_extra=batch_body("Item", {"item_id": "50", **ITEM_EXAMPLE}),
)
async def put_items(request: Request, catalogue: Items, atomic: Atomic = False) -> RowsStored:
    """Create or replace up to 10,000 items in one transaction."""
    return await catalogue.put_batch(await read_batch(request), atomic=atomic)


@router.put(
    "/{item_id}",
    responses={
        201: {"model": Item, "description": "The item is new"},
        **problems(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    },
)
async def put_item(item_id: PathId, item: ItemIn, catalogue: Items, response: Response) -> Item:
    """Create or replace an item; 201 when it is new."""
    stored, created = await catalogue.put(item_id, item)
    if created:
        response.status_code = HTTPStatus.CREATED
    return stored


@router.patch(
    "/{item_id}",
    responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
)
async def patch_item(item_id: PathId, patch: ItemPatch, catalogue: Items) -> Item:
    """Change an item by a JSON merge patch (RFC 7396): absent fields stay as they are, null clears a field."""
    return await catalogue.patch(item_id, patch)


@router.get("/{item_id}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_item(item_id: PathId, catalogue: Items) -> Item:
    """Get an item."""
    return await catalogue.get(item_id)


@router.delete("")
async def delete_items(query: Annotated[DeleteItemsQuery, Query()], catalogue: Items) -> ItemsDeleted:
    """Delete the items that match all parameters: by their ids, up to 1,000, or by what `GET /items` takes.

    They are deleted in pages of 1,000, each in one transaction. Without any parameter nothing is deleted.
    """
    return ItemsDeleted(deleted=await catalogue.delete_matching(query))


@router.delete("/{item_id}", status_code=HTTPStatus.NO_CONTENT, responses=problems(HTTPStatus.NOT_FOUND))
async def delete_item(item_id: PathId, catalogue: Items) -> None:
    """Remove an item and its content; it is not recommended any more. Its interactions stay in the log."""
    await catalogue.delete(item_id)
