"""Loved rows: the interactions that lists should lead to, where the data has ratings."""

import numpy as np
import pyarrow as pa

from models.arrays.types import Float64, Mask
from models.data.columns import USER
from models.data.strengths import StrengthScale, rating_values

_UPPER_PART = 0.75
"""Share of the scale from which on a rating is loved whoever gives it: 4 of 5 stars."""
_PRIOR = 5.0
"""Ratings of the mean of all users that are added to those of each user."""


def loved_rows(table: pa.Table, scale: StrengthScale) -> Mask:
    """Mark the rows that may be targets of a list: not what is rated next is wanted, but what will be loved.

    These are ratings in the upper part of the scale (4 of 5), ratings at the user's own level or above, and all
    rows that are no ratings. The level is the mean of the user's ratings, shrunk to that of all users. Low ratings are
    not loved whatever the level; of amounts, whose values are no judgement, all others are.

    Parameters
    ----------
    table
        The interactions, with their low ratings.
    """
    values = rating_values(table)
    rated = np.isfinite(values)
    if scale.amounts or scale.high <= scale.low:
        return ~(rated & scale.is_low(values))
    level = _levels(table, values, rated)
    enough = values >= np.minimum(level, scale.low + _UPPER_PART * (scale.high - scale.low))
    return np.asarray(~rated | (enough & ~scale.is_low(values)))


def _levels(table: pa.Table, values: Float64, rated: Mask) -> Float64:
    """Return for each row the level of its user."""
    users = table[USER].cast(pa.large_string()).combine_chunks().dictionary_encode().indices.to_numpy()[rated]
    count = np.bincount(users)
    mean = values[rated].mean() if len(users) else 0.0
    level = (np.bincount(users, weights=values[rated]) + _PRIOR * mean) / (count + _PRIOR)
    found = np.full(len(values), np.inf)
    found[rated] = level[users]
    return found
