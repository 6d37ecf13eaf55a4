"""The contract of the recommenders, and what those that store a matrix of items by items share."""

from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from models.arrays.sparse_rows import SparseRows
from models.bundle.loader import Bundle
from models.data.history import History
from models.recommenders.score_board import ScoreBoard

Config = TypeVar("Config")


class Recommender(Protocol):
    """Writes signals for the items it would recommend.

    The first of its `signals` bears its name: it is the one that it is measured by alone, and that the neighbours'
    score mixes.
    """

    signals: ClassVar[tuple[str, ...]]

    @property
    def empty(self) -> bool:
        """Tell whether the data has nothing for this recommender."""

    def score(self, history: History, board: ScoreBoard) -> None:
        """Write all its signals for a history."""

    def configured(self, config: Any) -> Self:
        """Apply other request-time settings."""

    def fits(self, n_items: int, n_users: int) -> bool:
        """Tell whether its arrays are of so many items and users."""

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays to store in a bundle."""


class ItemMatrix(Generic[Config]):
    """A recommender whose only array is a sparse matrix of items by items.

    Parameters
    ----------
    config
        Its settings.
    rows
        The best neighbours of each item; empty where the data has nothing for this recommender.
    """

    signals: ClassVar[tuple[str, ...]]

    def __init__(self, config: Config, rows: SparseRows) -> None:
        self.config = config
        self.rows = rows

    @classmethod
    def load(cls, bundle: Bundle, config: Config) -> Self:
        """Take the matrix from a bundle."""
        return cls(config, SparseRows.load(bundle, cls.signals[0]))

    @property
    def empty(self) -> bool:
        """Tell whether no item has a neighbour."""
        return not len(self.rows.indices)

    def configured(self, config: Config) -> Self:
        """Apply other request-time settings to the same matrix."""
        return type(self)(config, self.rows)

    def fits(self, n_items: int, n_users: int) -> bool:  # noqa: ARG002 - the contract's
        """Tell whether its matrix is of items by items."""
        return self.rows.fits(n_items, n_items)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays to store in a bundle."""
        return self.rows.arrays(self.signals[0])
