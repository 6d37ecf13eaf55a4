"""EASE: a linear model of items by items, solved in closed form (Steck 2019, "Embarrassingly Shallow Autoencoders")."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import scipy.linalg
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.sparse_rows import SparseRows
from models.data.history import History
from models.recommenders.recommender import ItemMatrix, TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity.matrices import degrees, empty_matrix, power, scaled, strength_matrix

MAX_USED = 10_000
"""The inverse takes memory with the square of the items and time with their cube."""
_BLOCK = 512


class EaseConfig(BaseModel):
    """Settings of EASE."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(500, ge=1, description="weights kept for each item, the largest by absolute value")
    regularization: float = Field(100.0, gt=0, description="lambda, added to the diagonal of the Gram matrix")
    user_exponent: float = Field(
        0.25, ge=0, description="exponent that reduces the weight of users with many interactions"
    )
    recency_decay: float = Field(
        1.0, gt=0, le=1, description="factor on the weight for each earlier time in the history"
    )


class Ease(ItemMatrix[EaseConfig]):
    """Scores an item by the sum of its weights for the user's items."""

    signals: ClassVar[tuple[str, ...]] = ("ease",)

    @classmethod
    def fit(cls, training: TrainingData, config: EaseConfig) -> Self:
        """Invert the Gram matrix of the items with interactions."""
        interactions = training.interactions
        matrix = strength_matrix(interactions)
        used = np.flatnonzero(degrees(matrix, 0) > 0)
        if not len(used):
            return cls(config, SparseRows.from_csr(empty_matrix(interactions.n_items, interactions.n_items)))
        weighted = scaled(matrix, rows=power(degrees(matrix, 1), -config.user_exponent))[:, used]
        # One step at a time: the sparse form of a dense product takes more memory than the matrix itself.
        product = (weighted.T @ weighted).toarray(order="F")
        gram = product.astype(np.float64, order="F")
        del product
        gram[np.diag_indices_from(gram)] += config.regularization
        return cls(config, _top(_invert(gram), used, interactions.n_items, config.neighbours))

    def score(self, history: History, board: ScoreBoard) -> None:
        """Sum the rows of the history."""
        board.add_history(self.signals, self.rows, history.items, history.weights(self.config.recency_decay))


_NO_ITEMS = np.empty(0, dtype=np.int32)
_NO_VALUES = np.empty(0, dtype=np.float32)


def _invert(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Invert a positive definite matrix, column-major, in its own memory: at 10,000 items a copy takes 800 MB."""
    factor, failed = scipy.linalg.lapack.dpotrf(matrix, lower=True, overwrite_a=True)
    inverse: npt.NDArray[np.float64]
    inverse, unfinished = scipy.linalg.lapack.dpotri(factor, lower=True, overwrite_c=True)
    if failed or unfinished:
        raise np.linalg.LinAlgError("the Gram matrix is not positive definite")
    # LAPACK fills the lower triangle only.
    for start in range(0, len(inverse), _BLOCK):
        rows = slice(start, start + _BLOCK)
        inverse[rows, start:] = inverse[start:, rows].T.copy()
        own = inverse[rows, rows]
        own[:] = np.triu(own) + np.triu(own, 1).T
    return inverse


def _top(inverse: npt.NDArray[np.float64], used: npt.NDArray[np.int64], n_items: int, neighbours: int) -> SparseRows:
    """Keep the largest weights of each item by absolute value, a block of rows at a time."""
    kept = min(neighbours, len(used) - 1)
    diagonal = np.diag(inverse)
    indices, values = [_NO_ITEMS], [_NO_VALUES]
    for start in range(0, len(used), _BLOCK) if kept else ():
        weights = inverse[start : start + _BLOCK] / -diagonal
        np.fill_diagonal(weights[:, start:], 0.0)
        best = np.argpartition(-np.abs(weights), kept - 1, axis=1)[:, :kept]
        sizes = np.abs(np.take_along_axis(weights, best, axis=1))
        best = np.take_along_axis(best, np.argsort(-sizes, axis=1, kind="stable"), axis=1)
        indices.append(used[best].ravel().astype(np.int32))
        values.append(np.take_along_axis(weights, best, axis=1).ravel().astype(np.float32))
    lengths = np.zeros(n_items, dtype=np.int64)
    lengths[used] = kept
    return SparseRows(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        indices=np.concatenate(indices),
        values=np.concatenate(values),
    )
