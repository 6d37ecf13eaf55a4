"""Implicit ALS: factors of users and items by alternating least squares (Hu, Koren, Volinsky 2008)."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import scipy.linalg.lapack
from pydantic import BaseModel, ConfigDict, Field

from models.arrays import kernels
from models.arrays.types import Float32, Int32
from models.bundle.loader import Bundle
from models.data.history import History
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity.matrices import degrees, strength_matrix

MAX_USED = 50_000
"""A request multiplies the user's factors with those of all items: for this number it takes about a millisecond."""
MAX_ITEMS = 200_000
"""Items without interactions have factors too, zeros: for this number they take 51 MB in a bundle."""
_CANDIDATES = 200
"""Items that become candidates if no other recommender has added any."""
_ROUNDING = 1e-6
"""Share of the best score below which a score is taken for 0."""


class AlsConfig(BaseModel):
    """Settings of implicit ALS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    factors: int = Field(64, ge=0, description="length of the factor vectors; 0 turns the recommender off")
    regularization: float = Field(0.1, gt=0, description="lambda, the L2 penalty of the factors")
    confidence: float = Field(10.0, gt=1, description="confidence of an interaction, relative to no interaction")
    iterations: int = Field(10, ge=1, description="alternating passes over users and items")


class Als:
    """Scores an item by the product of its factors with the user's, which are computed at request time.

    Parameters
    ----------
    config
        Its settings.
    factors
        Factors of the items, float32 (n_items, factors).
    """

    signals: ClassVar[tuple[str, ...]] = ("als",)
    reads_all_history: ClassVar[bool] = False
    act: ClassVar[int | None] = None

    def __init__(self, config: AlsConfig, factors: Float32) -> None:
        self.config = config
        self.factors = factors
        ridge = np.float32(config.regularization) * np.eye(factors.shape[1], dtype=np.float32)
        gram = factors.T @ factors + ridge
        self._gram: Float32 = gram
        # (items, factors): the items' factors times the inverse.
        self._solved: Float32 = np.linalg.solve(gram, factors.T).T.astype(np.float32, order="C")

    @classmethod
    def fit(cls, training: TrainingData, config: AlsConfig) -> Self:
        """Fit the factors; the same data and settings give the same."""
        interactions = training.interactions
        if not config.factors or not len(interactions.items):
            return cls(config, np.zeros((interactions.n_items, 0), dtype=np.float32))
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415 - only the trainer has it
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only the trainer has it

        matrix = strength_matrix(interactions)
        # Items without interactions would change the start values of the others.
        used = np.flatnonzero(degrees(matrix, 0) > 0)
        # Each thread of the library solves for other rows: further threads in BLAS would only slow them down.
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=config.factors,
                regularization=config.regularization,
                alpha=config.confidence,
                iterations=config.iterations,
                num_threads=0,
                random_state=0,
            )
            model.fit(matrix[:, used], show_progress=False)
        factors = np.zeros((interactions.n_items, config.factors), dtype=np.float32)
        factors[used] = model.item_factors
        return cls(config, factors)

    @classmethod
    def load(cls, bundle: Bundle, config: AlsConfig) -> Self:
        """Take the factors from a bundle."""
        return cls(config, bundle.array("als_factors", np.float32, ndim=2))  # type: ignore[arg-type]

    @property
    def empty(self) -> bool:
        """Return whether there are no factors."""
        return bool(self.factors.shape[1] == 0)

    def configured(self, config: AlsConfig) -> Self:
        """Apply other request-time settings to the same factors."""
        return type(self)(config, self.factors)

    def score(self, history: History, board: ScoreBoard) -> None:
        """Solve for the user's factors and multiply them with those of all candidates.

        Where there are no candidates yet, the items with the greatest products become candidates. Otherwise it adds
        none: this would need a product with every item of the catalogue, and changed no metric.
        """
        if self.empty or not len(history):
            return
        # As in training, repeats of an item add up to one interaction.
        items, strengths = history.by_item
        confidence = np.float32(self.config.confidence) * strengths
        wanted, against = confidence, history.against
        if len(against):
            # That a disliked item is not wanted is surer than that one without interactions is not.
            surer = np.float32(self.config.confidence) * against.weights(1.0)
            items = np.concatenate([items, against.items])
            confidence = np.concatenate([confidence, 1 + surer])
            wanted = np.concatenate([wanted, np.zeros_like(surer)])
        user = self._user(items, confidence, wanted)
        if board.count:
            board.add_factors(self.signals[0], self.factors, user)
            return
        scores = self.factors @ user
        best = kernels.largest(scores, _CANDIDATES + len(history))
        # Scores that are only rounding errors are no preference; an item without interactions has factors of 0.
        least = max(float(_ROUNDING * scores[best].max()), 0.0)
        board.add_dense(self.signals[0], scores, best[scores[best] > least], least)

    def _user(self, items: Int32, confidence: Float32, wanted: Float32) -> Float32:
        """Solve for a user's factors: `(G + K^T D K) u = K^T w`, for D = confidence - 1 and w the wanted.

        The wanted are the confidences times the preferences, 1 for likes. With u = G^-1 K^T a that is
        `(I + D K G^-1 K^T) a = w`: a system with a row for each of the user's items, and a typical history is much
        shorter than the factors.
        """
        if len(items) > len(self._gram):
            known = self.factors[items]
            whole = np.asarray(self._gram + (known.T * (confidence - np.float32(1.0))) @ known, dtype=np.float32)
            return np.asarray(scipy.linalg.lapack.sposv(whole, known.T @ wanted)[1])
        solved = self._solved[items]
        system = (confidence - np.float32(1.0))[:, None] * (self.factors[items] @ solved.T)
        system.ravel()[:: len(items) + 1] += np.float32(1.0)
        _, _, weights, _ = scipy.linalg.lapack.sgesv(system, wanted)
        user: Float32 = weights @ solved
        return user

    def fits(self, n_items: int, n_users: int) -> bool:  # noqa: ARG002 - the contract's
        """Return whether the factors are for this number of items."""
        return bool(len(self.factors) == n_items)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {"als_factors": self.factors}
