"""Previews of scenarios: the list of a definition that is tried, beside the one in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import orjson

from app.errors import BraidError
from app.schemas.list_fields import NO_CURSOR
from app.schemas.scenario_definitions import Override
from app.schemas.scenarios import Asked, Scenario
from app.services.scenarios.scenario_lists import ScenarioLists

SHOWN = ("title", "image_url", "categories", "price")
"""Fields of the catalogue that a preview has."""


@dataclass(frozen=True)
class PreviewItem:
    """An item of a preview.

    Attributes
    ----------
    item
        As in an answer: id, score, rank, fields of the catalogue, explanation and reasons.
    before
        Its rank in the list in force; None where it is not in it.
    """

    item: Mapping[str, Any]
    before: int | None


@dataclass(frozen=True)
class Preview:
    """The list of a definition, and the items that it would drop from the list in force.

    `answer` is the whole answer. `compared` tells whether there is a list in force to compare with.
    """

    answer: Mapping[str, Any]
    items: tuple[PreviewItem, ...]
    dropped: tuple[Mapping[str, Any], ...]
    compared: bool


class Previews:
    """Lists what a definition would show; nothing is stored or counted."""

    def __init__(self, lists: ScenarioLists) -> None:
        self._lists = lists

    async def preview(self, tried: Scenario, in_force: Scenario | None, asked: Asked) -> Preview:
        """List the items of a definition that is tried, and compare them with those of the one in force.

        Raises
        ------
        InvalidFieldsError
            The request lacks what the kind needs, or names an unknown variant or method.
        NotFoundError
            There is no such item.
        DatabaseError
            The list cannot be made.
        """
        answer = await self._list(tried, asked)
        return _compared(answer, None if in_force is None else await self._in_force(in_force, asked))

    async def _in_force(self, scenario: Scenario, asked: Asked) -> Mapping[str, Any] | None:
        has_it = any(one.name == asked.variant for one in scenario.variants)
        try:
            return await self._list(scenario, asked if has_it else asked.model_copy(update={"variant": None}))
        except BraidError:
            # It may need something else of the request, such as an item.
            return None

    async def _list(self, scenario: Scenario, asked: Asked) -> Mapping[str, Any]:
        free = scenario.model_copy(update={"overrides": get_args(Override)})
        wanted = asked.model_copy(update={"include": SHOWN, "explain": True, "cursor": NO_CURSOR})
        found: Mapping[str, Any] = orjson.loads((await self._lists.recommend(free, wanted, record=False)).body())
        return found


def _compared(answer: Mapping[str, Any], now: Mapping[str, Any] | None) -> Preview:
    items: Sequence[Mapping[str, Any]] = answer["items"]
    before: Sequence[Mapping[str, Any]] = [] if now is None else now["items"]
    ranks = {item["item_id"]: item["rank"] for item in before}
    kept = {item["item_id"] for item in items}
    return Preview(
        answer,
        tuple(PreviewItem(item, ranks.get(item["item_id"])) for item in items),
        tuple(item for item in before if item["item_id"] not in kept),
        now is not None,
    )
