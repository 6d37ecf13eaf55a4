"""Interactions as arrays: ids become codes, rows are grouped by user and run from oldest to newest."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.data.columns import ITEM, TIMESTAMP, USER

Int32 = npt.NDArray[np.int32]
Ids = npt.NDArray[np.bytes_]


@dataclass(frozen=True)
class Interactions:
    """Who had what, sorted by user, then by time; equal times keep the order of the rows.

    `user_ids` and `item_ids` are UTF-8 bytes, ascending; an id's code is its position. `users` and `items` are
    int32 codes of length n, `timestamps` float64 beside them, None where the data has no order.
    """

    user_ids: Ids
    item_ids: Ids
    users: Int32
    items: Int32
    timestamps: npt.NDArray[np.float64] | None

    @classmethod
    def from_table(
        cls,
        table: pa.Table,
        *,
        more_items: Sequence[pa.ChunkedArray] = (),
        first_only: bool = True,
        seed: int = 0,
    ) -> "Interactions":
        """Encode a cleaned table.

        Rows without an order are shuffled within a user, so that no part reads a meaning into their place.

        Parameters
        ----------
        more_items
            Columns of further item ids that need a code.
        first_only
            Whether a repeated pair of user and item counts once, at its first time.
        """
        user_ids, users = _encode(table[USER])
        item_ids, items = _encode(table[ITEM], *more_items)
        items = items[: len(users)]
        timestamps = None
        if TIMESTAMP in table.column_names:
            timestamps = table[TIMESTAMP].to_numpy().astype(np.float64)
        within = np.random.default_rng(seed).permutation(len(users)) if timestamps is None else timestamps
        order = np.lexsort((within, users))
        if first_only:
            order = order[_first_of_each(users[order].astype(np.int64) * len(item_ids) + items[order])]
        return cls(
            user_ids,
            item_ids,
            users[order],
            items[order],
            None if timestamps is None else timestamps[order],
        )

    @property
    def n_users(self) -> int:
        """Count the users that have a code."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Count the items that have a code."""
        return len(self.item_ids)

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """Where each user's rows begin, int64 of length n_users + 1."""
        counts = np.bincount(self.users, minlength=self.n_users)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def select(self, mask: npt.NDArray[np.bool_]) -> "Interactions":
        """Keep some of the rows; all codes stay as they are."""
        return Interactions(
            self.user_ids,
            self.item_ids,
            self.users[mask],
            self.items[mask],
            None if self.timestamps is None else self.timestamps[mask],
        )


def find(sorted_ids: Ids, wanted: Sequence[str]) -> Int32:
    """Look up the codes of ids, int32; -1 for those that have none."""
    if not len(wanted) or not len(sorted_ids):
        return np.full(len(wanted), -1, dtype=np.int32)
    texts = np.array([text.encode() for text in wanted], dtype=np.bytes_)
    places = np.minimum(np.searchsorted(sorted_ids, texts), len(sorted_ids) - 1)
    return np.where(sorted_ids[places] == texts, places, -1).astype(np.int32)


def _encode(*columns: pa.ChunkedArray) -> tuple[Ids, Int32]:
    chunks = [chunk.cast(pa.large_string()) for column in columns for chunk in column.chunks]
    encoded = pa.chunked_array(chunks, type=pa.large_string()).combine_chunks().dictionary_encode()
    names: Ids = np.array([text.encode() for text in encoded.dictionary.to_pylist()], dtype=np.bytes_)
    order = np.argsort(names, kind="stable")
    code = np.empty(len(order), dtype=np.int32)
    code[order] = np.arange(len(order), dtype=np.int32)
    return names[order], code[encoded.indices.to_numpy()]


def _first_of_each(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    _, first = np.unique(keys, return_index=True)
    return np.sort(first)
