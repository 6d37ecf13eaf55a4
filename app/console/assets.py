"""Styles, scripts and icons of the console: files of this server, which browsers keep until they change."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PREFIX = "/console/static"
_FOLDER = Path(__file__).parent / "static"
_YEAR = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """The files; one whose address holds its digest never has to be asked for again."""

    def __init__(self) -> None:
        super().__init__(directory=_FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file."""
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = _YEAR if scope["query_string"].startswith(b"v=") else "no-cache"
        return answer


@cache
def asset(name: str) -> str:
    """Return the address of a file, with its digest."""
    digest = hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest()
    return f"{PREFIX}/{name}?v={digest[:12]}"
