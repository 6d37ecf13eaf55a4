"""Forms of the console: taken from its own pages alone, with the token of the session."""

import hmac
from typing import Annotated

from fastapi import Form, Request

from app.api.header_values import header_values
from app.api.loopback import is_foreign
from app.errors import ForbiddenError, ForeignOriginError
from app.services.access.sessions import COOKIE, csrf_of

_CSRF_HEADER = "x-csrf-token"
"""Header of what the scripts of a page send; its forms have a field."""


def csrf_for(request: Request) -> str | None:
    """Return what the forms of a page carry; None without a session."""
    token = request.cookies.get(COOKIE)
    return None if token is None else csrf_of(token)


def require_own_page(request: Request) -> None:
    """Refuse what a page of another origin makes a browser send.

    Raises
    ------
    ForeignOriginError
        The request is of such a page.
    """
    if is_foreign(header_values(request.scope)):
        raise ForeignOriginError(f"pages of {request.headers['origin']} may not send forms to the console")


async def require_own_form(request: Request, csrf: Annotated[str, Form(max_length=100)] = "") -> None:
    """Refuse a form that is not of this session; without a session, one whose page the browser does not name.

    Raises
    ------
    ForbiddenError
        It is of another page, or of another session.
    """
    require_own_page(request)
    expected, csrf = csrf_for(request), request.headers.get(_CSRF_HEADER, csrf)
    if expected is None and b"origin" not in header_values(request.scope):
        raise ForbiddenError("send the form from its page: the Origin header is missing")
    if expected is not None and not hmac.compare_digest(csrf.encode(), expected.encode()):
        raise ForbiddenError("the form is not of this session: open the page again")
