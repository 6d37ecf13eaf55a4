"""Conversion: how often an item reaches the goal, of all who did something with it; the same for every user."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from models.arrays.types import Float32
from models.bundle.loader import Bundle
from models.data.goal import ACTS, REACHED
from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard

_PRIOR = 20.0
"""Prior: users of the average item that are added to those of each item."""
_COUNTED = ("cart", "view")
_CANDIDATES = 100


class ConversionConfig(BaseModel):
    """Settings of conversion: there are none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Conversion:
    """Scores items by the share of their users who reached the goal, shrunk towards that of all items.

    Parameters
    ----------
    config
        Its settings.
    table
        float32 (3, n_items): the share of each item, and its users by carts and by views relative to the most; without
        items where the data has no acts before the goal.
    """

    signals: ClassVar[tuple[str, ...]] = ("conversion", "conversion_carts", "conversion_views")
    reads_all_history: ClassVar[bool] = False
    act: ClassVar[int | None] = None

    def __init__(self, config: ConversionConfig, table: Float32) -> None:
        self.config = config
        self.table = table
        self._best = np.argsort(-table[0], kind="stable")[:_CANDIDATES].astype(np.int32)

    @classmethod
    def fit(cls, training: TrainingData, config: ConversionConfig) -> Self:
        """Count the users of each item by kinds of acts."""
        log = training.interactions.log
        if log is None or log.acts is None or not (log.acts != REACHED).any():
            return cls(config, np.empty((len(cls.signals), 0), dtype=np.float32))
        counted = [_users(log, ACTS.index(act)) for act in _COUNTED]
        shares = [counts / max(float(counts.max(initial=0.0)), 1.0) for counts in counted]
        return cls(config, np.stack([conversion_rates(log), *shares]).astype(np.float32))

    @classmethod
    def load(cls, bundle: Bundle, config: ConversionConfig) -> Self:
        """Take the table from a bundle."""
        return cls(config, bundle.array("conversion_table", np.float32, ndim=2))  # type: ignore[arg-type]

    @property
    def empty(self) -> bool:
        """Return whether the data has no acts before the goal."""
        return not self.table.shape[1]

    def configured(self, config: ConversionConfig) -> Self:
        """Return the same, as there are no settings."""
        return type(self)(config, self.table)

    def score(self, history: History, board: ScoreBoard) -> None:  # noqa: ARG002 - the contract's
        """Write the share and the counts of every candidate."""
        if self.empty:
            return
        for signal, values in zip(self.signals, self.table, strict=True):
            board.add_dense(signal, values, self._best)

    def fits(self, n_items: int, n_users: int) -> bool:  # noqa: ARG002 - the contract's
        """Return whether the table is for this number of items, or empty."""
        return self.empty or self.table.shape == (len(self.signals), n_items)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the array to store in a bundle, by name."""
        return {"conversion_table": self.table}


def conversion_rates(log: Interactions) -> Float32:
    """Compute for each item the share of its users who reached the goal, float32, shrunk towards that of all items."""
    keys = np.unique(log.pair_keys)
    users = np.bincount(keys % log.n_items, minlength=log.n_items)
    reached = _users(log, REACHED)
    rates: Float32 = (reached + _PRIOR * reached.sum() / max(len(keys), 1)) / (users + _PRIOR)
    return rates.astype(np.float32)


def _users(log: Interactions, act: int) -> Float32:
    """Count the users with one kind of act on each item, float32."""
    assert log.acts is not None  # noqa: S101 - the caller has looked
    keys = np.unique(log.pair_keys[log.acts == act])
    return np.bincount(keys % log.n_items, minlength=log.n_items).astype(np.float32)
