"""Item-based collaborative filtering: items similar to those the user had (Sarwar et al. 2001)."""

from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.bundle.loader import Bundle
from models.data.interactions import Interactions
from models.recommenders import kernels
from models.recommenders.board import Board
from models.recommenders.similarity import Float32, Int32, Rows, binary_matrix, cosine_rows


class ItemKNNConfig(BaseModel):
    """Settings of item-based collaborative filtering."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(100, ge=1, description="similar items kept for each item")
    recency_decay: float = Field(0.85, gt=0, le=1, description="weight lost with each step back in the history")


class ItemKNN:
    """Scores an item by the sum of its similarities to the user's items, weighted by recency."""

    name = "item_knn"

    def __init__(self, config: ItemKNNConfig, rows: Rows) -> None:
        self.config = config
        self.rows = rows

    @classmethod
    def fit(cls, interactions: Interactions, config: ItemKNNConfig) -> Self:
        """Compute the item-item similarity matrix (cosine), the best neighbours of each row."""
        return cls(config, cosine_rows(binary_matrix(interactions).T.tocsr(), config.neighbours))

    @classmethod
    def load(cls, bundle: Bundle, config: ItemKNNConfig) -> Self:
        """Take the similarity matrix from a bundle."""
        return cls(config, Rows.load(bundle, cls.name))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays to store in a bundle."""
        return self.rows.arrays(self.name)

    def weights(self, length: int) -> Float32:
        """Weigh the steps of a history, oldest first; the last has weight 1."""
        steps = np.arange(length - 1, -1, -1, dtype=np.float32)
        return np.power(np.float32(self.config.recency_decay), steps)

    def score(self, history: Int32, board: Board) -> None:
        """Write the signals RECENCY, FLAT and LAST for a history (item codes, oldest first)."""
        board.count = kernels.add_item_neighbours(
            self.rows.indptr, self.rows.indices, self.rows.values, history, self.weights(len(history)),
            board.slot, board.touched, board.columns, board.count,
        )  # fmt: skip
