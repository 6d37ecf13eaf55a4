"""Sign-in to the console by an admin key."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.api.dependencies import State
from app.console.own_forms import require_own_form, require_own_page
from app.console.page_routes import pages_router
from app.console.pages import page
from app.services.access.sessions import COOKIE

_CONSOLE, _PATH = "/console", "/console/sign-in"
_REFUSED = "This is not a valid key, or it does not have the scope admin."
router = pages_router()


@router.get(_PATH)
async def show_sign_in(request: Request) -> Response:
    """Show the form that asks for an admin key."""
    return page(request, "sign_in.html", wrong=None)


@router.post(_PATH)
async def sign_in(request: Request, state: State, key: Annotated[str, Form(max_length=200)]) -> Response:
    """Sign in by an admin key: the answer sets a cookie, and leads to the console."""
    require_own_page(request)
    if not state.keyring.loaded:
        await state.keyring.load()
    token = await state.sessions.open(key.strip(), None if request.client is None else request.client.host)
    if token is None:
        return page(request, "sign_in.html", wrong=_REFUSED, status=HTTPStatus.UNAUTHORIZED)
    answer = RedirectResponse(_CONSOLE, HTTPStatus.SEE_OTHER)
    answer.set_cookie(COOKIE, token, path=_CONSOLE, httponly=True, samesite="strict", secure=True)
    return answer


@router.post("/console/sign-out", dependencies=[Depends(require_own_form)])
async def sign_out(request: Request, state: State) -> Response:
    """End the session of the cookie."""
    token = request.cookies.get(COOKIE)
    if token is not None:
        await state.sessions.end(token)
    answer = RedirectResponse(_PATH, HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, path=_CONSOLE, httponly=True, samesite="strict", secure=True)
    return answer
