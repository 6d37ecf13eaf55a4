"""User-based collaborative filtering: the items of users with a similar history (Resnick et al. 1994)."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.history import History
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity import nearest
from models.similarity.matrices import binary_matrix, empty_matrix, latest, sampled, strength_matrix
from models.similarity.measures import Measure, Similarity, is_product, peers, products, similarity_matrix
from models.similarity.nearest import Peers

MAX_USERS = 100_000
"""The memory of the matrix grows with the users: 160 MB for this number, and several times that during the fit."""


class UserKNNConfig(BaseModel):
    """Settings of user-based collaborative filtering; only a smaller number of `neighbours` needs no new fit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(200, ge=1, description="similar users kept for each user")
    measure: Measure = Field("cooccurrence", description="similarity measure of two users")
    shrinkage: float = Field(
        0.0, ge=0, description="a similarity from n items in common is multiplied by n / (n + this)"
    )
    user_exponent: float = Field(
        0.5, description="co-occurrence: exponent that reduces the weight of users with many interactions"
    )
    item_exponent: float = Field(0.25, description="co-occurrence: exponent that reduces the weight of popular items")
    max_user_interactions: int = Field(500, ge=1, description="number of latest interactions of a user that are used")
    max_item_users: int = Field(
        200, ge=1, description="maximum number of users of an item that are compared; a random sample if there are more"
    )

    @property
    def similarity(self) -> Similarity:
        """The measure with its settings."""
        return Similarity(self.measure, self.shrinkage, self.user_exponent, self.item_exponent, self.user_exponent)


class UserKNN:
    """Scores an item by the sum of the similarities of the neighbours who interacted with it.

    A user whose history is unchanged since training has the neighbours of the user-user similarity matrix. Any other
    history is folded in: at request time it is compared with the users who share an item with it. Beyond `MAX_USERS`
    there is no matrix, and every history is folded in.
    """

    signals: ClassVar[tuple[str, ...]] = ("user_knn",)
    reads_all_history: ClassVar[bool] = False
    act: ClassVar[int | None] = None

    def __init__(
        self, config: UserKNNConfig, rows: SparseRows, histories: SparseRows, item_users: SparseRows, compared: Peers
    ) -> None:
        self.config = config
        self.rows = rows
        self.histories = histories
        self.item_users = item_users
        self._compared = compared
        self._masked: npt.NDArray[np.bool_] | None = None
        # If all strengths are equal, one number is broadcast to all, which saves reading them from memory.
        values = histories.values
        if len(values) and values.min() == values.max():
            self._scored = SparseRows(histories.indptr, histories.indices, np.broadcast_to(values[:1], values.shape))
        else:
            self._scored = histories
        self._sums = np.zeros((histories.n_rows, 2))
        self._met = np.empty(histories.n_rows, dtype=np.int32)

    @classmethod
    def fit(cls, training: TrainingData, config: UserKNNConfig) -> Self:
        """Compute the user-user similarity matrix, the best neighbours of each row."""
        read = latest(training.interactions, config.max_user_interactions)
        return cls.fit_matrix(binary_matrix(read) if read.strengths is None else strength_matrix(read), config)

    @classmethod
    def fit_matrix(cls, matrix: "sp.csr_matrix[np.float32]", config: UserKNNConfig) -> Self:
        """Fit on a matrix of users x items that holds strengths."""
        histories = SparseRows.from_csr(matrix)
        fewer = sampled(matrix.T.tocsr(), config.max_item_users)
        item_users = SparseRows.from_csr(fewer)
        compared = peers(config.similarity, histories, item_users)
        if matrix.shape[0] > MAX_USERS:
            rows = SparseRows.from_csr(empty_matrix(0, 0))
        elif is_product(config.similarity):
            rows = products(matrix, fewer.T.tocsr(), config.similarity, config.neighbours)
        else:
            rows = similarity_matrix(histories, compared, config.neighbours)
        return cls(config, rows, histories, item_users, compared)

    @classmethod
    def load(cls, bundle: Bundle, config: UserKNNConfig) -> Self:
        """Take the similarity matrix and the histories it was computed on from a bundle."""
        (name,) = cls.signals
        histories = SparseRows.load(bundle, f"{name}_histories")
        item_users = SparseRows.load(bundle, f"{name}_item_users")
        n_users, n_items = histories.n_rows, item_users.n_rows
        if not (histories.fits(n_users, n_items) and item_users.fits(n_items, n_users)):
            raise BundleError(f"{bundle.folder}: the histories and the items' users of {name} do not fit together")
        return cls(
            config,
            SparseRows.load(bundle, name),
            histories,
            item_users,
            peers(config.similarity, histories, item_users),
        )

    @property
    def empty(self) -> bool:
        """Return whether no user has a neighbour."""
        return not len(self.rows.indices) and self.histories.n_rows <= MAX_USERS

    def configured(self, config: UserKNNConfig) -> Self:
        """Apply other request-time settings to the same matrices, or fewer neighbours."""
        return type(self)(config, self.rows.best(config.neighbours), self.histories, self.item_users, self._compared)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        (name,) = self.signals
        return {
            **self.rows.arrays(name),
            **self.histories.arrays(f"{name}_histories"),
            **self.item_users.arrays(f"{name}_item_users"),
        }

    def fits(self, n_items: int, n_users: int) -> bool:
        """Return whether its matrices are users by users, users by items and items by users."""
        return (
            self.rows.fits(n_users if n_users <= MAX_USERS else 0, n_users)
            and self.histories.fits(n_users, n_items)
            and self.item_users.fits(n_items, n_users)
        )

    def score(self, history: History, board: ScoreBoard) -> None:
        """Sum the histories of the neighbours."""
        neighbours, similarities = self.neighbours(history)
        board.add_rows(self.signals, self._scored, neighbours, similarities)

    def neighbours(self, history: History) -> tuple[Int32, Float32]:
        """Find the users whose histories are most similar, without the user of this one.

        Returns
        -------
        tuple
            Their rows in the training data, int32, and similarities, float32, in no particular order.
        """
        items, strengths = history.by_item
        if history.strengths is None and len(items) < len(history):
            # As in the matrix, each item counts once.
            strengths = np.ones_like(strengths)
        against = history.against
        if len(against):
            # Users who like what this one turned down are less similar.
            items = np.concatenate([items, against.items])
            strengths = np.concatenate([strengths, -against.weights(1.0)])
        elif 0 <= history.user < self.rows.n_rows and self._is_trained_history(history.user, items, strengths):
            return self._unmasked(*self.rows.row(history.user))
        found = nearest.neighbours_of(
            items, strengths, history.user, self.config.neighbours, self._sums, self._met, *self._compared
        )
        return self._unmasked(*found)

    def affinities(self, items: Int32, weights: Float32) -> Float32:
        """Return for each user the weighted sum of the strengths of some items, over the norm of the whole history.

        The norm keeps users with long histories from being the best for every item. Users who are left out have 0.

        Returns
        -------
        array
            Float32, of length n_users.
        """
        held = self.histories
        shape = held.n_rows, self.item_users.n_rows
        wanted = np.zeros(shape[1], dtype=np.float32)
        wanted[items] = weights
        sums = sp.csr_matrix((held.values, held.indices, held.indptr), shape) @ wanted
        squares = sp.csr_matrix((np.square(held.values), held.indices, held.indptr), shape) @ np.ones_like(wanted)
        scores = np.asarray(sums / np.sqrt(np.maximum(squares, np.finfo(np.float32).tiny)), dtype=np.float32)
        if self._masked is not None:
            scores[self._masked] = 0.0
        return scores

    def leave_out(self, users: Int32) -> None:
        """Leave some users of the training data out of all neighbours."""
        self._masked = np.zeros(self.histories.n_rows, dtype=np.bool_)
        self._masked[users] = True

    def _unmasked(self, neighbours: Int32, similarities: Float32) -> tuple[Int32, Float32]:
        if self._masked is None:
            return neighbours, similarities
        kept = ~self._masked[neighbours]
        return neighbours[kept], similarities[kept]

    def _is_trained_history(self, user: int, items: Int32, strengths: Float32) -> bool:
        """Compare a history, ascending without repeats, with the one the matrix was computed on."""
        stored, values = self.histories.row(user)
        return len(stored) == len(items) and bool((stored == items).all()) and bool((values == strengths).all())
