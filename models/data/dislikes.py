"""Dislikes: what users turned down; it is never recommended to them, and says nothing else."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.data.columns import ITEM, TIMESTAMP, USER
from models.data.history import Float64, Int32
from models.data.interactions import Interactions, find


@dataclass(frozen=True)
class Dislikes:
    """Pairs of user and item, sorted by user, as codes; `timestamps` stand beside them where the data has an order."""

    users: Int32
    items: Int32
    timestamps: Float64 | None = None

    @classmethod
    def from_table(cls, table: pa.Table | None, interactions: Interactions) -> "Dislikes":
        """Encode the rows whose user and item have codes."""
        if table is None or not table.num_rows:
            return cls(np.empty(0, np.int32), np.empty(0, np.int32))
        users = find(interactions.user_ids, table[USER].to_pylist())
        items = find(interactions.item_ids, table[ITEM].to_pylist())
        known = np.flatnonzero((users >= 0) & (items >= 0))
        rows = known[np.argsort(users[known], kind="stable")]
        times = table[TIMESTAMP].to_numpy().astype(np.float64)[rows] if TIMESTAMP in table.column_names else None
        return cls(users[rows], items[rows], times)

    def before(self, moments: Float64 | None, history: Interactions) -> "Dislikes | None":
        """Keep what is known at a moment of each user and was not liked as well.

        Parameters
        ----------
        moments
            One for each user; None where all is known.
        history
            What each user had by then.

        Returns
        -------
        Dislikes or None
            None where nothing is left.
        """
        own = self.users.astype(np.int64) * history.n_items + self.items
        liked = history.users.astype(np.int64) * history.n_items + history.items
        kept = ~np.isin(own, liked)
        if moments is not None and self.timestamps is not None:
            kept &= self.timestamps < moments[self.users]
        if not kept.any():
            return None
        times = None if self.timestamps is None else self.timestamps[kept]
        return Dislikes(self.users[kept], self.items[kept], times)


def moments_of(everything: Interactions, held: npt.NDArray[np.bool_]) -> Float64 | None:
    """Give the moment of each user's first held-out row, infinite where there is none; None without an order."""
    if everything.timestamps is None:
        return None
    moments = np.full(everything.n_users, np.inf)
    np.minimum.at(moments, everything.users[held], everything.timestamps[held])
    return moments
