"""`/console/items`: the catalogue, and each item with what is known of it."""

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from pydantic import ValidationError

from app.api.dependencies import State
from app.console.neighbours import neighbours_if_known
from app.console.page_routes import pages_router
from app.console.pages import page
from app.errors import BraidError, NotFoundError
from app.process import serving_factory
from app.process.serving_state import ServingState
from app.schemas.item_users import ItemUsersQuery
from app.schemas.items import Item, ItemsPage, ItemsQuery
from models.data.catalogue import is_vector

PATH = "/console/items"
_ON_PAGE, _FITTING = 48, 12
_HIDDEN = {"": None, "true": True, "false": False}
router = pages_router()
Text = Annotated[str, Query(max_length=1000)]


def item_url(item_id: str) -> str:
    """Return the address of the page of an item."""
    return f"{PATH}/one?{urlencode({'item_id': item_id})}"


@router.get(PATH)
async def show_items(
    request: Request,
    state: State,
    q: Text = "",
    category: Text = "",
    hidden: Text = "",
    cursor: Text = "",
) -> Response:
    """Show the items of the catalogue, by the words of their titles or by their ids."""
    given = {"q": q.strip(), "category": category.strip(), "hidden": hidden if hidden in _HIDDEN else ""}
    found, wrong, by_id = ItemsPage(items=[], next_cursor=None), None, None
    try:
        query = ItemsQuery(
            title=given["q"] or None,
            category=given["category"] or None,
            hidden=_HIDDEN[given["hidden"]],
            limit=_ON_PAGE,
            cursor=cursor or None,
        )
        found = await serving_factory.catalogue(state).page(query)
        if given["q"] and not cursor:
            by_id = (await serving_factory.catalogue(state).get_many([given["q"]])).get(given["q"])
    except ValidationError as error:
        wrong = error.errors()[0]["msg"]
    except BraidError as error:
        wrong = error.told or str(error)
    items = [item for item in found.items if by_id is None or item.item_id != by_id.item_id]
    kept = {name: value for name, value in given.items() if value}
    return page(
        request,
        "items.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        items=[*([by_id] if by_id else []), *items],
        given=given,
        wrong=wrong,
        first=f"{PATH}?{urlencode(kept)}" if cursor else None,
        following=f"{PATH}?{urlencode(kept | {'cursor': found.next_cursor})}" if found.next_cursor else None,
    )


@router.get(PATH + "/one")
async def show_item(request: Request, state: State, item_id: Text = "") -> Response:
    """Show an item: its fields, what users did with it, what resembles it, and whom it fits."""
    return await item_page(request, state, item_id)


async def item_page(request: Request, state: ServingState, item_id: str, wrong: str | None = None) -> Response:
    """Show the page of an item; `wrong` says what could not be done with it."""
    try:
        item: Item | None = await serving_factory.catalogue(state).get(item_id)
    except NotFoundError:
        item = None
    try:
        counts = await serving_factory.event_counting(state).of_item(item_id)
    except BraidError:
        counts = None
    if item is None and not (counts and counts.total):
        return page(request, "missing.html", HTTPStatus.NOT_FOUND, what="item", shown=item_id, back=PATH)
    return page(
        request,
        "item.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        item_id=item_id,
        item=item,
        attributes=_readable(item),
        counts=counts,
        neighbours=await neighbours_if_known(serving_factory.similar_items(state), item_id),
        fitting=await _fitting(state, item_id),
        wrong=wrong,
    )


def _readable(item: Item | None) -> dict[str, Any]:
    """Return the attributes of an item, a vector as the number of its numbers."""
    attributes = {} if item is None else item.attributes
    return {
        name: f"a vector of {len(value)} numbers" if is_vector(value) else value for name, value in attributes.items()
    }


async def _fitting(state: ServingState, item_id: str) -> Any:
    try:
        return await serving_factory.item_users(state).users(item_id, ItemUsersQuery(limit=_FITTING))
    except BraidError:
        return None
