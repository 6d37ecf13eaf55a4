"""Interactions by day and item, from which counts and decayed weights are computed at any later moment."""

import numpy as np

from models.arrays.types import Float64, Int32, Int64
from models.data.flow import Flow
from models.data.history import SECONDS_A_DAY
from models.recommenders.popularity import HALF_LIVES_DAYS

_CODES = 1 << 32
_NO_DAY = -1
_Table = tuple[Int64, Float64]


class DailyCounts:
    """Adds up interactions by day and item.

    Each pair has their number and, for every half-life, the sum of their weights at the end of the day: a few numbers,
    however many interactions there are. How old a day is follows from the flow of all interactions.
    """

    def __init__(self) -> None:
        self.flow = Flow.of(np.empty(0))
        self._table: _Table = np.empty(0, dtype=np.int64), np.empty((1 + len(HALF_LIVES_DAYS), 0))
        self._added: list[_Table] = []

    def add(self, codes: Int32, times: Float64) -> None:
        """Add interactions with items, and their times in seconds since 1970 (NaN where unknown)."""
        self.flow = self.flow.joined(Flow.of(times))
        known = ~np.isnan(times)
        days = np.full(len(times), _NO_DAY, dtype=np.int64)
        days[known] = np.floor(times[known] / SECONDS_A_DAY).astype(np.int64)
        left = np.where(known, days + 1 - times / SECONDS_A_DAY, np.inf)
        weights = [np.ones(len(times)), *(0.5 ** (left / half_life) for half_life in HALF_LIVES_DAYS)]
        self._added.append(_summed(days * _CODES + codes, np.stack(weights)))

    def settle(self) -> None:
        """Take what was added into the sums; until then it is not counted."""
        if self._added:
            tables = [self._table, *self._added]
            self._added = []
            keys, sums = (np.concatenate(part, axis=-1) for part in zip(*tables, strict=True))
            self._table = _summed(keys, sums)

    def counts(self, size: int) -> Float64:
        """Return the number of interactions with each item code, of which there are `size`."""
        keys, sums = self._table
        # Without any interaction the result would be of another type.
        return np.bincount(keys % _CODES, weights=sums[0], minlength=size).astype(np.float64)

    def recent(self, size: int, window: int, flow: Flow) -> Float64:
        """Return the decayed number of interactions with each item code, for a row of `HALF_LIVES_DAYS`."""
        keys, sums = self._table
        days, place = np.unique(keys // _CODES, return_inverse=True)
        ages, active = flow.day_ages(days)
        left = np.where(days == _NO_DAY, 0.0, 0.5 ** (ages / HALF_LIVES_DAYS[window]))
        weights = left[place] * np.where(active[place], sums[1 + window], sums[0])
        return np.bincount(keys % _CODES, weights=weights, minlength=size).astype(np.float64)


def _summed(keys: Int64, sums: Float64) -> _Table:
    different, place = np.unique(keys, return_inverse=True)
    columns = [np.bincount(place, weights=row, minlength=len(different)) for row in sums]
    return different, np.stack(columns)
