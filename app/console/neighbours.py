"""What resembles an item: by each method that the bundle, or the catalogue without one, can compare items by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.console.exploring import SHOWN
from app.console.strands import METHODS, name_of
from app.errors import BraidError
from app.schemas.options import Options
from app.services.recommending.similar_items import SimilarItemsService

_SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The items that resemble one by a method, the most similar first."""

    method: str
    name: str
    about: str
    items: Sequence[Any]


async def neighbours_by_method(service: SimilarItemsService, item_id: str, limit: int = 6) -> list[Neighbours]:
    """List what resembles an item by each method.

    Raises
    ------
    NotFoundError
        Nothing knows the item.
    DatabaseError
        It is not in memory and cannot be looked up.
    """
    options = Options(limit=limit, include=SHOWN, pages=False)
    found = []
    for method in service.methods():
        answer = await service.similar([item_id], method, None, options, {})
        told = orjson.loads(answer.body())
        # What is popular takes the place of an empty list: it says nothing of this method.
        alike = told["items"] if told["strategy"] == _SIMILAR else []
        found.append(Neighbours(method, _title(method), METHODS.get(method, ""), alike))
    return found


async def neighbours_if_known(service: SimilarItemsService, item_id: str) -> list[Neighbours]:
    """List what resembles an item; nothing where it is not known, or cannot be looked up."""
    try:
        return await neighbours_by_method(service, item_id)
    except BraidError:
        return []


def _title(method: str) -> str:
    return "Blend" if method == "blend" else name_of(method)
