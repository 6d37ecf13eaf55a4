"""Item-based collaborative filtering: items that share many users with those of the history (Sarwar et al. 2001)."""

from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32
from models.bundle.loader import Bundle
from models.data.history import History
from models.recommenders.recommender import ItemMatrix, Likeness, TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity.matrices import counts, latest, power, rating_matrix, strength_matrix
from models.similarity.measures import OF_RATINGS, Measure, Similarity, column_similarities

_DEGREES, _NORMS = "item_knn_degrees", "item_knn_norms"


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
    recency_decay: float = Field(
        0.85, gt=0, le=1, description="factor on the weight for each earlier time in the history"
    )

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
        Users of each item, float32. Without them the exponents cannot be changed.
    item_norms
        Squared length of each item's column as the debiased co-occurrence weighs it, float32. A bundle has both of
        them since they are used for diversity.
    """

    signals: ClassVar[tuple[str, ...]] = ("item_knn", "item_knn_unweighted", "item_knn_last")

    def __init__(
        self,
        config: ItemKNNConfig,
        rows: SparseRows,
        item_degrees: Float32 | None = None,
        item_norms: Float32 | None = None,
    ) -> None:
        super().__init__(config, rows)
        self._item_degrees = item_degrees
        self._item_norms = item_norms

    @classmethod
    def fit(cls, training: TrainingData, config: ItemKNNConfig) -> Self:
        """Compute the item-item similarity matrix, the best neighbours of each row."""
        interactions = latest(training.interactions, config.max_user_interactions)
        matrix = strength_matrix(interactions)
        compared = rating_matrix(interactions) if config.measure in OF_RATINGS else matrix
        rows = column_similarities(compared, config.similarity, config.neighbours)
        of_users = power(counts(matrix, 1), -config.user_exponent)
        return cls(config, rows, counts(matrix, 0), np.asarray(matrix.multiply(matrix).T @ of_users, dtype=np.float32))

    @classmethod
    def load(cls, bundle: Bundle, config: ItemKNNConfig) -> Self:
        """Take the matrix from a bundle, and what relates its entries to cosines, where the bundle has it."""
        known: list[Any] = [bundle.array(name, np.float32) for name in (_DEGREES, _NORMS) if name in bundle.arrays]
        return cls(config, SparseRows.load(bundle, cls.signals[0]), *known)

    def configured(self, config: ItemKNNConfig) -> Self:
        """Apply other exponents of the items, or fewer neighbours, to those found with the present settings."""
        rows = self._reweighted(config).best(config.neighbours)
        return type(self)(config, rows, self._item_degrees, self._item_norms)

    @cached_property
    def likeness(self) -> Likeness:
        """How alike two items are: the cosine of their users, as the measure weighs users.

        The debiased co-occurrence has no upper bound; with other exponents of the items it is that cosine. The other
        measures are from 0 to 1 as they are. Bundles from before these factors compare with the largest of a row.
        """
        if self.config.measure != "cooccurrence":
            return Likeness(self.rows)
        if self._item_degrees is None or self._item_norms is None:
            largest = np.zeros(self.rows.n_rows, dtype=np.float32)
            filled = np.flatnonzero(np.diff(self.rows.indptr))
            largest[filled] = self.rows.values[self.rows.indptr[filled]]
            return Likeness(self.rows, power(largest, -1.0))
        inverse = power(self._item_norms, -0.5)
        return Likeness(
            self.rows,
            power(self._item_degrees, self.config.item_exponent) * inverse,
            power(self._item_degrees, self.config.target_exponent) * inverse,
        )

    def fits(self, n_items: int, n_users: int) -> bool:
        """Return whether the matrix is of items by items, and the factors are for as many."""
        known = [len(one) for one in (self._item_degrees, self._item_norms) if one is not None]
        return super().fits(n_items, n_users) and set(known) <= {n_items}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        known = {_DEGREES: self._item_degrees, _NORMS: self._item_norms}
        return super().arrays() | {name: array for name, array in known.items() if array is not None}

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
