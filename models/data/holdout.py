"""Holdout: users, their histories, and the later interactions to predict."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from models.arrays.types import Int32, Int64
from models.data.dislikes import Dislikes
from models.data.history import History
from models.data.interactions import Interactions

_NOTHING: Int32 = np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class Ragged:
    """Lists of item codes, one after the other; list r is `items[offsets[r]:offsets[r + 1]]`."""

    offsets: Int64
    items: Int32

    def row(self, index: int) -> Int32:
        """Return one list."""
        return self.items[self.offsets[index] : self.offsets[index + 1]]

    def take(self, rows: Int64) -> "Ragged":
        """Keep some of the lists."""
        lengths = np.diff(self.offsets)[rows]
        parts = [self.row(int(index)) for index in rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Ragged(offsets, np.concatenate([_NOTHING, *parts]))

    @classmethod
    def group(cls, users: Int32, items: Int32, wanted: Int32) -> "Ragged":
        """Collect the items of each wanted user (ascending) from rows that are sorted by user."""
        starts = np.searchsorted(users, wanted, side="left")
        stops = np.searchsorted(users, wanted, side="right")
        parts = [items[start:stop] for start, stop in zip(starts, stops, strict=True)]
        offsets = np.concatenate([[0], np.cumsum(stops - starts)]).astype(np.int64)
        return cls(offsets, np.concatenate([_NOTHING, *parts]))


@dataclass(frozen=True)
class Holdout:
    """Users whose next interactions are held out.

    `users` are codes, int32 ascending; `source` holds their histories; `targets`, `candidates` and `disliked` (items
    never to be recommended) hold a list for each of them. Where there are `candidates`, an empty list means that all
    items are ranked. `now` is the moment of the requests where all have the same. Users who are `anonymous` have no
    row in the training data.
    """

    users: Int32
    source: Interactions
    targets: Ragged
    candidates: Ragged | None = None
    include_seen: bool = False
    now: float | None = None
    anonymous: bool = False
    disliked: Ragged | None = None

    @property
    def target_offsets(self) -> Int64:
        """Where the targets of each user begin."""
        return self.targets.offsets

    @property
    def target_items(self) -> Int32:
        """The targets of all users, one after the other."""
        return self.targets.items

    @cached_property
    def histories(self) -> Ragged:
        """The items of every user, oldest first."""
        return Ragged.group(self.source.users, self.source.items, self.users)

    def strengths(self, rows: Int64) -> npt.NDArray[np.float32] | None:
        """Return the strengths of the histories of some users, concatenated; None if all are equal."""
        source = self.source
        if source.strengths is None:
            return None
        first, last = source.offsets[self.users[rows]], source.offsets[self.users[rows] + 1]
        parts = [source.strengths[start:stop] for start, stop in zip(first, last, strict=True)]
        return np.concatenate([np.empty(0, np.float32), *parts])

    def history(self, row: int) -> History:
        """Return a user's history, oldest first."""
        known = self.source.history(int(self.users[row]), now=self.now)
        return replace(known, user=-1) if self.anonymous else known

    def excluded(self, row: int) -> Int32:
        """Return the items that may not be recommended to a user."""
        seen = _NOTHING if self.include_seen else self.history(row).items
        return seen if self.disliked is None else np.concatenate([seen, self.disliked.row(row)])

    def candidate_list(self, row: int) -> Int32 | None:
        """Return the complete list to rank for a user; None for all items."""
        if self.candidates is None:
            return None
        listed = self.candidates.row(row)
        return listed if len(listed) else None

    def sample(self, most: int, seed: int) -> "Holdout":
        """Take some of the users at random, all of them if they are not more."""
        if len(self.users) <= most:
            return self
        rows = np.sort(np.random.default_rng(seed).choice(len(self.users), most, replace=False)).astype(np.int64)
        return replace(
            self,
            users=self.users[rows],
            targets=self.targets.take(rows),
            candidates=None if self.candidates is None else self.candidates.take(rows),
            disliked=None if self.disliked is None else self.disliked.take(rows),
        )


def hold_out(
    history: Interactions,
    users: Int32,
    items: Int32,
    *,
    include_seen: bool,
    now: float | None = None,
    disliked: Dislikes | None = None,
) -> tuple[Holdout, int]:
    """Pair target rows (sorted by user) with the users' histories.

    Targets that are in the history do not count unless `include_seen`, those that were disliked never; users without
    a history or left with no target are dropped.

    Returns
    -------
    tuple
        The held-out users, and how many were dropped because all their targets were known.
    """
    lengths = np.diff(history.offsets)
    known = lengths[users] > 0
    users, items = users[known], items[known]
    before = np.unique(users)
    # A repeated pair of user and item is one target.
    first = np.unique(users.astype(np.int64) * history.n_items + items, return_index=True)[1]
    users, items = users[first], items[first]
    if not include_seen:
        seen = history.users.astype(np.int64) * history.n_items + history.items
        new = ~np.isin(users.astype(np.int64) * history.n_items + items, seen)
        users, items = users[new], items[new]
    if disliked is not None:
        down = disliked.users.astype(np.int64) * history.n_items + disliked.items
        fine = ~np.isin(users.astype(np.int64) * history.n_items + items, down)
        users, items = users[fine], items[fine]
    wanted = np.unique(users).astype(np.int32)
    holdout = Holdout(
        wanted,
        history,
        Ragged.group(users, items, wanted),
        include_seen=include_seen,
        now=now,
        disliked=None if disliked is None else Ragged.group(disliked.users, disliked.items, wanted),
    )
    return holdout, len(before) - len(wanted)
