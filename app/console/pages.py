"""Pages of the console: templates, and the headers that each page has."""

import hashlib
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.console.assets import asset
from app.console.own_forms import csrf_for

# Pictures of items are wherever the catalogue says.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https: http:; connect-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HTML: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>..."}}}
}
"""The answer of a page, for the OpenAPI document."""
PLACES = {
    "/console": "Overview",
    "/console/explore": "Explore",
    "/console/items": "Items",
    "/console/users": "Users",
    "/console/scenarios": "Scenarios",
    "/console/bundles": "Bundles",
    "/console/data": "Data",
    "/console/keys": "Keys",
    "/console/audit": "Audit",
    "/console/settings": "Settings",
}
"""The pages that the navigation lists, by their paths."""
_SAID, _SAID_SECONDS = "braid_said", 30
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: Request, template: str, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """Fill the template of a whole page."""
    said = unquote(request.cookies.get(_SAID, ""))
    shared = {"csrf": csrf_for(request), "path": request.url.path, "places": PLACES, "said": said}
    answer = part(template, status, **shared, **values)
    if said:
        answer.delete_cookie(_SAID, path="/console")
    return answer


def part(template: str, status: int = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """Fill the template of a part of a page, which takes the place of another one."""
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store"}
    return HTMLResponse(_templates.get_template(template).render(**values), status, headers=headers)


def done(request: Request, place: str, said: str) -> Response:
    """Lead to a page after something was done, where one sentence says what; htmx is led there as well."""
    answer = (
        Response(status_code=HTTPStatus.NO_CONTENT, headers={"hx-redirect": place})
        if "hx-request" in request.headers
        else RedirectResponse(place, HTTPStatus.SEE_OTHER)
    )
    answer.set_cookie(_SAID, quote(said), _SAID_SECONDS, path="/console", httponly=True, samesite="strict")
    return answer


def _hue(text: str) -> int:
    """Return the colour of what has no picture: always the same for the same text."""
    return hashlib.sha256(text.encode()).digest()[0] * 360 // 256


_templates.filters["hue"] = _hue
_templates.globals["asset"] = asset
_templates.globals["ui"] = _templates.get_template("ui.html").module
