"""Strengths: the weight of each interaction, from its event type, rating and repetition."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.types import Float32, Float64
from models.data.columns import EVENT_TYPE, TIMESTAMP, VALUE
from models.data.events import EVENT_WEIGHTS, EventWeights
from models.data.order import is_order
from models.data.rating_scale import declared_scale, measure_scale, usual_scale

RATING = "rating"
VIEW = "view"
_WEAKEST = 0.5
"""Strength of the weakest rating that still is a like; the best one has 1."""

_LOWEST = 0.05
"""Strength of the lowest rating where a measure compares ratings: above 0, which stands for no rating."""


class StrengthScale(BaseModel):
    """How interactions become strengths: the weights of event types and the scale of the ratings, stored in the bundle.

    A rating below the middle of the scale is not a like; above it the strength grows from a half to 1. Of amounts
    (times played, pieces bought) all above 0 are likes, and their strength grows with their logarithm.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_weights: EventWeights = Field(EVENT_WEIGHTS, description="weight of each event type")
    half_lives: dict[str, float] = Field({}, description="seconds after which an event of a type says half as much")
    unit: float = Field(1.0, gt=0, description="strength that counts as 1: that of all interactions, if it is one")
    low: float = Field(0.0, description="lowest rating")
    high: float = Field(0.0, description="highest rating; as the lowest if there are none, or all are equal")
    amounts: bool = Field(False, description="whether the values are amounts and not ratings")

    @classmethod
    def fit(
        cls, values: Float64, event_weights: dict[str, float] | None = None, declared: str | None = None
    ) -> "StrengthScale":
        """Take the declared scale of ratings, or measure it; values that are not finite are passed over."""
        weights = EVENT_WEIGHTS if event_weights is None else event_weights
        finite = values[np.isfinite(values)]
        scale = measure_scale(finite) if declared is None else declared_scale(declared, finite)
        return cls(event_weights=weights, **scale._asdict())

    def or_that_of(self, other: "StrengthScale") -> "StrengthScale":
        """Return the same weights with the scale of ratings of another, where this one has none."""
        ends = {"low": other.low, "high": other.high, "amounts": other.amounts}
        return self.model_copy(update=ends) if other.has_ratings and not self.has_ratings else self

    @property
    def has_ratings(self) -> bool:
        """Whether it tells low ratings from likes."""
        return self.amounts or self.high > self.low

    def for_ratings(self, values: Float64) -> "StrengthScale":
        """Return the scale to read some ratings with: where there is none yet, the usual one that they are from.

        One star is a low rating in a shop that had no ratings when its bundle was trained.

        Parameters
        ----------
        values
            The ratings; those that are not finite are passed over.
        """
        if self.has_ratings:
            return self
        known = [self.high] if self.high else []
        values = np.unique(np.append(values[np.isfinite(values)], known))
        # Likes that all have the value that they had in training say nothing about a scale.
        return self if len(values) <= len(known) else self.model_copy(update=usual_scale(values)._asdict())

    @property
    def lowest_like(self) -> float:
        """The value from which on a rating is a like."""
        if self.amounts:
            return float(np.nextafter(0.0, 1.0))
        return (self.low + self.high) / 2 if self.has_ratings else -np.inf

    def weights(self, kinds: Sequence[str]) -> Float64:
        """Return the weight of each event's type, 0 for a type that has none, in units of `unit`."""
        return np.array([self.event_weights.get(kind, 0.0) for kind in kinds], dtype=np.float64) / self.unit

    def is_low(self, values: Float64) -> npt.NDArray[np.bool_]:
        """Tell which ratings are not likes; a missing rating, or one without a scale, counts as a like."""
        return np.asarray(values < self.lowest_like)

    def signed(self, values: Float64) -> Float32:
        """Return the strength of each rating as a like, -1 for a low rating, and 1 where there is none (NaN)."""
        return np.where(self.is_low(values), np.float32(-1.0), self.strengths(values)).astype(np.float32)

    def low_strengths(self, values: Float64) -> Float32:
        """Scale low ratings to strengths above 0 and below a half, those of likes; a missing one is the lowest."""
        if self.amounts or self.high <= self.low:
            return np.full(len(values), _LOWEST, dtype=np.float32)
        above = np.clip(2 * (values - self.low) / (self.high - self.low), 0, 1)
        return (_LOWEST + (_WEAKEST - _LOWEST) * np.where(np.isfinite(above), above, 0.0)).astype(np.float32)

    def strengths(self, values: Float64) -> Float32:
        """Scale values to strengths between a half and 1; 1 where there is nothing to compare with."""
        if self.high <= self.low:
            return np.ones(len(values), dtype=np.float32)
        if self.amounts:
            above = np.log1p(np.clip(values - self.low, 0, None)) / np.log1p(self.high - self.low)
        else:
            middle = (self.low + self.high) / 2
            above = np.clip((values - middle) / (self.high - middle), 0, 1)
        scaled = _WEAKEST + (1 - _WEAKEST) * np.where(np.isfinite(above), above, 1.0)
        return scaled.astype(np.float32)


def with_unit(scale: StrengthScale, table: pa.Table) -> StrengthScale:
    """Let the strength of all rows count as 1 if they have the same: requests must read it as training does."""
    strengths = row_strengths(table, scale)
    alike = len(strengths) and strengths.min() == strengths.max()
    return scale.model_copy(update={"unit": float(strengths[0])}) if alike else scale


def is_rating(table: pa.Table) -> npt.NDArray[np.bool_]:
    """Tell which rows are ratings: those of that event type, and those with a value and no event type."""
    if VALUE not in table.column_names:
        return np.zeros(table.num_rows, dtype=np.bool_)
    valued = pc.is_valid(table[VALUE])
    if EVENT_TYPE not in table.column_names:
        rated = valued
    else:
        kind = table[EVENT_TYPE]
        rated = pc.and_(valued, pc.or_(pc.is_null(kind), pc.fill_null(pc.equal(kind, RATING), False)))
    return np.asarray(rated.to_numpy(), dtype=np.bool_)


def rating_values(table: pa.Table) -> Float64:
    """Return the ratings of all rows, float64; NaN for rows that are not ratings."""
    if VALUE not in table.column_names:
        return np.full(table.num_rows, np.nan)
    values = pc.fill_null(table[VALUE], np.nan).to_numpy().astype(np.float64)
    return np.where(is_rating(table), values, np.nan)


def row_strengths(table: pa.Table, scale: StrengthScale) -> Float32:
    """Compute the strength of every row: the weight of its event type, times that of its rating."""
    values = rating_values(table)
    found = np.where(np.isfinite(values), scale.strengths(values), np.float32(1.0)).astype(np.float32)
    if EVENT_TYPE in table.column_names:
        kinds = table[EVENT_TYPE].combine_chunks().dictionary_encode()
        # Without a type a row is a rating where it has a value, else a view.
        missing = np.where(is_rating(table), scale.event_weights[RATING], scale.event_weights[VIEW])
        weights = np.array([scale.event_weights.get(kind, 1.0) for kind in kinds.dictionary.to_pylist()] + [np.nan])
        weight = weights[pc.fill_null(kinds.indices, len(weights) - 1).to_numpy()]
        found = found * np.where(np.isnan(weight), missing, weight).astype(np.float32)
        if scale.half_lives and TIMESTAMP in table.column_names and not is_order(table.schema):
            found = found * _left(table, kinds, scale)
    return found if scale.unit == 1.0 else found / np.float32(scale.unit)


def _left(table: pa.Table, kinds: pa.DictionaryArray, scale: StrengthScale) -> Float32:
    """Compute the strength that is left of each interaction at the time of the newest one."""
    lives = np.array([scale.half_lives.get(kind, np.inf) for kind in kinds.dictionary.to_pylist()] + [np.inf])
    life = lives[pc.fill_null(kinds.indices, len(lives) - 1).to_numpy()]
    times = table[TIMESTAMP].to_numpy().astype(np.float64)
    return np.asarray(np.exp2((times - times.max()) / life), dtype=np.float32)
