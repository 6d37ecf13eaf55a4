"""EASE: a linear model of items by items, solved in closed form (Steck 2019, "Embarrassingly Shallow Autoencoders")."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import scipy.linalg
from pydantic import BaseModel, ConfigDict, Field

from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders.board import Board
from models.recommenders.recommender import ItemRows
from models.recommenders.rows import Rows
from models.recommenders.similarity import degrees, power, scaled, strength_matrix

MAX_ITEMS = 10_000
"""The inverse takes memory with the square of the items and time with their cube."""


class EaseConfig(BaseModel):
    """Settings of EASE."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(500, ge=1, description="weights kept for each item, the largest by absolute value")
    regularization: float = Field(100.0, gt=0, description="lambda, added to the diagonal of the Gram matrix")
    user_exponent: float = Field(0.25, ge=0, description="how much less a busy user counts")
    recency_decay: float = Field(1.0, gt=0, le=1, description="weight left after each step back in the history")


class Ease(ItemRows[EaseConfig]):
    """Scores an item by the sum of its weights for the user's items."""

    signals: ClassVar[tuple[str, ...]] = ("ease",)

    @classmethod
    def fit(cls, interactions: Interactions, config: EaseConfig) -> Self:
        """Invert the Gram matrix; empty for more than `MAX_ITEMS` items that anybody had."""
        matrix = strength_matrix(interactions)
        used = np.flatnonzero(degrees(matrix, 0) > 0)
        if not 0 < len(used) <= MAX_ITEMS:
            return cls(config, Rows(np.zeros(interactions.n_items + 1, np.int64), _NO_ITEMS, _NO_VALUES))
        weighted = scaled(matrix, rows=power(degrees(matrix, 1), -config.user_exponent))[:, used]
        gram = (weighted.T @ weighted).toarray()
        gram[np.diag_indices_from(gram)] += config.regularization
        factor = scipy.linalg.cho_factor(gram.astype(np.float64), lower=True, overwrite_a=True)
        inverse = scipy.linalg.cho_solve(factor, np.eye(len(used)), overwrite_b=True)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        return cls(config, _top(weights, used, interactions.n_items, config.neighbours))

    def score(self, history: History, board: Board) -> None:
        """Sum the rows of the history."""
        board.add_rows(self.signals[0], self.rows, history.items, history.weights(self.config.recency_decay))


_NO_ITEMS = np.empty(0, dtype=np.int32)
_NO_VALUES = np.empty(0, dtype=np.float32)


def _top(weights: npt.NDArray[np.float64], used: npt.NDArray[np.int64], n_items: int, neighbours: int) -> Rows:
    kept = min(neighbours, len(used) - 1)
    best = np.argpartition(-np.abs(weights), kept - 1, axis=1)[:, :kept] if kept else np.empty((len(used), 0), int)
    lengths = np.zeros(n_items, dtype=np.int64)
    lengths[used] = kept
    return Rows(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        indices=used[best].ravel().astype(np.int32),
        values=np.take_along_axis(weights, best, axis=1).ravel().astype(np.float32),
    )
