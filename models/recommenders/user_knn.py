"""User-based collaborative filtering: what users with a similar history had (Resnick et al. 1994)."""

from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.bundle.loader import Bundle
from models.data.interactions import Interactions
from models.recommenders import kernels
from models.recommenders.board import Board
from models.recommenders.similarity import Int32, Rows, binary_matrix, cosine_rows


class UserKNNConfig(BaseModel):
    """Settings of user-based collaborative filtering."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(100, ge=1, description="similar users kept for each user")


class UserKNN:
    """Scores an item by the sum of the similarities of the neighbours who had it.

    A user whose history is that of the training data takes the neighbours from the user-user similarity matrix;
    any other history is folded in: compared, at request time, with the users who share an item with it.
    """

    name = "user_knn"

    def __init__(self, config: UserKNNConfig, rows: Rows, histories: Rows, item_users: Rows) -> None:
        self.config = config
        self.rows = rows
        self.histories = histories
        self.item_users = item_users
        self._overlap = np.zeros(histories.n_rows, dtype=np.float32)
        self._met = np.empty(histories.n_rows, dtype=np.int32)

    @classmethod
    def fit(cls, interactions: Interactions, config: UserKNNConfig) -> Self:
        """Compute the user-user similarity matrix (cosine), the best neighbours of each row."""
        matrix = binary_matrix(interactions)
        return cls(
            config,
            cosine_rows(matrix, config.neighbours),
            Rows.from_csr(matrix),
            Rows.from_csr(matrix.T.tocsr()),
        )

    @classmethod
    def load(cls, bundle: Bundle, config: UserKNNConfig) -> Self:
        """Take the similarity matrix and the histories it was computed on from a bundle."""
        return cls(
            config,
            Rows.load(bundle, cls.name),
            Rows.load(bundle, f"{cls.name}_histories"),
            Rows.load(bundle, f"{cls.name}_item_users"),
        )

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays to store in a bundle."""
        return {
            **self.rows.arrays(self.name),
            **self.histories.arrays(f"{self.name}_histories"),
            **self.item_users.arrays(f"{self.name}_item_users"),
        }

    def score(self, history: Int32, board: Board, user: int = -1) -> None:
        """Write the signal USERS for a history (item codes); `user` is the row of the same user, -1 for none."""
        history = np.unique(history)
        if user >= 0 and self._is_trained_history(user, history):
            neighbours, similarities = self.rows.row(user)
        else:
            neighbours, similarities = kernels.nearest_users(
                self.item_users.indptr, self.item_users.indices, self.histories.indptr, history, user,
                self.config.neighbours, self._overlap, self._met,
            )  # fmt: skip
        board.count = kernels.add_user_items(
            self.histories.indptr, self.histories.indices, neighbours, similarities,
            board.slot, board.touched, board.columns, board.count,
        )  # fmt: skip

    def _is_trained_history(self, user: int, history: Int32) -> bool:
        """Compare a history, ascending without repeats, with the one the matrix was computed on."""
        stored, _ = self.histories.row(user)
        return len(stored) == len(history) and bool(np.array_equal(stored, history))
