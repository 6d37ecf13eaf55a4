"""What the page Explore shows, as its address says it: the user, simulated acts, and how the lists are made."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from app.schemas.options import Options
from app.services.recommending.simulating import Act

PATH = "/console/explore"
SHOWN = ("title", "image_url", "categories", "price")
"""Fields of the catalogue that a list shows."""
LENGTHS = (10, 20, 50)
SEEN = {"": "As served", "all": "Leave out all seen", "none": "Keep what was seen"}
_SEEN: Mapping[str, bool | None] = {"": None, "all": True, "none": False}
_MOST_ACTS = 50
_SECOND = "b_"
"""What the names of the second list's settings begin with."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one of the two lists is made; None for what the service does by itself. Shares are from 0 to 1."""

    diversity: float = 0.0
    new_items: float | None = None
    content: float | None = None
    network: float | None = None

    @classmethod
    def read(cls, query: QueryParams, prefix: str, served: "Settings") -> Self:
        """Read the settings of an address; what is the same as served is left out, and so is what is no share."""
        given = {one.name: _share(query.get(prefix + one.name)) for one in fields(cls)}
        own = {name: value for name, value in given.items() if value != getattr(served, name)}
        return cls(**{**own, "diversity": own.get("diversity") or 0.0})  # type: ignore[arg-type]

    def params(self, prefix: str) -> list[tuple[str, str]]:
        """Return the parameters of an address."""
        named = [(one.name, getattr(self, one.name)) for one in fields(self)]
        # No diversity is what there is by itself; a share of 0 is not.
        return [
            (prefix + name, f"{value:g}") for name, value in named if value or (value == 0.0 and name != "diversity")
        ]

    def options(self, shared: Options) -> Options:
        """Return the options of the list."""
        return replace(
            shared,
            diversity=self.diversity,
            new_item_share=self.new_items,
            content_share=self.content,
            network_share=self.network,
        )


@dataclass(frozen=True, slots=True)
class Exploring:
    """The state of the page.

    `kind` is the event type that a click on an item simulates. `second` is None where there is one list. `look` is the
    item whose neighbours are shown.
    """

    user_id: str = ""
    acts: tuple[Act, ...] = ()
    kind: str = "view"
    limit: int = LENGTHS[0]
    seen: str = ""
    goal: str = ""
    first: Settings = Settings()
    second: Settings | None = None
    look: str = ""

    @classmethod
    def read(cls, query: QueryParams, kinds: Sequence[str], served: Settings) -> Self:
        """Read an address; what it cannot mean is left out.

        Parameters
        ----------
        kinds
            The event types that can be simulated.
        served
            The settings that the service uses by itself.
        """
        pairs = [text.partition("~") for text in query.getlist("act")]
        acts = tuple(Act(kind, item) for kind, _, item in pairs if kind in kinds and item)
        limit = query.get("limit", "")
        return cls(
            user_id=query.get("user_id", "").strip(),
            acts=acts[-_MOST_ACTS:],
            kind=query.get("kind", "") if query.get("kind") in kinds else kinds[0],
            limit=int(limit) if limit in map(str, LENGTHS) else LENGTHS[0],
            seen=query.get("seen", "") if query.get("seen") in SEEN else "",
            goal=query.get("goal", ""),
            first=Settings.read(query, "", served),
            second=Settings.read(query, _SECOND, served) if query.get("compare") else None,
            look=query.get("look", ""),
        )

    def params(self, *without: str) -> list[tuple[str, str]]:
        """Return the parameters of the address, but for some: those of a form that gives them itself."""
        found = [("user_id", self.user_id), *(("act", f"{act.event_type}~{act.item_id}") for act in self.acts)]
        found += [("kind", self.kind), ("seen", self.seen), ("goal", self.goal), ("look", self.look)]
        found += [("limit", "" if self.limit == LENGTHS[0] else str(self.limit))]
        found += self.first.params("")
        if self.second is not None:
            found += [("compare", "on"), *self.second.params(_SECOND)]
        return [(name, value) for name, value in found if value and name.removeprefix(_SECOND) not in without]

    @property
    def url(self) -> str:
        """The address."""
        return f"{PATH}?{urlencode(self.params())}"

    def doing(self, item_id: str) -> "Exploring":
        """Return the state after one more act."""
        return replace(self, acts=(*self.acts, Act(self.kind, item_id))[-_MOST_ACTS:])

    def undoing(self, place: int) -> "Exploring":
        """Return the state without one of the acts."""
        return replace(self, acts=self.acts[:place] + self.acts[place + 1 :])

    def changed(self, **changes: object) -> "Exploring":
        """Return the state with other values."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def options(self) -> Options:
        """Return what both lists have in common."""
        return Options(
            limit=self.limit,
            exclude_seen=_SEEN[self.seen],
            goal=self.goal or None,
            explain=True,
            include=SHOWN,
            pages=False,
        )


def _share(text: str | None) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return round(value, 2) if math.isfinite(value) and 0 <= value <= 1 else None
