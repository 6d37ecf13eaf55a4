"""Interactions as arrays: ids become codes, rows are grouped by user and run from oldest to newest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Float32, Float64, Ids, Int32, Int64, Mask
from models.data.columns import ITEM, LOVED, TIMESTAMP, USER
from models.data.history import History
from models.data.low_ratings import LowRatings
from models.data.order import are_times, has_times, is_order
from models.data.strengths import StrengthScale, row_strengths


@dataclass(frozen=True)
class Interactions:
    """Interactions as codes, sorted by user, then by time.

    `user_ids` and `item_ids` are UTF-8 bytes, ascending; an id's code is its position. `users` and `items` are
    int32 codes of length n, `timestamps` float64 beside them, None where the data has no order, and `strengths`
    float32, None where all are alike. With `only_order` the timestamps are no times. `loved` marks the rows that may be
    targets, see `models.data.loved`; None where all may. `low` are the low ratings, which are no interactions.
    """

    user_ids: Ids
    item_ids: Ids
    users: Int32
    items: Int32
    timestamps: Float64 | None
    strengths: Float32 | None = None
    only_order: bool = False
    loved: Mask | None = None
    low: LowRatings | None = None

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
        user_ids, users = _encode(table[USER])
        item_ids, items = _encode(table[ITEM], *more_items)
        items = items[: len(users)]
        timestamps = table[TIMESTAMP].to_numpy().astype(np.float64) if TIMESTAMP in table.column_names else None
        order = _order(users, timestamps, has_times(table), seed)
        strengths = row_strengths(table, scale or StrengthScale())[order]
        found = cls(
            user_ids,
            item_ids,
            users[order],
            items[order],
            None if timestamps is None else timestamps[order],
            _unless_alike(strengths),
            is_order(table.schema),
            table[LOVED].to_numpy()[order] if LOVED in table.column_names else None,
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
        return np.ones(len(self.items), dtype=np.bool_) if self.loved is None else self.loved

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Where each user's rows begin, int64 of length n_users + 1."""
        counts = np.bincount(self.users, minlength=self.n_users)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @cached_property
    def first_of_pair(self) -> npt.NDArray[np.bool_]:
        """Which rows are the first of their pair of user and item."""
        keys = self.users.astype(np.int64) * self.n_items + self.items
        mask = np.zeros(len(keys), dtype=np.bool_)
        mask[np.unique(keys, return_index=True)[1]] = True
        return mask

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
            None if self.timestamps is None else self.timestamps[mask],
            None if self.strengths is None else self.strengths[mask],
            self.only_order,
            None if self.loved is None else self.loved[mask],
            None if self.low is None else self.low.of_users(self.users[mask]),
        )

    def history(self, user: int, stop: int | None = None, now: float | None = None) -> History:
        """Read a user's history from the rows before `stop`, or from all rows."""
        rows = slice(self.offsets[user], self.offsets[user + 1] if stop is None else stop)
        return History.read(
            self.items[rows],
            None if self.strengths is None else self.strengths[rows],
            None if self.timestamps is None else self.timestamps[rows],
            user=user,
            now=now,
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
        keys = self.users.astype(np.int64) * self.n_items + self.items
        order = np.argsort(keys, kind="stable")
        keep = np.ones(len(every.items), dtype=np.bool_)
        if before is not None and every.timestamps is not None:
            keep = every.timestamps < before[every.users]
        repeated = (every.users.astype(np.int64) * self.n_items + every.items)[keep]
        each = np.ones(len(every.items), np.float32) if every.strengths is None else every.strengths
        place = order[np.searchsorted(keys[order], repeated)]
        total = np.bincount(place, weights=each[keep], minlength=len(keys)).astype(np.float32)
        own = np.ones(len(keys), np.float32) if self.strengths is None else self.strengths
        found = np.where(total > 0, total, own)
        return replace(self, strengths=_unless_alike(found))


def row_order(table: pa.Table, seed: int = 0) -> Int64:
    """Return the rows of a table in the order in which `Interactions.from_table` encodes them."""
    timestamps = table[TIMESTAMP].to_numpy().astype(np.float64) if TIMESTAMP in table.column_names else None
    return _order(_encode(table[USER])[1], timestamps, has_times(table), seed)


def _order(users: Int32, timestamps: Float64 | None, clock: bool, seed: int) -> Int64:
    drawn = np.random.default_rng(seed).permutation(len(users))
    if timestamps is None:
        return np.lexsort((drawn, users))
    return np.lexsort((drawn, timestamps, users)) if clock else np.lexsort((timestamps, users))


def find(sorted_ids: Ids, wanted: Sequence[str]) -> Int32:
    """Look up the codes of ids, int32; -1 for those that have none."""
    if not len(wanted) or not len(sorted_ids):
        return np.full(len(wanted), -1, dtype=np.int32)
    texts = np.array([text.encode() for text in wanted], dtype=np.bytes_)
    places = np.minimum(np.searchsorted(sorted_ids, texts), len(sorted_ids) - 1)
    return np.where(sorted_ids[places] == texts, places, -1).astype(np.int32)


def find_column(sorted_ids: Ids, column: pa.ChunkedArray) -> Int32:
    """Look up the codes of a column of ids, int32; -1 for those that have none. Each different id is looked up once."""
    encoded = column.cast(pa.large_string()).combine_chunks().dictionary_encode()
    codes: Int32 = find(sorted_ids, encoded.dictionary.to_pylist())[encoded.indices.to_numpy()]
    return codes


def _encode(*columns: pa.ChunkedArray) -> tuple[Ids, Int32]:
    chunks = [chunk.cast(pa.large_string()) for column in columns for chunk in column.chunks]
    encoded = pa.chunked_array(chunks, type=pa.large_string()).combine_chunks().dictionary_encode()
    names: Ids = np.array([text.encode() for text in encoded.dictionary.to_pylist()], dtype=np.bytes_)
    order = np.argsort(names, kind="stable")
    code = np.empty(len(order), dtype=np.int32)
    code[order] = np.arange(len(order), dtype=np.int32)
    return names[order], code[encoded.indices.to_numpy()]


def _unless_alike(strengths: Float32) -> Float32 | None:
    return None if not len(strengths) or strengths.min() == strengths.max() else strengths
