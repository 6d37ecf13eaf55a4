"""Routes of the console: what goes wrong on one is told on a page, and not as a document for programs."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.console.pages import page
from app.errors import BraidError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose errors a browser shows as a page; scripts and other programs get a problem document."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def handling(request: Request) -> Response:
            try:
                return await handle(request)
            except BraidError as error:
                if not _shows_pages(request):
                    raise
                return page(request, "refused.html", error.status, why=error.told or str(error))
            except RequestValidationError as error:
                if not _shows_pages(request):
                    raise
                first = error.errors()[0]
                why = f"{first['loc'][-1]}: {first['msg']}"
                return page(request, "refused.html", HTTPStatus.UNPROCESSABLE_ENTITY, why=why)

        return handling


def pages_router() -> APIRouter:
    """Make a router for pages, which are no part of the API."""
    return APIRouter(include_in_schema=False, route_class=PageRoute)


def _shows_pages(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers
