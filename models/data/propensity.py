"""Propensities of positions: how much more often an item is looked at high in a list, and what that makes of labels.

The position-based model: an item of relevance r at position k is clicked with probability p(k) r. Labels that count
1 / p(k) are then unbiased (Joachims, Swaminathan & Schnabel 2017, "Unbiased learning-to-rank with biased feedback").
p is estimated from items that were shown at several positions (Agarwal et al. 2019, "Estimating position bias without
intrusive interventions"): nobody has to be shown a random list.
"""

import numpy as np

from models.arrays.types import Float32, Float64, Int32, Int64, Mask
from models.data.impressions import Impressions, latest_before
from models.data.interactions import Interactions

MOST_WEIGHT = 10.0
"""Weights of labels are clipped to this: a click where hardly anybody looks would outweigh all others."""
MIN_SHOWS, MIN_CLICKS = 500, 50
"""The fewest shows with a position, and clicks on them, from which propensities are estimated."""
_LAST = 100
"""Positions from this one on are one position."""
_PRIOR = 10.0
"""Shows of average relevance that are added to those of each item, and expected clicks to those of each position."""
_ROUNDS = 30


def propensities(impressions: Impressions, clicked: Mask) -> Float64 | None:
    """Estimate how likely a shown item is looked at by its position, relative to the best one.

    Returns
    -------
    array or None
        float64 by position, the last for all that come after; None where there are too few shows or positions.
    """
    known = np.isfinite(impressions.positions) & (impressions.positions >= 0)
    positions = np.minimum(impressions.positions[known], _LAST).astype(np.int64)
    clicks = clicked[known].astype(np.float64)
    if len(clicks) < MIN_SHOWS or clicks.sum() < MIN_CLICKS or positions.min() == positions.max():
        return None
    return _position_based(impressions.items[known], positions, clicks)


def _position_based(items: Int32, positions: Int64, clicks: Float64) -> Float64:
    """Fit clicks = shows * p(position) * r(item), as counts (Poisson), one factor after the other."""
    count = int(positions.max()) + 1
    pairs, place = np.unique(items.astype(np.int64) * count + positions, return_inverse=True)
    shows = np.bincount(place).astype(np.float64)
    item, position = np.unique(pairs // count, return_inverse=True)[1], pairs % count
    of_item = np.bincount(item, weights=np.bincount(place, weights=clicks))
    of_position = np.bincount(position, weights=np.bincount(place, weights=clicks), minlength=count)
    looked = np.ones(count)
    for _ in range(_ROUNDS):
        seen = shows * looked[position]
        usual = clicks.sum() / seen.sum()
        relevance = (of_item + _PRIOR * usual) / (np.bincount(item, weights=seen) + _PRIOR)
        expected = np.bincount(position, weights=shows * relevance[item], minlength=count)
        looked = (of_position + _PRIOR) / (expected + _PRIOR)
    present = np.bincount(position, minlength=count) > 0
    return np.where(present, looked / looked[present].max(), 1.0)


def label_factors(impressions: Impressions, log: Interactions, within: float) -> Float32 | None:
    """Return by how much the position where an item was shown makes each row of a log count as a label.

    Parameters
    ----------
    impressions
        Not later than the log.
    within
        Seconds from a show to the interactions that it led to.

    Returns
    -------
    array or None
        float32 for each row, 1 on average of those with a position and 1 for all others; None where the propensities
        of positions are not known.
    """
    looked = propensities(impressions, impressions.answered(log, within))
    if looked is None:
        return None
    row = latest_before(impressions.keys, impressions.times, log.pair_keys, log.times)
    at = impressions.positions[np.maximum(row, 0)]
    led = (row >= 0) & (log.times - impressions.times[np.maximum(row, 0)] <= within) & np.isfinite(at) & (at >= 0)
    factors = np.ones(len(log.items))
    if not led.any():
        return None
    weights = 1.0 / looked[np.minimum(at[led], len(looked) - 1).astype(np.int64)]
    factors[led] = np.minimum(weights, MOST_WEIGHT)
    factors[led] /= factors[led].mean()
    return factors.astype(np.float32)
