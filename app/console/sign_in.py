"""Sign-in to the console by an admin key."""

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.api.dependencies import State
from app.api.header_values import header_values
from app.api.loopback import is_foreign
from app.console.pages import page
from app.errors import ForbiddenError, ForeignOriginError
from app.services.access.sessions import COOKIE, csrf_of

_CONSOLE, _PATH = "/console", "/console/sign-in"
_REFUSED = "This is not a valid key, or it does not have the scope admin."
# Forms for people are no part of the API.
router = APIRouter(include_in_schema=False)


@router.get(_PATH)
async def show_sign_in() -> Response:
    """Show the form that asks for an admin key."""
    return page("sign_in.html", wrong=None)


@router.post(_PATH)
async def sign_in(request: Request, state: State, key: Annotated[str, Form(max_length=200)]) -> Response:
    """Sign in by an admin key: the answer sets a cookie, and leads to the console."""
    _require_own_page(request)
    if not state.keyring.loaded:
        await state.keyring.load()
    token = await state.sessions.open(key.strip(), None if request.client is None else request.client.host)
    if token is None:
        return page("sign_in.html", wrong=_REFUSED, status=HTTPStatus.UNAUTHORIZED)
    answer = RedirectResponse(_CONSOLE, HTTPStatus.SEE_OTHER)
    answer.set_cookie(COOKIE, token, path=_CONSOLE, httponly=True, samesite="strict", secure=True)
    return answer


@router.post("/console/sign-out")
async def sign_out(request: Request, state: State, csrf: Annotated[str, Form(max_length=100)]) -> Response:
    """End the session of the cookie; `csrf` is in the form of the console."""
    _require_own_page(request)
    token = request.cookies.get(COOKIE)
    if token is not None and not hmac.compare_digest(csrf, csrf_of(token)):
        raise ForbiddenError("the form is not of this session")
    if token is not None:
        await state.sessions.end(token)
    answer = RedirectResponse(_PATH, HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, path=_CONSOLE, httponly=True, samesite="strict", secure=True)
    return answer


def _require_own_page(request: Request) -> None:
    if is_foreign(header_values(request.scope)):
        raise ForeignOriginError(f"pages of {request.headers['origin']} may not sign in or out here")
