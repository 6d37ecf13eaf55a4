"""The lists of the page Explore: what is recommended, and how it differs from another list."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from app.console.exploring import Exploring, Settings
from app.console.strands import Strand, summed
from app.services.recommending.simulating import Act, SimulatingService

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """How a list differs from another one.

    `places` says by how many places each item is higher, by its id; None for one that the other list does not have.
    `left` are the items that only the other list has.
    """

    places: Mapping[str, int | None]
    left: Sequence[Item]

    @property
    def came(self) -> int:
        """How many items are new."""
        return sum(places is None for places in self.places.values())

    @property
    def changed(self) -> int:
        """How many items have another place."""
        return sum(bool(places) for places in self.places.values())

    @property
    def same(self) -> bool:
        """Whether the two lists are the same."""
        return not self.came and not self.changed and not self.left


@dataclass(frozen=True, slots=True)
class ShownList:
    """One list: its items as the API gives them, and what it is made of. `moved` compares it with another one."""

    items: Sequence[Item]
    strategy: str
    reason: str | None
    degraded: str | None
    milliseconds: float
    strands: Sequence[Strand] = ()
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of the page; `common` is how many items both have."""

    first: ShownList
    second: ShownList | None = None
    common: int = 0


async def shown_lists(service: SimulatingService, exploring: Exploring) -> Lists:
    """Make the list of the user with all acts, compared with that before the last act; and the second list.

    Raises
    ------
    BraidError
        The list cannot be made.
    """
    first = await _made(service, exploring, exploring.first, exploring.acts)
    if exploring.acts:
        before = await _made(service, exploring, exploring.first, exploring.acts[:-1])
        first = _compared(first, before)
    if exploring.second is None:
        return Lists(first)
    second = _compared(await _made(service, exploring, exploring.second, exploring.acts), first)
    common = {item["item_id"] for item in first.items} & {item["item_id"] for item in second.items}
    return Lists(first, second, len(common))


async def _made(service: SimulatingService, exploring: Exploring, settings: Settings, acts: Sequence[Act]) -> ShownList:
    began = time.perf_counter()
    options = settings.options(exploring.options())
    answer = await service.recommend(exploring.user_id or None, acts, options)
    took = 1000 * (time.perf_counter() - began)
    found = orjson.loads(answer.body())
    items = found["items"]
    return ShownList(items, found["strategy"], found["reason"], found["degraded"], took, summed(items))


def _compared(shown: ShownList, other: ShownList) -> ShownList:
    ranks = {item["item_id"]: item["rank"] for item in other.items}
    places = {
        item["item_id"]: ranks[item["item_id"]] - item["rank"] if item["item_id"] in ranks else None
        for item in shown.items
    }
    left = [item for item in other.items if item["item_id"] not in places]
    return replace(shown, moved=Moved(places, left))
