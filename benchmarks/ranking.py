"""Ranks all items for held-out users by the scores of any system."""

import numpy as np
import numpy.typing as npt

from benchmarks.baselines.system import Batch, Scorer, Scores
from models.arrays.types import Int32
from models.data.holdout import Holdout, Ragged

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
        scores = scorer.score(_batch(holdout, rows, n_items))
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


def _batch(holdout: Holdout, rows: npt.NDArray[np.int64], n_items: int) -> Batch:
    """Read the histories of some users, with repeated interactions where seen items are ranked."""
    histories = [holdout.history(int(row)) for row in rows]
    histories = [history.every for history in histories] if holdout.include_seen else histories
    offsets = np.concatenate([[0], np.cumsum([len(history) for history in histories])]).astype(np.int64)
    items = np.concatenate([np.empty(0, np.int32), *(history.items for history in histories)])
    each = [np.ones(len(one), np.float32) if one.strengths is None else one.strengths for one in histories]
    strengths = np.concatenate([np.empty(0, np.float32), *each])
    alike = all(history.strengths is None for history in histories)
    return Batch(holdout.users[rows], Ragged(offsets, items), n_items, None if alike else strengths)


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
