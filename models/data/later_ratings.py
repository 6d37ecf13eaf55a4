"""Later ratings: what users rated in the test part, good or bad, to see whether recommended items were loved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.arrays.types import Float64, Int32, Int64
from models.data.codes import find_column
from models.data.columns import ITEM, USER
from models.data.dislikes import Dislikes
from models.data.interactions import Interactions
from models.data.strengths import StrengthScale, rating_values


@dataclass(frozen=True)
class LaterRatings:
    """Ratings of pairs of user and item; `keys` are `user * n_items + item`, ascending, with `values` beside them."""

    keys: Int64
    values: Float64
    n_items: int

    @classmethod
    def collect(
        cls,
        tables: Iterable[pa.Table | None],
        scale: StrengthScale | None,
        known: Interactions,
        disliked: Dislikes | None,
    ) -> "LaterRatings | None":
        """Collect the ratings of the pairs that are not known at the test.

        Parameters
        ----------
        tables
            All interactions, with the low ratings.
        known, disliked
            What is known at the test; the codes are those of `known`.

        Returns
        -------
        LaterRatings or None
            None where the data has no ratings, or none that are later.
        """
        if scale is None or scale.amounts or not scale.has_ratings:
            return None
        keys, values = [np.empty(0, dtype=np.int64)], [np.empty(0)]
        for table in tables:
            if table is not None:
                users, items = find_column(known.user_ids, table[USER]), find_column(known.item_ids, table[ITEM])
                ratings = rating_values(table)
                rated = np.isfinite(ratings) & (users >= 0) & (items >= 0)
                keys.append(users[rated].astype(np.int64) * known.n_items + items[rated])
                values.append(ratings[rated])
        every, ratings = np.concatenate(keys), np.concatenate(values)
        before = known.users.astype(np.int64) * known.n_items + known.items
        if disliked is not None:
            before = np.append(before, disliked.users.astype(np.int64) * known.n_items + disliked.items)
        later = ~np.isin(every, before)
        if not later.any():
            return None
        found, place = np.unique(every[later], return_inverse=True)
        # An item that was rated twice has the mean of both.
        return cls(found, np.bincount(place, weights=ratings[later]) / np.bincount(place), known.n_items)

    def means(self, users: Int32, ranked: Int32, ks: Sequence[int]) -> dict[str, float]:
        """Measure `rating@k`: the mean rating of the recommended items that were rated later; 0 where there are none.

        Parameters
        ----------
        users
            The user of each list.
        ranked
            Item codes, int32 (users, at least max(ks)), best first, -1 where a list ends early.
        """
        wanted = np.where(ranked >= 0, users.astype(np.int64)[:, None] * self.n_items + ranked, -1)
        places = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        rated = self.keys[places] == wanted
        found = {}
        for k in ks:
            ratings = self.values[places[:, :k]][rated[:, :k]]
            found[f"rating@{k}"] = float(ratings.mean()) if len(ratings) else 0.0
        return found
