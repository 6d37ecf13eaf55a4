"""The history of one user at one moment."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from models.arrays.types import Float32, Float64, Int8, Int32, Int64, Mask

SECONDS_A_DAY = 86_400.0
_STEPS = 512


@dataclass(frozen=True)
class History:
    """The items of a user, that of the latest interaction last.

    `items` are codes, int32 of length n; `user` is the row in the training data, -1 if there is none. `strengths`
    (float32) and `times` (float64, seconds since 1970 or any order) stand beside the items; without them all are 1,
    or there is no order. `now` is the moment of the request on the same clock, by default that of the last one.
    `events` are all single interactions with these items, where some item has several. `disliked` are the codes of the
    items whose latest interaction is a dislike, the latest last; each counts `dislike_weight` against similar items.
    `has_moments` tells whether items of one time share a moment, and have no order among them. Single interactions have
    `acts` (int8), codes in `goal.ACTS`, where there is a goal. `left_out` are the items that do not come into lists,
    None for those of the history. `profile` are the hashed values of the user's attributes, see `models.data.profiles`.
    """

    items: Int32
    user: int = -1
    strengths: Float32 | None = None
    times: Float64 | None = None
    now: float | None = None
    events: "History | None" = None
    disliked: Int32 | None = None
    dislike_weight: float = 0.0
    has_moments: bool = True
    acts: Int8 | None = None
    left_out: Int32 | None = None
    profile: Int64 | None = None

    @classmethod
    def read(
        cls,
        items: Int32,
        strengths: Float32 | None = None,
        times: Float64 | None = None,
        acts: Int8 | None = None,
        leaves_out: Mask | None = None,
        *,
        user: int = -1,
        now: float | None = None,
        has_moments: bool = True,
        profile: Int64 | None = None,
    ) -> "History":
        """Read interactions, oldest first: requests, training and evaluation all read a history by this function.

        An item stands where its latest interaction is, which also decides whether it is liked or disliked. Its strength
        is the sum of those since it was last disliked. Items of one time have no order: where they stand says nothing.

        Parameters
        ----------
        strengths
            Below 0 for a dislike; all are 1 where None.
        acts
            Codes in `goal.ACTS`; None where all interactions count as success.
        leaves_out
            Marks the interactions whose items do not come into lists; all where None.
        """
        left_out = None if leaves_out is None else np.unique(items[leaves_out])
        if has_moments and times is not None and (times[1:] == times[:-1]).any():
            order = np.lexsort((_scattered(items), times))
            items, times, strengths = items[order], times[order], None if strengths is None else strengths[order]
            acts = None if acts is None else acts[order]
        order = items.argsort(kind="stable")
        ordered = items[order]
        first = np.ones(len(items), dtype=np.bool_)
        first[1:] = ordered[1:] != ordered[:-1]
        negative = None if strengths is None or strengths.min(initial=0.0) >= 0 else strengths[order] < 0
        if first.all() and negative is None:
            events = None if acts is None else cls(items, user, strengths, times, now, acts=acts)
            return cls(
                items, user, strengths, times, now, events, has_moments=has_moments, left_out=left_out, profile=profile
            )
        begins = np.flatnonzero(first)
        group = np.cumsum(first) - 1
        latest = np.maximum.reduceat(order, begins)
        each = np.ones(len(items), dtype=np.float32) if strengths is None else strengths[order]
        liked = np.ones(len(items), dtype=np.bool_)
        if negative is not None:
            disliked_at = np.maximum.reduceat(np.where(negative, order, -1), begins)
            each = np.where(order > disliked_at[group], each, np.float32(0.0))
            liked[order] = (latest > disliked_at)[group] & ~negative
        kept = np.sort(latest[liked[latest]])
        sums = np.add.reduceat(each, begins).astype(np.float32)
        return cls(
            items[kept],
            user,
            sums[group[np.argsort(order)[kept]]],
            None if times is None else times[kept],
            now,
            cls(items, user, strengths, times, now, acts=acts).where(liked),
            None if negative is None else items[np.sort(latest[~liked[latest]])],
            has_moments=has_moments,
            left_out=left_out,
            profile=profile,
        )

    def __len__(self) -> int:
        return len(self.items)

    @property
    def seen(self) -> Int32:
        """The items that do not come into lists unless a request asks for seen items."""
        return self.items if self.left_out is None else self.left_out

    @property
    def every(self) -> "History":
        """All single interactions with the items, at the moment of this history."""
        if self.events is None:
            return self
        return self.events if self.events.now == self.now else replace(self.events, now=self.now)

    @property
    def against(self) -> "History":
        """The disliked items, which count against similar ones with their strengths; none at a weight of 0."""
        if self.disliked is None or self.dislike_weight <= 0 or not len(self.disliked):
            return _NO_HISTORY
        return History(self.disliked, strengths=np.full(len(self.disliked), self.dislike_weight, dtype=np.float32))

    def with_disliked(self, disliked: Int32) -> "History":
        """Take items as disliked from now on, and out of the liked ones."""
        return replace(self.where(~np.isin(self.items, disliked)), disliked=disliked) if len(disliked) else self

    def where(self, keep: npt.NDArray[np.bool_]) -> "History":
        """Keep some of the items."""
        events = self.events
        return replace(
            self,
            items=self.items[keep],
            strengths=None if self.strengths is None else self.strengths[keep],
            times=None if self.times is None else self.times[keep],
            acts=None if self.acts is None else self.acts[keep],
            events=None if events is None else events.where(np.isin(events.items, self.items[keep])),
        )

    def latest(self, count: int) -> "History":
        """Keep the last items, at most so many."""
        if len(self.items) <= count:
            return self
        return replace(
            self,
            items=self.items[-count:],
            strengths=None if self.strengths is None else self.strengths[-count:],
            times=None if self.times is None else self.times[-count:],
            acts=None if self.acts is None else self.acts[-count:],
        )

    def unordered(self) -> "History":
        """Put the items in an order that has no meaning, the same wherever these items are read."""
        order = np.argsort(_scattered(self.items), kind="stable")
        return replace(
            self,
            items=self.items[order],
            strengths=None if self.strengths is None else self.strengths[order],
            times=None,
            acts=None if self.acts is None else self.acts[order],
        )

    @cached_property
    def by_item(self) -> tuple[Int32, Float32]:
        """The items, ascending without repeats, and the sum of the strengths of each (1 for each without strengths)."""
        order = self.items.argsort(kind="stable")
        items = self.items[order]
        strengths = np.ones(len(items), dtype=np.float32) if self.strengths is None else self.strengths[order]
        repeated = items[1:] == items[:-1]
        if repeated.any():
            first = np.append(True, ~repeated)
            items, strengths = items[first], np.add.reduceat(strengths, np.flatnonzero(first))
        return items, strengths

    def with_act(self, act: int) -> "History":
        """Return the items with one kind of act, see `goal.ACTS`, that of the latest such act last; all count 1."""
        events = self.events
        if events is None or events.acts is None:
            return _NO_HISTORY
        rows = np.flatnonzero(events.acts == act)
        if not len(rows):
            return _NO_HISTORY
        latest = len(rows) - 1 - np.unique(events.items[rows][::-1], return_index=True)[1]
        rows = rows[np.sort(latest)]
        times = None if self.times is None or events.times is None else events.times[rows]
        found = History(events.items[rows], self.user, None, times, self.now, has_moments=self.has_moments)
        return found.unordered() if times is None else found

    def raised(self, exponent: float) -> "History":
        """Raise the strengths to a power; 0 makes all equal."""
        if self.strengths is None or exponent == 1.0:
            return self
        raised = None if exponent == 0.0 else self.strengths ** np.float32(exponent)
        events = None if self.events is None else self.events.raised(exponent)
        return replace(self, strengths=raised, events=events)

    @cached_property
    def moments_back(self) -> Int64 | None:
        """How many moments before the last one each item was; None where no two items share a moment."""
        if self.times is None or not self.has_moments:
            return None
        later = self.times[1:] != self.times[:-1]
        return None if later.all() else np.append(np.cumsum(later[::-1])[::-1], 0)

    def weights(self, decay: float) -> Float32:
        """Weigh each interaction by its strength and by its recency: those of the last moment by their strength alone.

        The recency falls from moment to moment: items of one time, such as a basket, have no order.
        """
        count, back = len(self.items), self.moments_back
        if back is not None:
            recency = _falling(decay)[_STEPS - 1 - back] if count <= _STEPS else np.power(np.float32(decay), back)
        else:
            recency = _falling(decay)[_STEPS - count :] if count <= _STEPS else _powers(decay, count)
        return recency if self.strengths is None else recency * self.strengths

    def weight_table(self, decay: float, *, plain: bool = False) -> Float32:
        """Weigh each interaction by recency, on request also by its strength alone, and those of the last moment by 1.

        Returns
        -------
        array
            float32 (n, 2) or (n, 3), the columns in this order.
        """
        table = np.zeros((len(self.items), 3 if plain else 2), dtype=np.float32)
        table[:, 0] = self.weights(decay)
        if plain:
            table[:, 1] = 1.0 if self.strengths is None else self.strengths
        table[slice(-1, None) if self.moments_back is None else self.moments_back == 0, -1] = 1.0
        return table

    def ages(self) -> Float32:
        """Return the time since each interaction, float32, never below 0; zeros without times."""
        if self.times is None or not len(self.times):
            return np.zeros(len(self.items), dtype=np.float32)
        now = float(self.times[-1]) if self.now is None else self.now
        return np.maximum(now - self.times, 0.0).astype(np.float32)


_NO_HISTORY = History(np.empty(0, dtype=np.int32))


def _scattered(items: Int32) -> npt.NDArray[np.uint32]:
    """Give each item a number that says nothing about it: multiplicative hashing (Knuth 1973, 6.4)."""
    return items.astype(np.uint32) * np.uint32(2_654_435_761)


def _powers(decay: float, count: int) -> Float32:
    powers: Float32 = np.power(np.float32(decay), np.arange(count - 1, -1, -1, dtype=np.float32))
    return powers


@lru_cache(maxsize=64)
def _falling(decay: float) -> Float32:
    """Cache the powers of a decay for histories of usual length: every request needs the same ones."""
    return _powers(decay, _STEPS)
