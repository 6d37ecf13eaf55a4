"""Successors: items that came soon after those of the history; only for data with an order."""

from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp
from pydantic import BaseModel, ConfigDict, Field

from models.data.history import History
from models.recommenders.recommender import ItemMatrix, TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity.matrices import degrees, empty_matrix, power, scaled, top_of_rows


class SuccessorConfig(BaseModel):
    """Settings of the successor matrix."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(200, ge=1, description="successors kept for each item")
    window: int = Field(3, ge=1, description="maximum number of steps between an item and its successor")
    gap_decay: float = Field(0.6, gt=0, le=1, description="decay of the weight per further step between the two items")
    item_exponent: float = Field(0.4, description="exponent that reduces the weight of popular items in the history")
    target_exponent: float = Field(0.1, description="exponent that reduces the scores of popular items")
    recency_decay: float = Field(
        0.5, gt=0, le=1, description="factor on the weight for each earlier time in the history"
    )


class Successor(ItemMatrix[SuccessorConfig]):
    """Scores an item by how often it came within a few steps after the user's latest items in other histories."""

    signals: ClassVar[tuple[str, ...]] = ("successor", "successor_last")

    @classmethod
    def fit(cls, training: TrainingData, config: SuccessorConfig) -> Self:
        """Count the successors of each item and keep the best of each row; none where the data has no order."""
        interactions = training.interactions
        shape = (interactions.n_items, interactions.n_items)
        counts = empty_matrix(*shape)
        gaps = range(1, config.window + 1) if interactions.timestamps is not None else ()
        for gap in gaps:
            together = interactions.users[:-gap] == interactions.users[gap:]
            pairs = (interactions.items[:-gap][together], interactions.items[gap:][together])
            weights = np.full(int(together.sum()), config.gap_decay ** (gap - 1), dtype=np.float32)
            counts = counts + sp.csr_matrix((weights, pairs), shape=shape)
        counts = sp.csr_matrix(counts)
        before = power(degrees(counts, 1), -config.item_exponent)
        after = power(degrees(counts, 0), -config.target_exponent)
        return cls(config, top_of_rows(scaled(counts, rows=before, columns=after), config.neighbours))

    def lower(self, history: History, board: ScoreBoard) -> None:
        """Lower nothing: what comes soon after a disliked item may be loved."""

    def score(self, history: History, board: ScoreBoard) -> None:
        """Sum the rows of the history: by recency, and of the last item alone."""
        board.add_history(self.signals, self.rows, history.items, history.weight_table(self.config.recency_decay))
