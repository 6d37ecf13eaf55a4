"""Strengths: the weight of each interaction, from its event type, rating and repetition."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.types import Float32, Float64
from models.data.columns import EVENT_TYPE, TIMESTAMP, VALUE
from models.data.events import EVENT_WEIGHTS, EventWeights
from models.data.order import is_order

RATING = "rating"
VIEW = "view"
_MOST_LOW = 0.5
_WEAKEST = 0.5
"""Strength of the weakest rating that still is a like; the best one has 1."""


class StrengthScale(BaseModel):
    """How interactions become strengths: the weights of event types and the scale of the ratings, stored in the bundle.

    A rating below the middle of the scale is not a like; above it the strength grows from a half to 1. Where most
    values would be low they are amounts (times played, pieces bought), not ratings: all above 0 are likes, and their
    strength grows with their logarithm.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_weights: EventWeights = Field(EVENT_WEIGHTS, description="weight of each event type")
    half_lives: dict[str, float] = Field({}, description="seconds after which an event of a type says half as much")
    low: float = Field(0.0, description="lowest value seen")
    high: float = Field(0.0, description="highest value seen")
    amounts: bool = Field(False, description="whether the values are amounts and not ratings")

    @classmethod
    def fit(cls, values: Float64, event_weights: dict[str, float] | None = None) -> "StrengthScale":
        """Measure the scale of ratings; values that are not finite are passed over."""
        weights = EVENT_WEIGHTS if event_weights is None else event_weights
        finite = values[np.isfinite(values)]
        if not len(finite):
            return cls(event_weights=weights)
        low, high = float(finite.min()), float(finite.max())
        amounts = bool((finite < (low + high) / 2).mean() > _MOST_LOW)
        return cls(event_weights=weights, low=low, high=high, amounts=amounts)

    def is_low(self, values: Float64) -> npt.NDArray[np.bool_]:
        """Tell which ratings are not likes; a missing rating, or one without a scale, counts as a like."""
        if self.high <= self.low:
            return np.zeros(len(values), dtype=np.bool_)
        if self.amounts:
            return np.asarray(values <= 0)
        return np.asarray(values < (self.low + self.high) / 2)

    def signed(self, values: Float64) -> Float32:
        """Return the strength of each rating as a like, -1 for a low rating, and 1 where there is none (NaN)."""
        return np.where(self.is_low(values), np.float32(-1.0), self.strengths(values)).astype(np.float32)

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
    return found


def _left(table: pa.Table, kinds: pa.DictionaryArray, scale: StrengthScale) -> Float32:
    """Compute the strength that is left of each interaction at the time of the newest one."""
    lives = np.array([scale.half_lives.get(kind, np.inf) for kind in kinds.dictionary.to_pylist()] + [np.inf])
    life = lives[pc.fill_null(kinds.indices, len(lives) - 1).to_numpy()]
    times = table[TIMESTAMP].to_numpy().astype(np.float64)
    return np.asarray(np.exp2((times - times.max()) / life), dtype=np.float32)
