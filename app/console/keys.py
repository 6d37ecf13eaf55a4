"""`/console/keys`: makes, lists, replaces and revokes API keys."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Form, Request, Response
from pydantic import ValidationError

from app.api.dependencies import State
from app.api.keys import Caller, KeyId, Keys
from app.console.own_forms import require_own_form
from app.console.page_routes import pages_router
from app.console.pages import page
from app.errors import NotFoundError
from app.process.serving_state import ServingState
from app.schemas.keys import MEANINGS, KeyIn, NewKey, RotateIn
from app.services.access.api_keys import ApiKeys

_PATH = "/console/keys"
router = pages_router()
_own = [Depends(require_own_form)]
Text = Annotated[str, Form(max_length=10_000)]


@router.get(_PATH)
async def show_keys(request: Request, state: State, keys: Keys) -> Response:
    """Show all keys, and a form that makes one."""
    return await _shown(request, state, keys)


@router.post(_PATH, dependencies=_own)
async def make_key(
    request: Request,
    state: State,
    keys: Keys,
    caller: Caller,
    name: Text = "",
    scopes: Annotated[list[str] | None, Form(max_length=20)] = None,
    days: Annotated[str, Form(max_length=5)] = "",
    scenarios: Text = "",
    origins: Text = "",
    rate_limit: Text = "",
) -> Response:
    """Make a key, and show it this once."""
    try:
        given = KeyIn.model_validate(
            {
                "name": name.strip(),
                "scopes": scopes or [],
                "scenarios": _listed(scenarios),
                "origins": _listed(origins),
                "rate_limit": rate_limit.strip() or None,
                "expires_at": datetime.now(UTC) + timedelta(days=int(days)) if days else None,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return await _shown(request, state, keys, wrong=f"{where}: {first['msg']}" if where else first["msg"])
    except (ValueError, OverflowError):
        return await _shown(request, state, keys, wrong=f"days: {days!r} is not a number of days")
    return await _shown(request, state, keys, made=await keys.add(given, caller))


@router.post(_PATH + "/{key_id}/rotate", dependencies=_own)
async def replace_key(request: Request, state: State, key_id: KeyId, keys: Keys, caller: Caller) -> Response:
    """Make a key that may do the same, and show it this once."""
    try:
        made = await keys.rotate(key_id, RotateIn().grace_hours, caller)
    except NotFoundError as error:
        return await _shown(request, state, keys, wrong=str(error))
    return await _shown(request, state, keys, made=made)


@router.post(_PATH + "/{key_id}/revoke", dependencies=_own)
async def revoke_key(request: Request, state: State, key_id: KeyId, keys: Keys, caller: Caller) -> Response:
    """End a key within a second."""
    try:
        await keys.revoke(key_id, caller)
    except NotFoundError as error:
        return await _shown(request, state, keys, wrong=str(error))
    return await _shown(request, state, keys)


async def _shown(
    request: Request, state: ServingState, keys: ApiKeys, *, made: NewKey | None = None, wrong: str | None = None
) -> Response:
    return page(
        request,
        "keys.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        keys=(await keys.list()).items,
        scopes=MEANINGS,
        made=made,
        wrong=wrong,
        now=datetime.now(UTC),
        open=state.resources.settings.allow_open,
    )


def _listed(text: str) -> list[str] | None:
    return [part.strip() for part in text.split(",") if part.strip()] or None
