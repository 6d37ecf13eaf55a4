"""Interactions as arrays: ids become codes, rows are grouped by user and run from oldest to newest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Array, Float32, Float64, Ids, Int8, Int32, Int64, Mask
from models.data.codes import encode
from models.data.columns import ACT, CONTEXT, ITEM, LEAVES_OUT, TARGET, TIMESTAMP, USER, WORTH
from models.data.contexts import Contexts
from models.data.goal import REACHED
from models.data.history import History
from models.data.low_ratings import LowRatings
from models.data.order import are_times, is_order
from models.data.profiles import Profiles
from models.data.row_order import order_of
from models.data.strengths import StrengthScale, row_strengths


@dataclass(frozen=True)
class Interactions:
    """Interactions as codes, sorted by user, then by time.

    `user_ids` and `item_ids` are UTF-8 bytes, ascending; an id's code is its position. `users` and `items` are
    int32 codes of length n, `timestamps` float64 beside them, None where the data has no order, and `strengths`
    float32, None where all are alike. With `only_order` the timestamps are no times. `may_be_targets` marks the rows
    that may be targets of lists; None where all may. `low` are the low ratings, which are no interactions. `acts`
    (int8) are codes in `goal.ACTS`, None where all interactions count as success. `leaves_out` marks the rows whose
    items are left out of the user's lists, None where the goal decides. `worth` (float32) is what rows count as labels,
    None where all count alike. Where there are acts, `log` holds the single
    rows that these ones stand for; whoever cuts the rows cuts the log. `in_steps` tells whether a pair may stand in two
    rows, see `steps`. `profiles` are those of the users, in the order of their codes, where there are any; `contexts`
    are those of the rows.
    """

    user_ids: Ids
    item_ids: Ids
    users: Int32
    items: Int32
    timestamps: Float64 | None
    strengths: Float32 | None = None
    only_order: bool = False
    may_be_targets: Mask | None = None
    low: LowRatings | None = None
    acts: Int8 | None = None
    leaves_out: Mask | None = None
    worth: Float32 | None = None
    log: "Interactions | None" = None
    in_steps: bool = False
    profiles: Profiles | None = None
    contexts: Contexts | None = None

    @classmethod
    def from_table(
        cls,
        table: pa.Table,
        *,
        more_items: Sequence[pa.ChunkedArray] = (),
        first_only: bool = True,
        scale: StrengthScale | None = None,
        seed: int = 0,
    ) -> "Interactions":
        """Encode a cleaned table.

        Rows of a user without an order, or with one time in seconds, are shuffled: their position carries no meaning.

        Parameters
        ----------
        more_items
            Columns of further item ids that need a code.
        first_only
            Whether a repeated pair of user and item counts once, at its first time.
        scale
            The scale of the strengths, as cleaning found it.
        """
        user_ids, users = encode(table[USER])
        item_ids, items = encode(table[ITEM], *more_items)
        items = items[: len(users)]
        timestamps = table[TIMESTAMP].to_numpy().astype(np.float64) if TIMESTAMP in table.column_names else None
        order = order_of(table, users, timestamps, seed)
        strengths = row_strengths(table, scale or StrengthScale())[order]
        contexts = Contexts.fit(table[CONTEXT], users) if CONTEXT in table.column_names else None
        found = cls(
            user_ids,
            item_ids,
            users[order],
            items[order],
            None if timestamps is None else timestamps[order],
            _unless_alike(strengths),
            is_order(table.schema),
            _column(table, TARGET, order),
            acts=_column(table, ACT, order),
            leaves_out=_column(table, LEAVES_OUT, order),
            worth=_column(table, WORTH, order),
            contexts=None if contexts is None else contexts.take(order),
        )
        return found.first_of_each_pair() if first_only else found

    @property
    def n_users(self) -> int:
        """Count the users that have a code."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Count the items that have a code."""
        return len(self.item_ids)

    @property
    def times(self) -> Float64:
        """The timestamps, where the caller knows that there are some; otherwise a ValueError."""
        if self.timestamps is None:
            raise ValueError("the interactions have no timestamps")
        return self.timestamps

    @property
    def has_clock(self) -> bool:
        """Return whether the timestamps are seconds since 1970 rather than just an order."""
        return self.timestamps is not None and not self.only_order and are_times(self.timestamps)

    @cached_property
    def targets(self) -> Mask:
        """Mark the rows that may be targets of lists, and labels."""
        return np.ones(len(self.items), dtype=np.bool_) if self.may_be_targets is None else self.may_be_targets

    @cached_property
    def reached(self) -> Mask:
        """Mark the rows that are of the goal's event types."""
        return np.ones(len(self.items), dtype=np.bool_) if self.acts is None else self.acts == REACHED

    @property
    def leaving_out(self) -> Mask:
        """Mark the rows whose items are left out of the user's lists."""
        return self.reached if self.leaves_out is None else self.leaves_out

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Where each user's rows begin, int64 of length n_users + 1."""
        counts = np.bincount(self.users, minlength=self.n_users)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @cached_property
    def first_of_pair(self) -> npt.NDArray[np.bool_]:
        """Which rows are the first of their pair of user and item."""
        mask = np.zeros(len(self.items), dtype=np.bool_)
        mask[np.unique(self.pair_keys, return_index=True)[1]] = True
        return mask

    @property
    def pair_keys(self) -> Int64:
        """Return a number for each row's pair of user and item, int64."""
        return self.users.astype(np.int64) * self.n_items + self.items

    @cached_property
    def first_targets(self) -> Mask:
        """Mark the first target of each pair of user and item: a pair is a target once, whatever came before it."""
        rows = np.flatnonzero(self.targets)
        mask = np.zeros(len(self.items), dtype=np.bool_)
        mask[rows[np.unique(self.pair_keys[rows], return_index=True)[1]]] = True
        # Where all count as success, what came before was a target as well, though not one that was loved.
        return mask if self.acts is not None else mask & self.first_of_pair

    def steps(self) -> "Interactions":
        """Keep the first row of each pair of user and item, and its first target if that is another row.

        Only the first target of a pair is a target.
        """
        if self.acts is None:
            return self.first_of_each_pair()
        marked = replace(self, may_be_targets=self.first_targets, in_steps=True)
        return marked.select(self.first_of_pair | self.first_targets)

    @property
    def successes(self) -> "Interactions":
        """The rows that reach the goal, the first of each pair of user and item; all where all count as success."""
        return self if self.log is None else self.log.select(self.log.reached).first_of_each_pair()

    def standing_for(self, log: "Interactions") -> "Interactions":
        """Name the single rows that these ones stand for, where there are acts to tell apart."""
        return self if self.acts is None else replace(self, log=log)

    @cached_property
    def pairs(self) -> "Interactions":
        """These rows, of steps the first of each pair of user and item."""
        return replace(self, in_steps=False).first_of_each_pair() if self.in_steps else self

    def first_of_each_pair(self) -> "Interactions":
        """Keep the first row of each pair of user and item."""
        mask = self.first_of_pair
        return self if mask.all() else self.select(mask)

    def select(self, mask: npt.NDArray[np.bool_]) -> "Interactions":
        """Keep some of the rows; all codes stay as they are."""
        return Interactions(
            self.user_ids,
            self.item_ids,
            self.users[mask],
            self.items[mask],
            _kept(self.timestamps, mask),
            _kept(self.strengths, mask),
            self.only_order,
            _kept(self.may_be_targets, mask),
            None if self.low is None else self.low.of_users(self.users[mask]),
            _kept(self.acts, mask),
            _kept(self.leaves_out, mask),
            _kept(self.worth, mask),
            self.log,
            self.in_steps,
            self.profiles,
            self.contexts_of(mask),
        )

    def contexts_of(self, rows: Mask | Int64) -> Contexts | None:
        """Return the contexts of some rows, where there are any."""
        return None if self.contexts is None else self.contexts.take(rows)

    def with_profiles(self, profiles: Profiles | None, more_ids: Ids | None = None) -> "Interactions":
        """Name the profiles of the users, and of further ones whose codes follow theirs."""
        if profiles is None:
            return self
        ids = self.user_ids if more_ids is None else np.concatenate([self.user_ids, more_ids])
        return replace(self, profiles=profiles.aligned(ids))

    def history(self, user: int, stop: int | None = None, now: float | None = None) -> History:
        """Read a user's history from the rows before `stop`, or from all rows."""
        rows = slice(self.offsets[user], self.offsets[user + 1] if stop is None else stop)
        return History.read(
            self.items[rows],
            _kept(self.strengths, rows),
            _kept(self.timestamps, rows),
            _kept(self.acts, rows),
            None if self.acts is None and self.leaves_out is None else self.leaving_out[rows],
            user=user,
            now=now,
            profile=None if self.profiles is None else self.profiles.of(user),
            # As in a server, each row of an order has a place of its own.
            has_moments=not self.only_order,
        )

    def raised(self, exponent: float) -> "Interactions":
        """Raise the strengths to a power; 0 makes all equal."""
        if self.strengths is None or exponent == 1.0:
            return self
        return replace(
            self,
            strengths=None if exponent == 0.0 else self.strengths ** np.float32(exponent),
            low=None if self.low is None else self.low.raised(exponent),
        )

    def accumulated(self, every: "Interactions", before: Float64 | None) -> "Interactions":
        """Set the strength of each pair to the sum over its rows before a moment, instead of that of its first row.

        Parameters
        ----------
        every
            The same data with its repeated pairs.
        before
            A moment for each user, so that nothing held out strengthens a pair; None for the whole of it.
        """
        if len(every.items) == len(self.items):
            return self
        keys = self.pair_keys
        keep = np.ones(len(every.items), dtype=np.bool_)
        if before is not None and every.timestamps is not None:
            keep = every.timestamps < before[every.users]
        repeated = every.pair_keys[keep]
        each = np.ones(len(every.items), np.float32) if every.strengths is None else every.strengths
        # A pair that stands in two rows has the same strength in both.
        found, place = np.unique(keys, return_inverse=True)
        sums = np.bincount(np.searchsorted(found, repeated), weights=each[keep], minlength=len(found))
        total = sums.astype(np.float32)[place]
        own = np.ones(len(keys), np.float32) if self.strengths is None else self.strengths
        return replace(self, strengths=_unless_alike(np.where(total > 0, total, own)))


def _column(table: pa.Table, name: str, order: Int64) -> Array | None:
    """Return a column that cleaning may have added; None where it did not."""
    return table[name].to_numpy()[order] if name in table.column_names else None


def _kept(values: Array | None, rows: Mask | slice) -> Array | None:
    return None if values is None else values[rows]


def _unless_alike(strengths: Float32) -> Float32 | None:
    return None if not len(strengths) or strengths.min() == strengths.max() else strengths
