"""Forms of a user: to change the profile, and to erase all that is stored."""

from typing import Annotated

from fastapi import Depends, Form, Request, Response
from pydantic import ValidationError

from app.api.dependencies import State
from app.console.item_forms import attributes_read
from app.console.own_forms import require_own_form
from app.console.page_routes import pages_router
from app.console.pages import done
from app.console.users import PATH, user_page, user_url
from app.errors import BraidError
from app.process import serving_factory
from app.schemas.users import UserIn

router = pages_router()
_own = [Depends(require_own_form)]
_UNCONFIRMED = "Type the id of the user to erase everything: nothing was erased."
Text = Annotated[str, Form(max_length=1000)]


@router.post(PATH + "/edit", dependencies=_own)
async def save_user(
    request: Request, state: State, user_id: Text, attributes: Annotated[str, Form(max_length=100_000)] = ""
) -> Response:
    """Store the attributes of a user in place of those before."""
    try:
        given = UserIn(attributes=attributes_read(attributes))
        await serving_factory.profiles(state).put(user_id, given)
    except ValidationError as error:
        wrong = error.errors()[0]["msg"].removeprefix("Value error, ")
        return await user_page(request, state, user_id, wrong=f"attributes: {wrong}", typed=attributes)
    except BraidError as error:
        errors = getattr(error, "errors", None) or []
        wrong = "; ".join(f"{one.field}: {one.detail}" for one in errors) or error.told or str(error)
        return await user_page(request, state, user_id, wrong=wrong, typed=attributes)
    except ValueError as error:
        return await user_page(request, state, user_id, wrong=str(error), typed=attributes)
    return done(request, user_url(user_id), "The profile is stored.")


@router.post(PATH + "/erase", dependencies=_own)
async def erase_user(request: Request, state: State, user_id: Text, confirmed: Text = "") -> Response:
    """Erase all data stored about a user, if the id was typed once more."""
    if confirmed.strip() != user_id:
        return await user_page(request, state, user_id, wrong=_UNCONFIRMED)
    try:
        await serving_factory.user_data(state).erase(user_id)
    except BraidError as error:
        return await user_page(request, state, user_id, wrong=error.told or str(error))
    return done(request, PATH, "The user is erased. Bundles lose the history within a minute or two.")
