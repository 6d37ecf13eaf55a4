"""Impressions: which items users were shown, at which position, and which of them they passed over."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.arrays.types import Float32, Float64, Int32, Int64, Mask
from models.data.codes import find_column
from models.data.columns import EVENT_TYPE, ITEM, POSITION, TIMESTAMP, USER
from models.data.history import SECONDS_A_DAY, History
from models.data.interactions import Interactions
from models.data.numbers import numbers

SHOWN = "shown"
"""The event type of an impression: the user saw the item."""


@dataclass(frozen=True)
class Shows:
    """What one user was shown and has not interacted with since, each time on its own.

    `items` (int32) are codes, `times` (float64, seconds since 1970) stand beside them, in any order.
    """

    items: Int32
    times: Float64

    @classmethod
    def passed_over(cls, items: Int32, times: Float64, history: History) -> "Shows":
        """Leave out what came before the user's latest interaction with the item."""
        if not len(items) or history.times is None:
            return cls(items, times)
        order = np.argsort(history.items, kind="stable")
        known, since = history.items[order], history.times[order]
        places = np.minimum(np.searchsorted(known, items), max(len(known) - 1, 0))
        seen = np.zeros(len(items), dtype=np.bool_)
        if len(known):
            seen = (known[places] == items) & (since[places] >= times)
        return cls(items[~seen], times[~seen])

    def __len__(self) -> int:
        return len(self.items)

    def fatigue(self, now: float, half_life: float) -> tuple[Int32, Float32]:
        """Return the items, ascending, and how tired of each the user is: 0 for one show, half for two, towards 1.

        A show counts half as much after each half-life, in days. Of `n` shows that are left, the value is 1 - 2^(1-n).
        """
        items, place = np.unique(self.items, return_inverse=True)
        ages = np.maximum(now - self.times, 0.0) / (half_life * SECONDS_A_DAY)
        left = np.bincount(place, weights=np.exp2(-ages), minlength=len(items))
        return items, (1.0 - np.exp2(np.minimum(1.0 - left, 0.0))).astype(np.float32)


NO_SHOWS = Shows(np.empty(0, dtype=np.int32), np.empty(0))


@dataclass(frozen=True)
class Impressions:
    """The shows of all users with codes of users and items, sorted by user and time.

    `users` and `items` are int32, `times` float64 in seconds since 1970, and `positions` float64, NaN where unknown.
    `n_items` is the number of item codes.
    """

    users: Int32
    items: Int32
    times: Float64
    positions: Float64
    n_items: int

    @classmethod
    def from_table(cls, table: pa.Table | None, interactions: Interactions) -> "Impressions | None":
        """Encode the shows of users and items that have codes; None where there are none, or no times in seconds."""
        if table is None or TIMESTAMP not in table.column_names or not interactions.has_clock:
            return None
        users = find_column(interactions.user_ids, table[USER])
        items = find_column(interactions.item_ids, table[ITEM])
        times = table[TIMESTAMP].to_numpy().astype(np.float64)
        positions = np.full(table.num_rows, np.nan)
        if POSITION in table.column_names:
            positions = pc.fill_null(numbers(table[POSITION]), np.nan).to_numpy().astype(np.float64)
        rows = np.flatnonzero((users >= 0) & (items >= 0))
        rows = rows[np.lexsort((times[rows], users[rows]))]
        found = cls(users[rows], items[rows], times[rows], positions[rows], interactions.n_items)
        return found if len(found) else None

    def __len__(self) -> int:
        return len(self.users)

    @property
    def keys(self) -> Int64:
        """Return a number for each show's pair of user and item, as `Interactions.pair_keys`."""
        return self.users.astype(np.int64) * self.n_items + self.items

    def where(self, mask: Mask) -> "Impressions":
        """Keep some of the shows."""
        return replace(
            self, users=self.users[mask], items=self.items[mask], times=self.times[mask], positions=self.positions[mask]
        )

    def known_with(self, log: Interactions) -> "Impressions":
        """Keep what is not later than the last row of its user in a log: whether it was passed over is known."""
        last = np.full(log.n_users, -np.inf)
        np.maximum.at(last, log.users, log.times)
        return self.where(self.times <= last[np.minimum(self.users, log.n_users - 1)])

    def between(self, user: int, start: float, stop: float) -> tuple[Int32, Float64]:
        """Return the items that a user was shown from a moment on and before another, with the times."""
        first, end = np.searchsorted(self.users, (user, user + 1))
        first, end = first + np.searchsorted(self.times[first:end], (start, stop))
        return self.items[first:end], self.times[first:end]

    def shows(self, user: int, before: float, history: History) -> Shows:
        """Return what a user was shown before a moment and has passed over."""
        return Shows.passed_over(*self.between(user, -np.inf, before), history)

    def answered(self, log: Interactions, within: float) -> Mask:
        """Mark the shows that an interaction of the user with the item followed, within so many seconds."""
        followed = latest_before(log.pair_keys, -log.times, self.keys, -self.times)
        found = followed >= 0
        return found & (log.times[np.maximum(followed, 0)] - self.times <= within)


def latest_before(keys: Int64, times: Float64, wanted: Int64, moments: Float64) -> Int64:
    """Return for each wanted key the row with the same key that is the latest not after its moment; -1 without one."""
    both_keys = np.concatenate([keys, wanted])
    both_times = np.concatenate([times, moments])
    asked = np.concatenate([np.zeros(len(keys), dtype=np.bool_), np.ones(len(wanted), dtype=np.bool_)])
    order = np.lexsort((asked, both_times, both_keys))
    place = np.where(asked[order], -1, np.arange(len(order)))
    last = np.maximum.accumulate(place)
    rows = np.where(last >= 0, order[np.maximum(last, 0)], -1)
    same = (rows >= 0) & (both_keys[np.maximum(rows, 0)] == both_keys[order])
    found = np.full(len(order), -1, dtype=np.int64)
    found[order] = np.where(same, rows, -1)
    return found[len(keys) :]


def shown_rows(table: pa.Table) -> pa.Table | None:
    """Return the impressions among the rows of a log; None where there are none."""
    if EVENT_TYPE not in table.column_names:
        return None
    found = table.filter(pc.fill_null(pc.equal(table[EVENT_TYPE], SHOWN), False))
    return found if found.num_rows else None
