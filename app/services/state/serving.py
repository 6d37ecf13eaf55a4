"""The serving state: a bundle's ranker, and the current catalogue."""

from collections.abc import Collection, Mapping
from functools import cached_property
from itertools import count
from types import MappingProxyType
from typing import Any

import numpy as np

from app.times import clock
from models.arrays.types import Int64, Mask
from models.data.codes import find
from models.data.goal import Goal
from models.data.strengths import StrengthScale
from models.ranking.erased_users import hide_users
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker

_numbers = count(1)


class Serving:
    """A ranker and the live catalogue that shares its item codes; a new bundle replaces both together.

    `number` changes with everything that makes earlier answers invalid, so that a cache need not hold the state itself.

    Parameters
    ----------
    ranker
        None before the first bundle.
    live
        The catalogue, with the codes of the ranker.
    scale
        How interactions become strengths while there is no bundle, and the scale of ratings if the bundle has none.
    further
        The rankers of further goals, by goal; they have the same item codes.
    first_goal
        Whether it ranks for the first goal of its bundle.
    """

    def __init__(
        self,
        ranker: Ranker | None,
        live: LiveCatalogue,
        scale: StrengthScale,
        further: Mapping[str, Ranker] = MappingProxyType({}),
        *,
        first_goal: bool = True,
    ) -> None:
        self.ranker = ranker
        self.live = live
        self.first_goal = first_goal
        self.number = next(_numbers)
        self.scale = scale if ranker is None else ranker.scale.or_that_of(scale)
        self._hidden_users: set[str] = set()
        self._further = {goal: Serving(one, live, scale, first_goal=False) for goal, one in further.items()}

    @property
    def version(self) -> str | None:
        """The version of the bundle."""
        return None if self.ranker is None else self.ranker.version

    @property
    def goal(self) -> Goal | None:
        """What counts as success for the bundle; None where all interactions do."""
        return None if self.ranker is None else self.ranker.goal

    @property
    def versions(self) -> list[str]:
        """The versions of the bundle, and of those of its further goals."""
        return [one.version for one in (self, *self._further.values()) if one.version is not None]

    @property
    def goals(self) -> list[str]:
        """The goals that the bundle is trained for, the first one first; none where all interactions count alike."""
        return [] if self.goal is None else [str(self.goal), *self._further]

    def for_goal(self, goal: str | None) -> "Serving | None":
        """Return the state that ranks for a goal, None where the bundle is not trained for it.

        Without a bundle all goals are alike.
        """
        if goal is None or self.ranker is None or goal == str(self.goal):
            return self
        return self._further.get(goal)

    @cached_property
    def new_item_mask(self) -> Mask:
        """Which codes are of new items: those without interactions in the bundle, and all that came after it."""
        new = np.ones(self.live.size, dtype=np.bool_)
        if self.ranker is not None:
            new[: self.live.n_items] = ~self.ranker.popularity.interacted
        return new

    def profile(self, attributes: Mapping[str, Any], context: Mapping[str, Any] | None = None) -> Int64 | None:
        """Return the hashed values of a user's attributes and of a context; None where the bundle reads none."""
        if self.ranker is None or not (attributes or context):
            return None
        return self.ranker.read_profile(attributes, context)

    def hide_users(self, user_ids: Collection[str]) -> None:
        """Ignore the bundle's data about some of its users from now on; earlier answers become invalid."""
        new = set(user_ids) - self._hidden_users
        if not new:
            return
        self._hidden_users |= new
        for one in self._further.values():
            one.hide_users(new)
        if self.ranker is not None:
            hide_users(self.ranker, sorted(self._hidden_users))
        self.number = next(_numbers)

    def user_row(self, user_id: str | None) -> int:
        """Return a user's row in the bundle; -1 for a user who is unknown to it, or hidden."""
        if self.ranker is None or user_id is None or user_id in self._hidden_users:
            return -1
        return int(find(self.ranker.user_ids, [user_id])[0])

    def update_availability(self) -> None:
        """Apply the availability of items at this moment to the answers that follow."""
        gone, back = self.live.update_availability(clock.seconds())
        if not len(gone) + len(back):
            return
        for one in (self, *self._further.values()):
            if one.ranker is not None:
                one.ranker.block(gone)
                one.ranker.unblock(back)
