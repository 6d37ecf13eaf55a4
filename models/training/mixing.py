"""Mixing: finds the weights of the parts in the neighbours' score."""

from collections.abc import Iterable

import numpy as np

from models.arrays.types import Float32, Float64
from models.ranking.candidates import PARTS
from models.training.validation import Pool, within_one_error

_FACTORS = (2.0, 2.0, 2.0**0.5, 2.0**0.25)
_FROM_ZERO = (0.1, 0.4, 1.6)
_GREATEST = 32.0


def search_weights(pool: Pool, start: Float32, parts: Iterable[str]) -> tuple[Float32, float]:
    """Search the weights part by part, with factors that shrink from round to round.

    Parameters
    ----------
    start
        A weight for each of `PARTS`.
    parts
        The parts whose weights are searched; the others keep theirs.

    Returns
    -------
    tuple
        The weights, and their NDCG@10.
    """
    places = [PARTS.index(part) for part in parts]
    weights, best = start.copy(), pool.ndcg(start)
    for number, factor in enumerate(_FACTORS):
        for place in places:
            for value in _around(float(weights[place]), factor, first=number == 0):
                tried = weights.copy()
                tried[place] = value
                if tried.any() and (ndcg := pool.ndcg(tried)) > best:
                    weights, best = tried, ndcg
    return weights, best


def prune(pool: Pool, weights: Float32) -> Float32:
    """Set to 0 the weights of parts that help no more than chance, the least useful first.

    Each part takes time at every request, and a weight that was chosen for the noise of some users harms others. So
    the mix with the fewest parts is taken whose NDCG is within one standard error of that of all parts.
    """
    best = pool.of_users(weights)
    while True:
        found: dict[int, Float64] = {}
        for position in np.flatnonzero(weights).tolist():
            tried = weights.copy()
            tried[position] = 0.0
            if tried.any():
                found[position] = pool.of_users(tried)
        place = max(found, key=lambda one: float(found[one].mean()), default=-1)
        if place < 0 or not within_one_error(best, found[place]):
            return weights
        weights = weights.copy()
        weights[place] = 0.0


def _around(now: float, factor: float, *, first: bool) -> Iterable[float]:
    if not now:
        return _FROM_ZERO
    near = [min(now * factor, _GREATEST), now / factor]
    return [*near, 0.0] if first else near
