"""Validation: generates the candidates of held-out users and measures settings by NDCG@10."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import dense
from models.arrays.types import Float32, Float64
from models.data.holdout import Holdout
from models.evaluation.metrics import per_user_values
from models.evaluation.requests import request_of
from models.ranking.candidates import PARTS, Candidates
from models.ranking.parallel import in_parallel
from models.ranking.retriever import Retriever

METRIC = "ndcg@10"
DEPTH = 10
_BY_MIX = 150
_BY_PART = 30
_TIE_BREAK = 1e-6


def generate(
    retriever: Retriever, holdout: Holdout, limit: int | None = None, *, top_only: bool = True
) -> list[Candidates]:
    """Generate the candidates of every held-out user.

    With `top_only` (see `CandidateQuery`) parts of weight 0 are not scored.
    """

    def one(own: tuple[Retriever, ...], row: int) -> Candidates:
        return own[0].retrieve(*request_of(holdout, row, limit=limit, top_only=top_only))

    return list(in_parallel((retriever,), len(holdout.users), one))


def list_ndcg(holdout: Holdout, lists: list[Candidates], scores: list[Float32], seed: int) -> Float64:
    """Measure scores of candidates for each user by NDCG@10, float64 (users,); ties are broken at random."""
    rng = np.random.default_rng(seed)
    ranked = np.full((len(lists), DEPTH), -1, dtype=np.int32)
    for row, (candidates, values) in enumerate(zip(lists, scores, strict=True)):
        order = np.lexsort((rng.random(len(values)), -values))
        order = (order if candidates.wanted is None else order[candidates.wanted[order]])[:DEPTH]
        ranked[row, : len(order)] = candidates.items[order]
    return per_user_values(ranked, holdout.target_offsets, holdout.target_items, (DEPTH,))[METRIC]


@dataclass(frozen=True)
class Pool:
    """Candidates of every held-out user with the scores of each part, so that a mix is measured fast.

    `parts` is float32 (users, candidates, len(PARTS)), each part relative to its best item; `relevant` is float32
    (users, candidates), 1 at targets; `noise`, of the same shape and below 1e-6, breaks ties and is -inf where a list
    is shorter; `ideal` is the best DCG each user could have, float64 (users,).
    """

    parts: Float32
    relevant: Float32
    noise: Float32
    ideal: Float64

    @classmethod
    def generate(cls, retriever: Retriever, holdout: Holdout, seed: int) -> "Pool":
        """Generate, for every user, the best candidates by the present mix and by every part."""
        lists = list(in_parallel((retriever,), len(holdout.users), lambda own, row: _pooled(own[0], holdout, row)))
        width = max((len(items) for items, _ in lists), default=0)
        shape = (len(lists), max(width, DEPTH))
        parts = np.zeros((*shape, len(PARTS)), dtype=np.float32)
        relevant = np.zeros(shape, dtype=np.float32)
        noise = np.full(shape, -np.inf, dtype=np.float32)
        rng = np.random.default_rng(seed)
        for row, (items, scores) in enumerate(lists):
            parts[row, : len(items)] = scores.T
            relevant[row, : len(items)] = np.isin(items, holdout.targets.row(row))
            noise[row, : len(items)] = rng.random(len(items)) * _TIE_BREAK
        possible = np.minimum(np.diff(holdout.target_offsets), DEPTH)
        ideal = np.concatenate([[0.0], np.cumsum(_discount())])[possible]
        return cls(parts, relevant, noise, ideal)

    def ndcg(self, weights: Float32) -> float:
        """Measure a mix of the parts by NDCG@10; `weights` is float32 (len(PARTS),)."""
        return float(self.of_users(weights).mean())

    def of_users(self, weights: Float32) -> Float64:
        """Measure a mix of the parts for each user by NDCG@10, float64 (users,)."""
        scores = self.parts @ weights + self.noise
        best = np.argpartition(-scores, DEPTH - 1, axis=1)[:, :DEPTH]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        hits = np.take_along_axis(self.relevant, np.take_along_axis(best, order, axis=1), axis=1)
        return np.asarray((hits @ _discount()) / self.ideal, dtype=np.float64)


def within_one_error(best: Float64, simpler: Float64) -> bool:
    """Return whether a simpler choice is as good as the best one, as far as the validation users can tell.

    It is if its mean is at most one standard error of the difference below that of the best (Breiman et al. 1984,
    "Classification and Regression Trees", the 1-SE rule). The difference is taken user by user, which leaves out how
    much the users differ from one another.

    Parameters
    ----------
    best, simpler
        A metric of each user under both choices, float64 of the same length.
    """
    lost = best - simpler
    error = lost.std(ddof=1) / np.sqrt(len(lost)) if len(lost) > 1 else 0.0
    return bool(lost.mean() <= error)


def _discount() -> Float64:
    discount: Float64 = 1.0 / np.log2(np.arange(2, DEPTH + 2))
    return discount


def _pooled(retriever: Retriever, holdout: Holdout, row: int) -> tuple[npt.NDArray[np.int32], Float32]:
    candidates = retriever.retrieve(*request_of(holdout, row, limit=DEPTH, top_only=False))
    if candidates.wanted is not None:
        candidates = candidates.take(np.flatnonzero(candidates.wanted))
    if len(candidates.items) <= _BY_MIX:
        return candidates.items, candidates.parts
    by_mix = np.argpartition(-candidates.neighbours, _BY_MIX - 1)[:_BY_MIX]
    by_part, _ = dense.top_of_dense(candidates.parts, len(candidates.items), _BY_PART, 0.0)
    rows = np.union1d(by_mix, by_part.ravel())
    return candidates.items[rows], candidates.parts[:, rows]
