"""The scale of a log's ratings: where it begins and ends, and whether the values are ratings at all or amounts."""

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import AfterValidator

from models.arrays.types import Float64, Int64

AMOUNTS = "amounts"
_STRAYS = 0.01
"""Share of the rows that may be stray values, such as a 100 among stars; of ten rows or more always one."""
_ROWS_WITH_A_STRAY = 10
_MOST_LEVELS = 21
"""Levels of the longest scale of ratings: 0 to 10 in halves."""
_FEWEST_STARS = 5.0
"""Scales of ratings that end below it are thumbs, whose likes are the same as those of amounts."""
_THIN = 0.01
_FEW_LIKES = 0.15
_TAIL = 0.1
_LARGEST = 1e6
_LIMIT = 1e150
_PARTS = 1e6
"""Values are compared in millionths: stars in tenths have no exact difference as floats."""


class RatingScale(NamedTuple):
    """The ends of a scale; equal where nothing can be told. `amounts` are times played or pieces bought."""

    low: float
    high: float
    amounts: bool = False


def usual_scale(values: Float64) -> RatingScale:
    """Name the usual scale that some values are from: thumbs, 5 stars, 10 points or 100; amounts beyond that."""
    low, high = float(values.min()), float(values.max())
    if low < 1 >= high:
        return RatingScale(min(low, 0.0), 1.0)
    for end in (5.0, 10.0, 100.0):
        if high <= end:
            return RatingScale(min(low, 1.0), end)
    return RatingScale(low, high, amounts=True)


def measure_scale(values: Float64) -> RatingScale:
    """Measure the scale of finite values; a few stray ones do not move it.

    A few evenly spaced values are a scale of ratings, however many of them are low. They are amounts where most are
    low and their number thins out to nothing, as that of 1, 2, 3, ... pieces does: stars end at 5 all at once. Many
    different values are amounts if most of them are in the lower half of their range. No amount is negative.
    """
    # Sums and differences of larger values are infinite.
    ordered = np.clip(np.sort(values), -_LIMIT, _LIMIT)
    strays = max(int(len(ordered) * _STRAYS), int(len(ordered) >= _ROWS_WITH_A_STRAY))
    if not len(ordered):
        return RatingScale(0.0, 0.0)
    return _of_levels(ordered, strays) or _of_range(ordered, strays)


def _of_levels(ordered: Float64, strays: int) -> RatingScale | None:
    """Measure values of a few levels; None where there are many, or they are not evenly spaced."""
    found, counts = np.unique(ordered, return_counts=True)
    # The frequent values first, of equally frequent ones those near the median: what is left at the end is stray.
    distances = np.abs(found - np.median(ordered))
    order = np.lexsort((distances, -counts))
    frequent = np.sort(order[: np.searchsorted(np.cumsum(counts[order]), len(ordered) - strays) + 1])
    usual = usual_scale(found[frequent])
    if np.abs(found[frequent]).max() > _LARGEST:
        return None
    # Few may give one star: a rare value is none of the stray ones if it is a level of the usual scale.
    near = np.flatnonzero((found >= usual.low) & (found <= usual.high))
    core, places = _in_parts(found[frequent]), _in_parts(found[near])
    step = int(np.gcd.reduce(np.diff(core), initial=0))
    levels = near if not step else np.union1d(frequent, near[(places - core[0]) % step == 0])
    step = step or int(np.gcd.reduce(np.diff(places), initial=0))
    low, high = float(found[levels[0]]), float(found[levels[-1]])
    if not step:
        return RatingScale(low, high)
    number = round((high - low) * _PARTS) // step + 1
    if number > _MOST_LEVELS:
        return None
    beyond = int(counts[np.abs(found - (high + step / _PARTS)) < 0.5 / _PARTS].sum())
    return RatingScale(low, high, _thins_out(found[levels], counts[levels], number, beyond))


def _thins_out(levels: Float64, rows: Int64, number: int, beyond: int) -> bool:
    """Tell whether most rows are low, and there are ever fewer towards the end and `beyond` it, one level further."""
    total, top, high = int(rows.sum()), int(rows[-1]), float(levels[-1])
    upper = int(rows[levels >= (levels[0] + high) / 2].sum())
    if levels[0] < 0 or upper >= total / 2:
        return False
    no_peak = top * ((number + 1) // 2) <= upper <= _FEW_LIKES * total
    return high < _FEWEST_STARS or top <= round(_THIN * total) or no_peak or beyond > max(_TAIL * top, 1)


def _of_range(ordered: Float64, strays: int) -> RatingScale:
    low, high = float(ordered[strays]), float(ordered[-1 - strays])
    if low == high:
        low, high = float(ordered[0]), float(ordered[-1])
    return RatingScale(low, high, amounts=bool(low >= 0 and (ordered < (low + high) / 2).mean() > 1 / 2))


def _in_parts(values: Float64) -> Int64:
    return np.round(values * _PARTS).astype(np.int64)


def declared_scale(declared: str, values: Float64) -> RatingScale:
    """Read a declared scale: its ends (`1..5`), or `amounts`, whose range is that of the values."""
    if declared == AMOUNTS:
        return RatingScale(*(_of_range(np.sort(values), 0)[:2] if len(values) else (0.0, 0.0)), amounts=True)
    low, high = (float(end) for end in declared.split(".."))
    return RatingScale(low, high)


def _checked(declared: str) -> str:
    if declared != AMOUNTS:
        try:
            low, high = (float(end) for end in declared.split(".."))
        except ValueError:
            low = high = np.nan
        if not -np.inf < low < high < np.inf:
            raise ValueError(f"{declared!r} is neither a scale such as 1..5 nor {AMOUNTS!r}")
    return declared


DeclaredScale = Annotated[str, AfterValidator(_checked)]
"""A scale of ratings in words: its lowest and its highest value, as in `1..5`, or `amounts`."""
