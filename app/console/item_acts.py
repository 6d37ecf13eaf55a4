"""Forms of an item: to add and edit it, to hide it, and to remove it from the catalogue."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Form, Query, Request, Response
from pydantic import TypeAdapter, ValidationError

from app.api.dependencies import State
from app.console.item_forms import EMPTY, as_form, as_given, changes
from app.console.items import PATH, item_page, item_url
from app.console.own_forms import require_own_form
from app.console.page_routes import pages_router
from app.console.pages import done, page
from app.errors import BraidError, NotFoundError
from app.process import serving_factory
from app.process.serving_state import ServingState
from app.schemas.ids import Id
from app.schemas.items import Item, ItemIn, ItemPatch

router = pages_router()
_own = [Depends(require_own_form)]
_id: TypeAdapter[str] = TypeAdapter(Id)
Text = Annotated[str, Form(max_length=1000)]


@router.get(PATH + "/edit")
async def show_form(request: Request, state: State, item_id: Annotated[str, Query(max_length=1000)] = "") -> Response:
    """Show the form of an item, or an empty one."""
    item = await _stored(state, item_id)
    return _form(request, item_id, as_form(item or EMPTY), is_new=item is None)


@router.post(PATH + "/edit", dependencies=_own)
async def save_item(request: Request, state: State, item_id: Text = "", new: Text = "") -> Response:
    """Store what the form changes."""
    item_id = item_id.strip()
    given = as_given(await request.form())
    try:
        _id.validate_python(item_id)
        item = await _stored(state, item_id)
        if new and item is not None:
            raise ValueError(f"there is an item {item_id!r} already: edit it")
        await _save(state, item_id, item, given)
    except ValidationError as error:
        return _form(request, item_id, given, is_new=bool(new), wrong=_first(error))
    except BraidError as error:
        return _form(request, item_id, given, is_new=bool(new), wrong=_told(error))
    except ValueError as error:
        return _form(request, item_id, given, is_new=bool(new), wrong=str(error))
    return done(request, item_url(item_id), "The item is stored.")


@router.post(PATH + "/hide", dependencies=_own)
async def hide_item(request: Request, state: State, item_id: Text, hidden: Text = "") -> Response:
    """Hide an item from all lists, or show it again."""
    try:
        await serving_factory.catalogue(state).patch(item_id, ItemPatch(hidden=bool(hidden)))
    except BraidError as error:
        return await item_page(request, state, item_id, _told(error))
    said = "The item is hidden: no list has it any more." if hidden else "The item is shown in lists again."
    return done(request, item_url(item_id), said)


@router.post(PATH + "/erase", dependencies=_own)
async def erase_item(request: Request, state: State, item_id: Text, confirmed: Text = "") -> Response:
    """Remove an item and its content from the catalogue, if its id was typed once more."""
    if confirmed.strip() != item_id:
        return await item_page(request, state, item_id, "Type the id of the item to remove it: nothing was removed.")
    try:
        await serving_factory.catalogue(state).delete(item_id)
    except BraidError as error:
        return await item_page(request, state, item_id, _told(error))
    return done(request, PATH, "The item is removed. Its interactions are still in the log.")


async def _save(state: ServingState, item_id: str, item: Item | None, given: dict[str, str]) -> None:
    catalogue = serving_factory.catalogue(state)
    changed = changes(item or EMPTY, given)
    if item is None:
        await catalogue.put(item_id, ItemIn.model_validate(changed))
    elif changed:
        await catalogue.patch(item_id, ItemPatch.model_validate(changed))


async def _stored(state: ServingState, item_id: str) -> Item | None:
    try:
        return await serving_factory.catalogue(state).get(item_id) if item_id else None
    except NotFoundError:
        return None


def _form(
    request: Request, item_id: str, fields: dict[str, str], *, is_new: bool, wrong: str | None = None
) -> Response:
    status = HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return page(request, "item_form.html", status, item_id=item_id, fields=fields, is_new=is_new, wrong=wrong)


def _first(error: ValidationError) -> str:
    first: Any = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where or 'item_id'}: {first['msg'].removeprefix('Value error, ')}"


def _told(error: BraidError) -> str:
    errors = getattr(error, "errors", None)
    return "; ".join(f"{one.field}: {one.detail}" for one in errors) if errors else error.told or str(error)
