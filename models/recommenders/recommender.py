"""The contract of the recommenders, and what those that store a matrix of items by items share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from models.bundle.loader import Bundle
from models.recommenders.board import Board
from models.recommenders.rows import Float32, Int32, Rows

Config = TypeVar("Config")
ONE: Float32 = np.ones(1, dtype=np.float32)


@dataclass(frozen=True)
class History:
    """What is known of a user: item codes, oldest first, and the row in the training data, -1 if there is none.

    `strengths` (float32) stand beside the items; without them all are 1.
    """

    items: Int32
    user: int = -1
    strengths: Float32 | None = None


class Recommender(Protocol):
    """Writes signals for the items it would recommend.

    The first of its `signals` is the one that it is measured by alone, and that the neighbours' score mixes.
    """

    signals: ClassVar[tuple[str, ...]]
    rows: Rows

    def score(self, history: History, board: Board) -> None:
        """Write all its signals for a history."""

    def configured(self, config: Any, item_degrees: Float32, /) -> Self:
        """Apply other request-time settings; `item_degrees` counts the users of each item."""

    def shapes(self, n_items: int, n_users: int) -> Sequence[tuple[Rows, int, int]]:
        """Give its matrices, each with the number of rows and columns it should have."""

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays to store in a bundle."""


class ItemRows(Generic[Config]):
    """A recommender whose only array is a sparse matrix of items by items.

    Parameters
    ----------
    config
        Its settings.
    rows
        The best neighbours of each item; empty where the data has nothing for this recommender.
    """

    signals: ClassVar[tuple[str, ...]]

    def __init__(self, config: Config, rows: Rows) -> None:
        self.config = config
        self.rows = rows

    @classmethod
    def load(cls, bundle: Bundle, config: Config) -> Self:
        """Take the matrix from a bundle."""
        return cls(config, Rows.load(bundle, cls.signals[0]))

    def configured(self, config: Config, _item_degrees: Float32) -> Self:
        """Apply other request-time settings to the same matrix."""
        return type(self)(config, self.rows)

    def shapes(self, n_items: int, n_users: int) -> Sequence[tuple[Rows, int, int]]:  # noqa: ARG002 - the contract's
        """Give its matrix, of items by items."""
        return [(self.rows, n_items, n_items)]

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays to store in a bundle."""
        return self.rows.arrays(self.signals[0])


def recency_weights(length: int, decay: float) -> Float32:
    """Weigh the steps of a history, oldest first; the last has weight 1."""
    return np.power(np.float32(decay), np.arange(length - 1, -1, -1, dtype=np.float32))
