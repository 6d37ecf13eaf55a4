"""Dislikes: pairs of user and item that are never recommended, and count against similar items."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Float32, Float64, Int32, Int64
from models.data.codes import find_column
from models.data.columns import ITEM, TIMESTAMP, USER
from models.data.history import History
from models.data.interactions import Interactions
from models.data.low_ratings import LowRatings
from models.data.strengths import StrengthScale, rating_values


@dataclass(frozen=True)
class Dislikes:
    """Pairs of user and item, sorted by user and time, as codes.

    `timestamps` stand beside them where the data has an order; `draws`, evenly between 0 and 1, are what hides some
    of them where the test has no moment. `strengths` (float32) are those of low ratings, see `StrengthScale`.
    """

    users: Int32
    items: Int32
    timestamps: Float64 | None
    draws: Float64
    strengths: Float32 | None = None

    @classmethod
    def from_table(
        cls, table: pa.Table | None, interactions: Interactions, *, scale: StrengthScale | None = None, seed: int = 0
    ) -> "Dislikes":
        """Encode the rows whose user and item have codes; with strengths where the scale of ratings is given."""
        if table is None or not table.num_rows:
            return cls(np.empty(0, np.int32), np.empty(0, np.int32), None, np.empty(0))
        users = find_column(interactions.user_ids, table[USER])
        items = find_column(interactions.item_ids, table[ITEM])
        known = np.flatnonzero((users >= 0) & (items >= 0))
        times = table[TIMESTAMP].to_numpy().astype(np.float64) if TIMESTAMP in table.column_names else None
        rows = known[np.lexsort((np.zeros(len(known)) if times is None else times[known], users[known]))]
        times = None if times is None else times[rows]
        draws = np.random.default_rng(seed).random(len(rows))
        strengths = None if scale is None else scale.low_strengths(rating_values(table)[rows])
        return cls(users[rows], items[rows], times, draws, strengths)

    def of(self, user: int, history: History, before: float | None) -> Int32:
        """Return what a user turned down before a moment, the latest last, and has not liked since.

        Parameters
        ----------
        history
            What the user liked until then.
        before
            None without an order: then any like cancels a dislike.
        """
        rows = slice(*np.searchsorted(self.users, (user, user + 1)))
        items = self.items[rows]
        if before is None or self.timestamps is None or history.times is None:
            return items[~np.isin(items, history.items)]
        times = self.timestamps[rows]
        liked = np.full(len(items), -np.inf)
        for place in np.flatnonzero(np.isin(items, history.items)):
            liked[place] = history.times[history.items == items[place]].max()
        return items[(times < before) & (times > liked)]

    def before(self, moments: Float64 | None, every: Interactions, hidden: float = 0.0) -> "Dislikes | None":
        """Keep the dislikes that are known at a moment and were not followed by a like.

        Parameters
        ----------
        moments
            One for each user: later rows are not known. None without an order.
        every
            All likes, with their repeats. Without an order, any like cancels the dislike.
        hidden
            Share of the dislikes that is hidden, where the test is random.

        Returns
        -------
        Dislikes or None
            None where nothing is left.
        """
        if not len(self.users):
            return None
        kept = self.draws >= hidden
        own = self.users.astype(np.int64) * every.n_items + self.items
        liked = every.users.astype(np.int64) * every.n_items + every.items
        if moments is None or self.timestamps is None or every.timestamps is None:
            kept &= ~np.isin(own, liked)
        else:
            kept &= hidden > 0 or self.timestamps < moments[self.users]
            known = every.timestamps < moments[every.users]
            kept &= self.timestamps > _latest(own, liked[known], every.timestamps[known])
        if not kept.any():
            return None
        times = None if self.timestamps is None else self.timestamps[kept]
        strengths = None if self.strengths is None else self.strengths[kept]
        return Dislikes(self.users[kept], self.items[kept], times, self.draws[kept], strengths)

    def low_ratings(self, liked: Interactions) -> LowRatings | None:
        """Return them as low ratings, the latest of each pair, without pairs that are liked; None without strengths."""
        if self.strengths is None:
            return None
        keys = self.users.astype(np.int64) * liked.n_items + self.items
        _, last = np.unique(keys[::-1], return_index=True)
        rows = len(keys) - 1 - last
        rows = rows[~np.isin(keys[rows], liked.users.astype(np.int64) * liked.n_items + liked.items)]
        return LowRatings(self.users[rows], self.items[rows], self.strengths[rows])


def _latest(wanted: Int64, keys: Int64, times: Float64) -> Float64:
    """Return the latest time of each wanted key, minus infinity where it is not among the keys."""
    found = np.full(len(wanted), -np.inf)
    relevant = np.isin(keys, wanted)
    order = np.lexsort((times[relevant], keys[relevant]))
    keys, times = keys[relevant][order], times[relevant][order]
    last = np.searchsorted(keys, wanted, side="right") - 1
    here = (last >= 0) & (keys[last] == wanted) if len(keys) else np.zeros(len(wanted), dtype=np.bool_)
    found[here] = times[last[here]]
    return found


def moments_of(everything: Interactions, held: npt.NDArray[np.bool_]) -> Float64 | None:
    """Return the moment of each user's first held-out row, infinite where there is none; None without an order."""
    if everything.timestamps is None:
        return None
    moments = np.full(everything.n_users, np.inf)
    np.minimum.at(moments, everything.users[held], everything.timestamps[held])
    return moments
