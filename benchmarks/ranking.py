"""Ranks all items for held-out users by the scores of any system."""

import numpy as np

from benchmarks.baselines.system import Batch, Scorer, Scores
from models.arrays.types import Int32
from models.data.holdout import Holdout

_CELLS = 8_000_000
"""Scores in memory at once."""


def rank(scorer: Scorer, holdout: Holdout, n_items: int, length: int, *, seed: int) -> Int32:
    """Rank items for every held-out user.

    Ties are broken at random under the seed; what is no number comes last. Seen items are left out unless
    `holdout.include_seen`; where there are candidates, nothing else is ranked.

    Returns
    -------
    array
        int32 (users, length): item codes, best first, -1 where the list ends early.
    """
    rng = np.random.default_rng(seed)
    lists = np.full((len(holdout.users), length), -1, dtype=np.int32)
    step = max(_CELLS // n_items, 1)
    for start in range(0, len(holdout.users), step):
        rows = np.arange(start, min(start + step, len(holdout.users)), dtype=np.int64)
        scores = scorer.score(
            Batch(holdout.users[rows], holdout.histories.take(rows), n_items, holdout.strengths(rows))
        )
        scores[~np.isfinite(scores)] = -np.inf
        for place, row in enumerate(rows):
            scores[place, holdout.excluded(int(row))] = -np.inf
            only = holdout.candidate_list(int(row))
            if only is not None:
                listed = scores[place, only]
                scores[place] = -np.inf
                scores[place, only] = listed
        best = _best(scores, length, rng)
        lists[rows, : best.shape[1]] = best
    return lists


def _best(scores: Scores, length: int, rng: np.random.Generator) -> Int32:
    # Shuffled first, so that equal scores come in random order.
    shuffled = rng.permutation(scores.shape[1]).astype(np.int32)
    falling = -scores[:, shuffled]
    kept = min(length, len(shuffled))
    top = np.argpartition(falling, kept - 1, axis=1)[:, :kept]
    values = np.take_along_axis(falling, top, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    items = shuffled[np.take_along_axis(top, order, axis=1)]
    return np.where(np.isinf(np.take_along_axis(values, order, axis=1)), -1, items).astype(np.int32)
