"""The contract of the measured systems: a search space, and a fit that returns a scorer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from models.arrays.types import Float32, Int32
from models.data.holdout import Ragged
from models.data.interactions import Interactions

Scores = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Csr = sp.csr_matrix
Value = bool | int | float
Setting = Mapping[str, Value]

THREADS = 2
"""Threads that a fit may use, the same for every system."""
COUNTS = "counts"
"""Setting for data where pairs repeat or differ in strength: whether strengths are used, or binary pairs."""


@dataclass(frozen=True)
class Between:
    """A number in a range, drawn uniformly or, with `log`, uniformly on the logarithmic scale."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def draw(self, rng: np.random.Generator) -> Value:
        """Draw a value."""
        drawn = (
            np.exp(rng.uniform(np.log(self.low), np.log(self.high))) if self.log else rng.uniform(self.low, self.high)
        )
        return round(drawn) if self.whole else float(f"{drawn:.4g}")

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{', logarithmic' if self.log else ''}"


@dataclass(frozen=True)
class OneOf:
    """One of some values."""

    values: tuple[Value, ...]

    def draw(self, rng: np.random.Generator) -> Value:
        """Draw a value."""
        return self.values[int(rng.integers(len(self.values)))]

    def __str__(self) -> str:
        return "one of " + ", ".join(map(str, self.values))


Range = Between | OneOf


@dataclass(frozen=True)
class Batch:
    """Users to score all items for.

    `histories` hold the item codes of each user's interactions, oldest first, and `strengths` their strengths, None if
    all are equal.
    """

    users: Int32
    histories: Ragged
    n_items: int
    strengths: Float32 | None = None

    def matrix(self, setting: Setting) -> "Csr[np.float32]":
        """Make the matrix of these users x items."""
        rows = np.repeat(np.arange(len(self.users), dtype=np.int32), np.diff(self.histories.offsets))
        return _matrix(rows, self.histories.items, self.strengths, (len(self.users), self.n_items), setting)


class Scorer(Protocol):
    """A fitted system."""

    def score(self, batch: Batch) -> Scores:
        """Score every item for every user: a new array of shape (users, n_items)."""
        ...


class System(Protocol):
    """A system to measure.

    `package` is the distribution that it comes from, if it is not written here; `start` is the setting tried first;
    `reads_counts` tells whether it can use the number of repeats of a pair.
    """

    name: ClassVar[str]
    package: ClassVar[str | None] = None
    space: ClassVar[Mapping[str, Range]] = {}
    start: ClassVar[Setting] = {}
    reads_counts: ClassVar[bool] = False

    def left_out(self, train: Interactions, *, include_seen: bool) -> str | None:  # noqa: ARG002 - some look at them
        """Return why the system cannot use this data; None if it can."""
        return None

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:
        """Fit with one setting of the search space."""
        ...


@dataclass(frozen=True)
class ItemWeights:
    """Scores an item by the sum of the weights from the user's items to it."""

    weights: "Csr[np.float32] | Float32"
    setting: Setting

    def score(self, batch: Batch) -> Float32:
        """Multiply the histories with the weights."""
        product = batch.matrix(self.setting) @ self.weights
        return np.asarray(product.toarray() if sp.issparse(product) else product, dtype=np.float32)


@dataclass(frozen=True)
class SameForAll:
    """Gives every user the same scores."""

    scores: Float32

    def score(self, batch: Batch) -> Float32:
        """Repeat the scores."""
        return np.repeat(self.scores[None, :], len(batch.users), axis=0)


def user_items(train: Interactions, setting: Setting) -> "Csr[np.float32]":
    """Make the matrix of users x items that a system is fitted on."""
    return _matrix(train.users, train.items, train.strengths, (train.n_users, train.n_items), setting)


def _matrix(
    rows: Int32, items: Int32, strengths: Float32 | None, shape: tuple[int, int], setting: Setting
) -> "Csr[np.float32]":
    values = np.ones(len(items), dtype=np.float32) if strengths is None else strengths
    matrix = sp.csr_matrix((values, (rows, items)), shape=shape)
    matrix.sum_duplicates()
    if not setting.get(COUNTS):
        matrix.data[:] = 1.0
    return matrix
