"""Unknown parameters of calls that take none, or some that are no model: refused, as models refuse them."""

from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel


async def require_known(request: Request) -> None:
    """Refuse parameters that a call does not take.

    Raises
    ------
    RequestValidationError
        There is one.
    """
    if not request.scope["query_string"]:
        return
    route: APIRoute = request.scope["route"]
    names = names_of(route)
    unknown = [name for name in request.query_params if name not in names]
    # A model has refused them already, if there is one.
    if unknown and not any(_fields(one) for one in route.dependant.query_params):
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": ""} for name in unknown]
        )


def names_of(route: APIRoute) -> set[str]:
    """Return the names of the parameters that a call takes in its query string."""
    names: set[str] = set()
    for one in _parameters(route.dependant):
        names |= {field.alias or name for name, field in _fields(one).items()} or {one.alias}
    return names


def _fields(parameter: Any) -> dict[str, Any]:
    """Return the fields of a model; nothing for another parameter."""
    kind = parameter.field_info.annotation
    return dict(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else {}


def _parameters(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.query_params
    for inner in dependant.dependencies:
        yield from _parameters(inner)
