"""Acts before the goal: items that users reached after, or besides, acts on those of the history.

One matrix for each kind of act: folding views, carts and purchases into one matrix by weights loses what each of them
says (cross-occurrence: Dunning and Friedman 2014, "Practical Machine Learning: Innovations in Recommendation").
"""

from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32
from models.bundle.loader import Bundle
from models.data.goal import ACTS
from models.data.history import History
from models.recommenders.recommender import ItemMatrix, TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity.matrices import binary_matrix, counts, latest, power, scaled, top_products


class ActKNNConfig(BaseModel):
    """Settings of one kind of act; the exponents of the items and the decay change without a new fit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(100, ge=1, description="items kept for each item")
    act_exponent: float = Field(0.4, description="exponent that reduces the weight of items with many of these acts")
    user_exponent: float = Field(0.5, description="exponent that reduces the weight of users with many of these acts")
    target_exponent: float = Field(0.3, description="exponent that reduces the scores of items reached by many users")
    max_user_interactions: int = Field(500, ge=1, description="number of latest acts of a user that are used")
    recency_decay: float = Field(
        0.85, gt=0, le=1, description="factor on the weight for each earlier time in the history"
    )


class ActKNN(ItemMatrix[ActKNNConfig]):
    """Scores an item by how often users who did something with the items of the history reached the goal with it.

    Each kind of act is a subclass, see `kind_of_act`.

    Parameters
    ----------
    config
        Its settings.
    rows
        For each item the items that its users reached, the best of them.
    act_degrees, target_degrees
        Users with this act on each item, and users who reached each item, float32.
    """

    act: ClassVar[int | None]

    def __init__(
        self,
        config: ActKNNConfig,
        rows: SparseRows,
        act_degrees: Float32 | None = None,
        target_degrees: Float32 | None = None,
    ) -> None:
        super().__init__(config, rows)
        self._degrees = act_degrees, target_degrees

    @classmethod
    def fit(cls, training: TrainingData, config: ActKNNConfig) -> "ActKNN":
        """Compute the matrix from the single interactions; it is empty where there is no such act."""
        interactions = training.interactions
        log = interactions.log
        own = None if log is None or log.acts is None else log.acts == cls.act
        if log is None or own is None or not own.any():
            return cls(config, SparseRows.empty(interactions.n_items))
        acts = binary_matrix(latest(log.select(own), config.max_user_interactions))
        reached = binary_matrix(latest(log.select(log.reached), config.max_user_interactions))
        degrees = counts(acts, 0), counts(reached, 0)
        left = scaled(
            acts.T.tocsr(),
            rows=power(degrees[0], -config.act_exponent),
            columns=power(counts(acts, 1), -config.user_exponent),
        )
        rows = top_products(
            left, scaled(reached, columns=power(degrees[1], -config.target_exponent)), config.neighbours
        )
        return cls(config, rows, *degrees)

    @classmethod
    def load(cls, bundle: Bundle, config: ActKNNConfig) -> "ActKNN":
        """Take the matrix from a bundle."""
        name = cls.signals[0]
        known: list[Any] = [bundle.array(f"{name}_{one}", np.float32) for one in ("act_degrees", "target_degrees")]
        return cls(config, SparseRows.load(bundle, name), *known)

    def configured(self, config: ActKNNConfig) -> "ActKNN":
        """Apply other exponents of the items, or fewer neighbours, to those found with the present settings."""
        rows, (acts, targets) = self.rows, self._degrees
        if acts is not None and targets is not None and not self._weighs_as(config):
            source = np.repeat(np.arange(rows.n_rows), np.diff(rows.indptr))
            values = rows.values * power(acts, self.config.act_exponent - config.act_exponent)[source]
            values *= power(targets, self.config.target_exponent - config.target_exponent)[rows.indices]
            rows = SparseRows(rows.indptr, rows.indices, values)
        return type(self)(config, rows.best(config.neighbours), acts, targets)

    def _weighs_as(self, config: ActKNNConfig) -> bool:
        mine, other = self.config, config
        return (mine.act_exponent, mine.target_exponent) == (other.act_exponent, other.target_exponent)

    def score(self, history: History, board: ScoreBoard) -> None:
        """Sum the rows of the history, which holds items with this act: by recency, and of the last moment alone."""
        if len(history):
            board.add_history(self.signals, self.rows, history.items, history.weight_table(self.config.recency_decay))

    def arrays(self) -> dict[str, Any]:
        """Return the arrays to store in a bundle, by name."""
        acts, targets = self._degrees
        nothing = np.zeros(self.rows.n_rows, dtype=np.float32)
        name = self.signals[0]
        return super().arrays() | {
            f"{name}_act_degrees": nothing if acts is None else acts,
            f"{name}_target_degrees": nothing if targets is None else targets,
        }


def kind_of_act(act: str) -> type[ActKNN]:
    """Make the recommender of one of `ACTS`; its name is `<act>_to_goal`."""
    name = f"{act}_to_goal"
    members = {"signals": (name, f"{name}_last"), "act": ACTS.index(act), "__doc__": ActKNN.__doc__}
    return type(f"{act.title()}ToGoal", (ActKNN,), members)
