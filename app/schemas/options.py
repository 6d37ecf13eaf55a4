"""The options of a recommendation, the same for all calls."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2s
from typing import Any

from models.filters.preferences import Preference
from models.filters.requirements import Filter

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


@dataclass(frozen=True)
class Boost:
    """Items that are raised in the list, or lowered where the weight is below 0."""

    filter: Filter
    weight: float


@dataclass(frozen=True)
class Pin:
    """An item at a fixed position in the list, from 1 on."""

    item_id: str
    position: int


@dataclass(frozen=True)
class Options:
    """All options of a recommendation.

    `exclude_seen` tells whether the items of the user's history are left out, or only those with some event types;
    where None, those that reached the goal of the bundle. `candidates`, where given, are the only items of the list.
    `cursor` continues an earlier list. `goal` is what counts as success; where None, the first goal of the bundle.
    `rotation` is the weight of rotation; that of the service where None. `attributes` are those of the user
    as the request knows them, `context` says what the request knows of its moment. `include` are
    the fields of the catalogue that come with each item. Items with scores below `min_score` are left out. `pages`
    tells whether to return a cursor when there are more items. `new_item_share` and `deadline`
    (seconds) are those of the service where None. `network_share` is the network's share in the scores, and
    `content_share` that of descriptions in the neighbours' part of them; where None, as training chose. `language` is
    that of explanations, a tag such as `de-AT`.
    """

    limit: int = DEFAULT_LIMIT
    exclude_seen: bool | tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    filter: Filter | None = None
    diversity: float = 0.0
    explain: bool = False
    session_items: tuple[str, ...] = ()
    candidates: tuple[str, ...] | None = None
    boosts: tuple[Boost, ...] = ()
    pins: tuple[Pin, ...] = ()
    preferences: tuple[Preference, ...] = ()
    cursor: str | None = None
    goal: str | None = None
    rotation: float | None = None
    context: dict[str, Any] | None = field(default=None, hash=False)
    attributes: dict[str, Any] | None = field(default=None, hash=False)
    include: tuple[str, ...] = ()
    min_score: float | None = None
    pages: bool = True
    new_item_share: float | None = None
    deadline: float | None = None
    network_share: float | None = None
    content_share: float | None = None
    language: str | None = None

    @cached_property
    def depends_on_request(self) -> bool:
        """Whether its filters depend on the user, the item or the time of the request."""
        return any(one.depends_on_request for one in (self.filter, *(boost.filter for boost in self.boosts)) if one)

    def digest(self, user_id: str | None) -> bytes:
        """Return a hash of 6 bytes over everything that defines a list; all pages of a list share it."""
        return blake2s(self._fields_hash + (user_id or "").encode(), digest_size=6).digest()

    @cached_property
    def _fields_hash(self) -> bytes:
        # The length of a page and whether it is explained do not change the list; a context may be that of each page.
        # The default stands for itself as it did when it was true, so that the cursors of earlier versions hold.
        seen: object = self.exclude_seen
        if seen is None or seen is True:
            seen = True if seen is None else "all"
        defining = (
            seen,
            self.exclude,
            self.filter and self.filter.model_dump(exclude_none=True),
            self.diversity,
            self.session_items,
            self.candidates,
            [(boost.filter.model_dump(exclude_none=True), boost.weight) for boost in self.boosts],
            [(pin.item_id, pin.position) for pin in self.pins],
            [preference.model_dump(exclude_none=True) for preference in self.preferences],
            *(() if self.goal is None else (self.goal,)),
            *(() if self.rotation is None else (("rotation", self.rotation),)),
            *([] if self.attributes is None else [sorted(self.attributes.items())]),
            *(() if self.network_share is None else (("network_share", self.network_share),)),
            *(() if self.content_share is None else (("content_share", self.content_share),)),
            *(() if self.min_score is None else (("min_score", self.min_score),)),
        )
        return blake2s(repr(defining).encode(), digest_size=16).digest()


def all_of(filters: Sequence[Filter | None]) -> Filter | None:
    """Join filters that must all hold; None where there is none."""
    given = tuple(one for one in filters if one is not None)
    if len(given) <= 1:
        return given[0] if given else None
    return Filter.model_validate({"and": given})
