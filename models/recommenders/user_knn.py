"""User-based collaborative filtering: what users with a similar history had (Resnick et al. 1994)."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.bundle.loader import Bundle
from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders import kernels
from models.recommenders.board import Board
from models.recommenders.rows import Float32, Int32, Rows
from models.recommenders.similarity import binary_matrix, cosine_rows


class UserKNNConfig(BaseModel):
    """Settings of user-based collaborative filtering."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(100, ge=1, description="similar users kept for each user")


class UserKNN:
    """Scores an item by the sum of the similarities of the neighbours who had it.

    A user whose history is that of the training data takes the neighbours from the user-user similarity matrix;
    any other history is folded in: compared, at request time, with the users who share an item with it.
    """

    signals: ClassVar[tuple[str, ...]] = ("user_knn",)

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
        (name,) = cls.signals
        return cls(
            config,
            Rows.load(bundle, name),
            Rows.load(bundle, f"{name}_histories"),
            Rows.load(bundle, f"{name}_item_users"),
        )

    @property
    def empty(self) -> bool:
        """Tell whether no user has a neighbour."""
        return not len(self.rows.indices)

    def configured(self, config: UserKNNConfig, _item_degrees: Float32) -> Self:
        """Apply other request-time settings to the same matrices."""
        return type(self)(config, self.rows, self.histories, self.item_users)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays to store in a bundle."""
        (name,) = self.signals
        return {
            **self.rows.arrays(name),
            **self.histories.arrays(f"{name}_histories"),
            **self.item_users.arrays(f"{name}_item_users"),
        }

    def fits(self, n_items: int, n_users: int) -> bool:
        """Tell whether its matrices are users by users, users by items and items by users."""
        return (
            self.rows.fits(n_users, n_users)
            and self.histories.fits(n_users, n_items)
            and self.item_users.fits(n_items, n_users)
        )

    def score(self, history: History, board: Board) -> None:
        """Sum the histories of the neighbours."""
        items = np.unique(history.items)
        if history.user >= 0 and self._is_trained_history(history.user, items):
            neighbours, similarities = self.rows.row(history.user)
        else:
            neighbours, similarities = kernels.nearest_users(
                self.item_users.indptr, self.item_users.indices, self.histories.indptr, items, history.user,
                self.config.neighbours, self._overlap, self._met,
            )  # fmt: skip
        board.add_rows(self.signals[0], self.histories, neighbours, similarities)

    def _is_trained_history(self, user: int, history: Int32) -> bool:
        """Compare a history, ascending without repeats, with the one the matrix was computed on."""
        stored, _ = self.histories.row(user)
        return len(stored) == len(history) and bool(np.array_equal(stored, history))
