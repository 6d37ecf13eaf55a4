"""Item-based collaborative filtering: items that share many users with those of the history (Sarwar et al. 2001)."""

from typing import ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32
from models.data.history import History
from models.recommenders.recommender import ItemMatrix, TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity.matrices import counts, latest, power, strength_matrix
from models.similarity.measures import Measure, Similarity, column_similarities


class ItemKNNConfig(BaseModel):
    """Settings of item-based collaborative filtering; with exponents .5, 0, .5 co-occurrence is the binary cosine.

    Only the two exponents of the items, the decay and a smaller number of neighbours change without a new fit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(200, ge=1, description="similar items kept for each item")
    measure: Measure = Field("cooccurrence", description="similarity measure of two items")
    shrinkage: float = Field(
        0.0, ge=0, description="a similarity from n users in common is multiplied by n / (n + this)"
    )
    item_exponent: float = Field(
        0.4, description="co-occurrence: exponent that reduces the weight of popular items in the history"
    )
    user_exponent: float = Field(
        0.5, description="co-occurrence: exponent that reduces the weight of users with many interactions"
    )
    target_exponent: float = Field(0.1, description="co-occurrence: exponent that reduces the scores of popular items")
    max_user_interactions: int = Field(500, ge=1, description="number of latest interactions of a user that are used")
    recency_decay: float = Field(0.85, gt=0, le=1, description="decay of the weight per step back in the history")

    @property
    def similarity(self) -> Similarity:
        """The measure with its settings."""
        return Similarity(self.measure, self.shrinkage, self.item_exponent, self.user_exponent, self.target_exponent)


class ItemKNN(ItemMatrix[ItemKNNConfig]):
    """Scores an item by the sum of its similarities to the user's items, weighted by recency.

    Parameters
    ----------
    config
        Its settings.
    rows
        The best neighbours of each item.
    item_degrees
        Interactions of each item, float32; known after a fit only. Without them the exponents cannot be changed.
    """

    signals: ClassVar[tuple[str, ...]] = ("item_knn", "item_knn_unweighted", "item_knn_last")

    def __init__(self, config: ItemKNNConfig, rows: SparseRows, item_degrees: Float32 | None = None) -> None:
        super().__init__(config, rows)
        self._item_degrees = item_degrees

    @classmethod
    def fit(cls, training: TrainingData, config: ItemKNNConfig) -> Self:
        """Compute the item-item similarity matrix, the best neighbours of each row."""
        matrix = strength_matrix(latest(training.interactions, config.max_user_interactions))
        rows = column_similarities(matrix, config.similarity, config.neighbours)
        return cls(config, rows, counts(matrix, 0))

    def configured(self, config: ItemKNNConfig) -> Self:
        """Apply other exponents of the items, or fewer neighbours, to those found with the present settings."""
        return type(self)(config, self._reweighted(config).best(config.neighbours), self._item_degrees)

    def _reweighted(self, config: ItemKNNConfig) -> SparseRows:
        item_degrees = self._item_degrees
        if self.config.measure != "cooccurrence" or item_degrees is None or self._weighs_as(config):
            return self.rows
        rows = np.repeat(np.arange(self.rows.n_rows), np.diff(self.rows.indptr))
        values = self.rows.values * power(item_degrees, self.config.item_exponent - config.item_exponent)[rows]
        values *= power(item_degrees, self.config.target_exponent - config.target_exponent)[self.rows.indices]
        return SparseRows(self.rows.indptr, self.rows.indices, values)

    def _weighs_as(self, config: ItemKNNConfig) -> bool:
        mine, other = self.config, config
        return (mine.item_exponent, mine.target_exponent) == (other.item_exponent, other.target_exponent)

    def score(self, history: History, board: ScoreBoard) -> None:
        """Sum the rows of the history: by recency, plainly, and of the last item alone."""
        weights = history.weight_table(self.config.recency_decay, plain=True)
        board.add_history(self.signals, self.rows, history.items, weights)
