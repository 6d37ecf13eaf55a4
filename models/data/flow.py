"""The flow of a log: the time during which its interactions came in, by which their ages are measured."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from models.arrays.types import Float64, Int64, Mask
from models.data.history import SECONDS_A_DAY

_QUIET = 0.05
"""A day with a smaller share of the interactions of a usual day is quiet."""
_USUAL_DAYS = 90
"""Latest days whose median is a usual day: a log that shrinks for good finds a new level."""
_LEAST_PAUSE, _LONGEST_PAUSE = 3.0, 30.0
"""Days by which a pause ages the log at least (a weekend is no pause) and at most."""
_USUAL_PAUSES = 3.0
"""Multiple of the usual number of days from one active day to the next that is no pause yet."""


@dataclass(frozen=True)
class Flow:
    """The interactions of each day (UTC), and the ages that follow from them.

    A steady flow ages with the calendar. A pause ages the log by three times the usual distance of two active days, by
    three days at least and thirty at most: last year's log is not worthless after the first interaction of today. Days
    with less than a twentieth of the interactions of a usual day (the median of the latest 90 days that have any) are
    quiet: they count as a pause. What happens on quiet days after the last active one, for example an interaction with
    a wrong time, has the age 0 and makes nothing older.

    Parameters
    ----------
    days
        Days since 1970 with interactions, int64, ascending.
    counts
        Number of interactions of each.
    latest
        Time of the last interaction of each, in seconds since 1970.
    """

    days: Int64
    counts: Int64
    latest: Float64

    @classmethod
    def of(cls, times: Float64) -> Self:
        """Count times, in seconds since 1970; NaN is passed over."""
        known = times[~np.isnan(times)]
        days, place = np.unique(np.floor(known / SECONDS_A_DAY).astype(np.int64), return_inverse=True)
        latest = np.full(len(days), -np.inf)
        np.maximum.at(latest, place, known)
        return cls(days, np.bincount(place, minlength=len(days)).astype(np.int64), latest)

    @classmethod
    def steady(cls, begin: float, end: float, count: int) -> Self:
        """Assume that interactions are spread evenly over a time, where only that is known of them."""
        days = np.arange(begin // SECONDS_A_DAY, end // SECONDS_A_DAY + 1).astype(np.int64)
        latest = np.minimum((days + 1) * SECONDS_A_DAY, end)
        return cls(days, np.full(len(days), max(count // len(days), 1), dtype=np.int64), latest)

    @classmethod
    def from_array(cls, rows: Float64) -> Self:
        """Read what `as_array` returned."""
        return cls(rows[0].astype(np.int64), rows[1].astype(np.int64), np.asarray(rows[2]))

    def as_array(self) -> Float64:
        """Return days, counts and latest times as the rows of an array."""
        return np.stack([self.days.astype(np.float64), self.counts.astype(np.float64), self.latest])

    def joined(self, other: "Flow") -> "Flow":
        """Add the interactions of another part of the log."""
        days = np.union1d(self.days, other.days)
        counts, latest = np.zeros(len(days), dtype=np.int64), np.full(len(days), -np.inf)
        for part in (self, other):
            places = np.searchsorted(days, part.days)
            counts[places] += part.counts
            latest[places] = np.maximum(latest[places], part.latest)
        return Flow(days, counts, latest)

    @cached_property
    def _active(self) -> Mask:
        if not len(self.days):
            return np.zeros(0, dtype=np.bool_)
        return self.counts >= _QUIET * np.median(self.counts[-_USUAL_DAYS:])

    @cached_property
    def _pause(self) -> float:
        between = np.diff(self.days[self._active])
        usual = float(np.median(between)) if len(between) else 1.0
        return min(max(_USUAL_PAUSES * usual, _LEAST_PAUSE), _LONGEST_PAUSE)

    @cached_property
    def _starts(self) -> Float64:
        """Where each active day begins, in days of flow."""
        between = np.minimum(np.diff(self.days[self._active]), self._pause)
        return np.concatenate([[0.0], np.cumsum(between)])

    @cached_property
    def last(self) -> float:
        """The time of the last interaction on an active day, in seconds since 1970: ages are measured up to it."""
        return float(self.latest[self._active][-1]) if len(self.days) else 0.0

    def day_ages(self, days: Int64) -> tuple[Float64, Mask]:
        """Return the age of the end of each day, below 0 for the last one, and whether the day is active.

        All interactions of a quiet day have this age; those of an active day are older by the time until its end.
        """
        active = self.days[self._active]
        if not len(active):
            return np.full(len(days), np.inf), np.zeros(len(days), dtype=np.bool_)
        place = np.searchsorted(active, days, side="right") - 1
        is_active = (place >= 0) & (active[np.maximum(place, 0)] == days)
        before = np.where(place >= 0, days + 1 - active[np.maximum(place, 0)], days + 1 - active[0])
        ends = self._starts[np.maximum(place, 0)] + np.clip(before, -self._pause, self._pause)
        now = self._starts[-1] + (self.last / SECONDS_A_DAY - active[-1])
        return np.where(is_active, now - ends, np.maximum(now - ends, 0.0)), is_active

    def ages(self, times: Float64) -> Float64:
        """Return the age of interactions in days, from 0; infinite where the time is not known (NaN)."""
        known = ~np.isnan(times)
        ages = np.full(len(times), np.inf)
        if len(self.days) and known.any():
            days, place = np.unique(np.floor(times[known] / SECONDS_A_DAY).astype(np.int64), return_inverse=True)
            ends, active = self.day_ages(days)
            until_end = np.where(active[place], days[place] + 1 - times[known] / SECONDS_A_DAY, 0.0)
            ages[known] = np.maximum(ends[place] + until_end, 0.0)
        return ages

    def weights(self, times: Float64, half_life: float) -> Float64:
        """Return the weights of interactions that halve after each `half_life`, in days."""
        weights: Float64 = 0.5 ** (self.ages(times) / half_life)
        return weights
