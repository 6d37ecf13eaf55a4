"""The contract of the recommenders, and a base class for those whose array is an item-item matrix."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32
from models.bundle.loader import Bundle
from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders.score_board import ScoreBoard


class Decaying(Protocol):
    """Settings of a recommender that weighs a history by recency."""

    @property
    def recency_decay(self) -> float:
        """Return the decay of the weight per moment back in the history."""


Config = TypeVar("Config", bound=Decaying)


@dataclass(frozen=True)
class TrainingData:
    """The training data of a recommender.

    `interactions` are encoded and sorted by user and time; `catalogue` is the items file of a data set, where there
    is one.
    """

    interactions: Interactions
    catalogue: pa.Table | None = None


class Recommender(Protocol):
    """Scores items for a history.

    A recommender writes one or more signals to the score board. The first of its `signals` has its name: it is weighed
    in the mix, and the recommender alone is evaluated by it. The names of its arrays in a bundle begin with its name
    and an underscore. `config` is the settings it was made with; its class is that of the recommender's registry entry.
    `reads_all_history` says whether it scores all interactions of a history, or the latest ones only. With `act`, a
    code in `goal.ACTS`, it scores the items with this kind of act only.
    """

    signals: ClassVar[tuple[str, ...]]
    config: Any
    reads_all_history: ClassVar[bool]
    act: ClassVar[int | None]

    @classmethod
    def fit(cls, training: TrainingData, config: Any) -> Self:
        """Fit on training data; the same data and settings give the same arrays."""

    @classmethod
    def load(cls, bundle: Bundle, config: Any) -> Self:
        """Take the arrays from a bundle.

        Raises
        ------
        BundleError
            An array is missing or of another type.
        """

    @property
    def empty(self) -> bool:
        """Return whether the data holds nothing to fit this recommender on."""

    def configured(self, config: Any) -> Self:
        """Apply other settings that need no new fit; the arrays are shared, the buffers are not."""

    def score(self, history: History, board: ScoreBoard) -> None:
        """Write all signals for a history."""

    def fits(self, n_items: int, n_users: int) -> bool:
        """Return whether the arrays are for these numbers of items and users."""

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""


def by_name(recommenders: Iterable[Recommender]) -> dict[str, Recommender]:
    """Return the recommenders by name."""
    return {recommender.signals[0]: recommender for recommender in recommenders}


class Likeness(NamedTuple):
    """How alike items are, from 0 to 1: `rows[i, j] * of_row[i] * of_peer[j]`.

    `rows` is a matrix of items by items; the factors, float32 of length n_items, are all 1 where they are empty.
    """

    rows: SparseRows
    of_row: Float32 = np.empty(0, dtype=np.float32)
    of_peer: Float32 = np.empty(0, dtype=np.float32)


class ItemMatrix(Generic[Config]):
    """A recommender whose only array is a sparse matrix of items by items.

    Parameters
    ----------
    config
        Its settings.
    rows
        The best neighbours of each item; empty if the data holds nothing to fit the recommender on.
    """

    signals: ClassVar[tuple[str, ...]]
    reads_all_history: ClassVar[bool] = False
    act: ClassVar[int | None] = None

    def __init__(self, config: Config, rows: SparseRows) -> None:
        self.config = config
        self.rows = rows

    @classmethod
    def load(cls, bundle: Bundle, config: Config) -> Self:
        """Take the matrix from a bundle."""
        return cls(config, SparseRows.load(bundle, cls.signals[0]))

    @property
    def likeness(self) -> Likeness:
        """How alike two items are; by default the entries of the matrix, which then must be from 0 to 1."""
        return Likeness(self.rows)

    @property
    def empty(self) -> bool:
        """Return whether no item has a neighbour."""
        return not len(self.rows.indices)

    def configured(self, config: Config) -> Self:
        """Apply other request-time settings to the same matrix."""
        return type(self)(config, self.rows)

    def fits(self, n_items: int, n_users: int) -> bool:  # noqa: ARG002 - the contract's
        """Return whether the matrix is of items by items."""
        return self.rows.fits(n_items, n_items)

    def lower(self, history: History, board: ScoreBoard) -> None:
        """Lower the scores of the candidates that are similar to items which the user turned down."""
        against = history.against
        if len(against):
            board.lower(self.signals[0], self.rows, against.items, against.weights(self.config.recency_decay))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return self.rows.arrays(self.signals[0])
