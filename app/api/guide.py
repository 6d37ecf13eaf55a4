"""`/guide`: the documentation as a site, from the files that `make guide` builds."""

import asyncio
import mimetypes
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.docs_policy import page_policy
from app.errors import NotFoundError

PATH = "/guide"
FOLDER = Path(__file__).with_name("guide_site")
"""Where `make guide` writes the site; wheels and images hold it."""
_START = "index.html"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
"""Types that do not depend on the tables of the machine."""
_MOST, _FILES = 500_000, 32
"""Bytes of a file that is kept in memory, and number of these files."""


class _File(NamedTuple):
    content: bytes
    media_type: str
    etag: str
    policy: str


async def show_guide() -> RedirectResponse:
    """Lead to the start page: its links are relative."""
    return RedirectResponse(f"{PATH}/")


class Guide:
    """Answers with the files of the guide.

    Parameters
    ----------
    folder
        The built site.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below `/guide/`.

        Raises
        ------
        NotFoundError
            There is no such page; the text names the command that builds the guide where it is missing.
        """
        request = Request(scope)
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
        path = scope["path"].removeprefix(f"{PATH}/")
        answer = await asyncio.to_thread(self._answer, path, request.headers.get("if-none-match", ""))
        await answer(scope, receive, send)

    def _answer(self, path: str, known: str) -> Response:
        if not (self._folder / _START).is_file():
            raise NotFoundError("the guide is not built here: `make guide` builds it; /docs describes the calls")
        place = (self._folder / path).resolve()
        if not place.is_relative_to(self._folder):
            raise NotFoundError("the guide has no such page: /guide/ lists those that there are")
        if place.is_dir():
            if path and not path.endswith("/"):
                # Of this server, whatever host the request names.
                return RedirectResponse(f"{PATH}/{path}/")
            place /= _START
        if not place.is_file() or (path.endswith("/") and place.name != _START):
            raise NotFoundError("the guide has no such page: /guide/ lists those that there are")
        facts = place.stat()
        file = (_kept if facts.st_size <= _MOST else _loaded)(place, facts.st_mtime_ns)
        headers = {"etag": file.etag, "cache-control": "no-cache", "content-security-policy": file.policy}
        if file.etag in {one.strip().removeprefix("W/") for one in known.split(",")}:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(file.content, media_type=file.media_type, headers=headers)


def _loaded(place: Path, _changed: int) -> _File:
    content, suffix = place.read_bytes(), place.suffix
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(place.name)[0] or "application/octet-stream"
    # A worker of a page has the policy of its own file.
    policy = page_policy(content if suffix == ".html" else b"")
    return _File(content, media_type, f'"{sha256(content).hexdigest()[:32]}"', policy)


_kept = lru_cache(_FILES)(_loaded)
