"""Item-based collaborative filtering: items that come with those the user had (Sarwar et al. 2001)."""

from typing import ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders.board import Board
from models.recommenders.recommender import ONE, ItemRows
from models.recommenders.rows import Float32, Rows
from models.recommenders.similarity import cooccurrence_rows, power, strength_matrix


class ItemKNNConfig(BaseModel):
    """Settings of item-based collaborative filtering; exponents .5, 0, .5 make it the cosine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(200, ge=1, description="similar items kept for each item")
    item_exponent: float = Field(0.4, description="how much less a busy item of the history counts")
    user_exponent: float = Field(0.5, description="how much less a busy user counts")
    target_exponent: float = Field(0.1, description="how much less a busy item is recommended")
    recency_decay: float = Field(0.85, gt=0, le=1, description="weight left after each step back in the history")


class ItemKNN(ItemRows[ItemKNNConfig]):
    """Scores an item by the sum of its similarities to the user's items, weighted by recency."""

    signals: ClassVar[tuple[str, ...]] = ("item_knn", "item_knn_unweighted", "item_knn_last")

    @classmethod
    def fit(cls, interactions: Interactions, config: ItemKNNConfig) -> Self:
        """Compute the item-item similarity matrix, the best neighbours of each row."""
        matrix = strength_matrix(interactions)
        return cls(
            config,
            cooccurrence_rows(
                matrix, config.item_exponent, config.user_exponent, config.target_exponent, config.neighbours
            ),
        )

    def configured(self, config: ItemKNNConfig, item_degrees: Float32) -> Self:
        """Apply other exponents of the items to the neighbours that were found with the present ones."""
        rows = np.repeat(np.arange(self.rows.n_rows), np.diff(self.rows.indptr))
        values = self.rows.values * power(item_degrees, self.config.item_exponent - config.item_exponent)[rows]
        values *= power(item_degrees, self.config.target_exponent - config.target_exponent)[self.rows.indices]
        return type(self)(config, Rows(self.rows.indptr, self.rows.indices, values))

    def score(self, history: History, board: Board) -> None:
        """Sum the rows of the history: by recency, plainly, and of the last item alone."""
        items = history.items
        weighted, plain, last = self.signals
        board.add_rows(weighted, self.rows, items, history.weights(self.config.recency_decay))
        board.add_rows(plain, self.rows, items, history.weights(1.0))
        board.add_rows(last, self.rows, items[-1:], ONE)
