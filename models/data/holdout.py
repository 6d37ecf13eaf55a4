"""Holdout: users, their histories, and the later interactions to predict."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from models.arrays.types import Float64, Int32, Int64
from models.data.contexts import Contexts
from models.data.dislikes import Dislikes
from models.data.history import History
from models.data.interactions import Interactions

QUESTIONS = ("visit_start", "visit_step")
"""What a request may ask: what starts a visit, or what comes next in it."""
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
    """Requests whose answers are known: users at a moment, with the interactions that follow.

    `users` are codes, int32 ascending; a user may stand in several rows. `source` is a log that holds their histories:
    all of a user's rows, or those before row `stops` (int64) of the log. `targets`, `candidates` and `disliked` (items
    never to be recommended) hold a list for each row. Where there are `candidates`, an empty list means that all items
    are ranked. `moments` (float64) are the times of the requests, where they are known. `kinds` (int8) are places in
    `QUESTIONS`, where there are several. Users who are `anonymous` have no row in the training data. `contexts` are
    those of the requests: a request knows the context of the interaction that follows.
    """

    users: Int32
    source: Interactions
    targets: Ragged
    candidates: Ragged | None = None
    include_seen: bool = False
    moments: Float64 | None = None
    anonymous: bool = False
    disliked: Ragged | None = None
    stops: Int64 | None = None
    kinds: npt.NDArray[np.int8] | None = None
    contexts: Contexts | None = None

    def __len__(self) -> int:
        return len(self.users)

    @property
    def target_offsets(self) -> Int64:
        """Where the targets of each user begin."""
        return self.targets.offsets

    @property
    def target_items(self) -> Int32:
        """The targets of all users, one after the other."""
        return self.targets.items

    @cached_property
    def lengths(self) -> Int64:
        """The number of items in each history."""
        return np.array([len(self.history(row)) for row in range(len(self))], dtype=np.int64)

    def history(self, row: int) -> History:
        """Return the history of a request; items that the user disliked later count as disliked."""
        stop = None if self.stops is None else int(self.stops[row])
        now = None if self.moments is None else float(self.moments[row])
        known = self.source.history(int(self.users[row]), stop, now)
        known = known if self.disliked is None else known.with_disliked(self.disliked.row(row))
        if self.contexts is not None:
            known = replace(known, profile=self.contexts.beside(known.profile, row))
        return replace(known, user=-1) if self.anonymous else known

    def excluded(self, row: int, history: History | None = None) -> Int32:
        """Return the items that may not be recommended in the answer; `history` saves reading it again."""
        seen = _NOTHING if self.include_seen else (self.history(row) if history is None else history).seen
        return seen if self.disliked is None else np.concatenate([seen, self.disliked.row(row)])

    def candidate_list(self, row: int) -> Int32 | None:
        """Return the complete list to rank for a user; None for all items."""
        if self.candidates is None:
            return None
        listed = self.candidates.row(row)
        return listed if len(listed) else None

    def without(self, disliked: Dislikes) -> "Holdout":
        """Leave out items that users dislike, of the targets as well as of the lists."""
        down = disliked.users.astype(np.int64) * self.source.n_items + disliked.items
        owners = np.repeat(self.users, np.diff(self.targets.offsets)).astype(np.int64)
        kept = ~np.isin(owners * self.source.n_items + self.targets.items, down)
        offsets = np.concatenate([[0], np.cumsum(kept)])[self.targets.offsets]
        return replace(
            self,
            targets=Ragged(offsets, self.targets.items[kept]),
            disliked=Ragged.group(disliked.users, disliked.items, self.users),
        )

    def knowing(self, disliked: Dislikes) -> "Holdout":
        """Add what each user had disliked at the moment of the request, and not liked since; targets stay."""
        found = [disliked.of(int(user), self.history(row), self.moment(row)) for row, user in enumerate(self.users)]
        offsets = np.cumsum([0, *map(len, found)]).astype(np.int64)
        return replace(self, disliked=Ragged(offsets, np.concatenate([_NOTHING, *found])))

    def moment(self, row: int) -> float | None:
        """Return the time of a request, or that of the row which followed it; None without an order."""
        if self.moments is not None:
            return float(self.moments[row])
        times = self.source.timestamps
        if times is None:
            return None
        stop = self.source.offsets[self.users[row] + 1] if self.stops is None else self.stops[row]
        return float(times[stop]) if stop < self.source.offsets[self.users[row] + 1] else np.inf

    def sample_rows(self, most: int, seed: int) -> Int64:
        """Draw some of the rows at random, ascending; all of them if they are not more."""
        if len(self) <= most:
            return np.arange(len(self), dtype=np.int64)
        return np.sort(np.random.default_rng(seed).choice(len(self), most, replace=False)).astype(np.int64)

    def sample(self, most: int, seed: int) -> "Holdout":
        """Take some of the rows at random, all of them if they are not more."""
        return self if len(self) <= most else self.take(self.sample_rows(most, seed))

    def take(self, rows: Int64) -> "Holdout":
        """Keep some of the rows."""
        return replace(
            self,
            users=self.users[rows],
            targets=self.targets.take(rows),
            candidates=None if self.candidates is None else self.candidates.take(rows),
            disliked=None if self.disliked is None else self.disliked.take(rows),
            moments=None if self.moments is None else self.moments[rows],
            stops=None if self.stops is None else self.stops[rows],
            kinds=None if self.kinds is None else self.kinds[rows],
            contexts=None if self.contexts is None else self.contexts.take(rows),
        )

    def in_contexts(self, contexts: Contexts | None, users: Int32) -> "Holdout":
        """Name the contexts of the requests: for each user that of the first of some rows, of the same users."""
        if contexts is None:
            return self
        order = np.argsort(users, kind="stable")
        return replace(self, contexts=contexts.take(order[np.searchsorted(users[order], self.users)]))


def hold_out(
    log: Interactions,
    users: Int32,
    items: Int32,
    *,
    include_seen: bool,
    now: float | None = None,
    disliked: Dislikes | None = None,
) -> tuple[Holdout, int]:
    """Pair target rows (sorted by user) with the users' histories, which are their rows of a log.

    Targets that the history leaves out of lists do not count unless `include_seen`, those that were disliked never;
    users without a history or left with no target are dropped.

    Returns
    -------
    tuple
        The held-out users, and how many were dropped because all their targets were known.
    """
    lengths = np.diff(log.offsets)
    known = lengths[users] > 0
    users, items = users[known], items[known]
    before = np.unique(users)
    # A repeated pair of user and item is one target.
    first = np.unique(users.astype(np.int64) * log.n_items + items, return_index=True)[1]
    users, items = users[first], items[first]
    if not include_seen:
        seen = log.pair_keys[log.leaving_out]
        new = ~np.isin(users.astype(np.int64) * log.n_items + items, seen)
        users, items = users[new], items[new]
    wanted = np.unique(users).astype(np.int32)
    holdout = Holdout(
        wanted,
        log,
        Ragged.group(users, items, wanted),
        include_seen=include_seen,
        moments=None if now is None else np.full(len(wanted), now),
    )
    if disliked is not None:
        holdout = holdout.without(disliked)
        holdout = holdout.take(np.flatnonzero(np.diff(holdout.target_offsets)))
    return holdout, len(before) - len(holdout)
