"""Repeats: items of the history that the user may want again ("buy again"); used where seen items are wanted."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.types import Float32, Float64
from models.bundle.loader import Bundle
from models.data.goal import REACHED
from models.data.history import SECONDS_A_DAY, History
from models.data.interactions import Interactions
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard

_PRIOR = 10.0
"""Prior: users of average behaviour that are added to the users of each item."""


class RepeatsConfig(BaseModel):
    """Settings of repeats."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    half_life: float = Field(
        60.0, gt=0, description="half-life of a repeat's weight: in days, or in interactions if the data has no times"
    )


class Repeats:
    """Scores the items of a history by how often and how recently they occur, and by how often users repeat them.

    Parameters
    ----------
    config
        Its settings.
    rates
        Share of an item's users who repeated it, shrunk towards the share over all items; float32 of length n_items.
        Empty where no user repeated an item.
    gaps
        Mean time between a user's interactions with the item, in days (or interactions), float32 of length n_items.
    clock
        Whether times are seconds and not only an order.
    """

    signals: ClassVar[tuple[str, ...]] = ("repeats", "repeats_count", "repeats_age", "repeats_rate", "repeats_due")
    reads_all_history: ClassVar[bool] = True
    act: ClassVar[int | None] = None

    def __init__(self, config: RepeatsConfig, rates: Float32, gaps: Float32, *, clock: bool) -> None:
        self.config = config
        self.rates = rates
        self.gaps = gaps
        self.clock = clock

    @classmethod
    def fit(cls, training: TrainingData, config: RepeatsConfig) -> Self:
        """Measure how often and after how long users repeated each item."""
        interactions = training.interactions
        if interactions.acts is not None:
            # Three views are no purchase.
            interactions = interactions.select(interactions.reached)
        n_items = interactions.n_items
        order = np.lexsort((np.arange(len(interactions.items)), interactions.items, interactions.users))
        users, items = interactions.users[order], interactions.items[order]
        again = np.flatnonzero((users[1:] == users[:-1]) & (items[1:] == items[:-1])) + 1
        if not len(again):
            nothing = np.empty(0, dtype=np.float32)
            return cls(config, nothing, nothing, clock=interactions.has_clock)
        first = np.ones(len(items), dtype=np.bool_)
        first[again] = False
        pairs = np.cumsum(first) - 1
        tried = np.bincount(items[first], minlength=n_items)
        returned = np.bincount(items[first][np.unique(pairs[again])], minlength=n_items)
        rates = (returned + _PRIOR * returned.sum() / tried.sum()) / (tried + _PRIOR)
        times = _times(interactions, clock=interactions.has_clock)[order]
        passed = (times[again] - times[again - 1]).astype(np.float64)
        total, count = (
            np.bincount(items[again], weights=weights, minlength=n_items) for weights in (passed, np.ones_like(passed))
        )
        gaps = (total + _PRIOR * passed.mean()) / (count + _PRIOR)
        return cls(config, rates.astype(np.float32), gaps.astype(np.float32), clock=interactions.has_clock)

    @classmethod
    def load(cls, bundle: Bundle, config: RepeatsConfig) -> Self:
        """Take the rates and the gaps from a bundle."""
        return cls(
            config,
            bundle.array("repeats_rates", np.float32),  # type: ignore[arg-type]
            bundle.array("repeats_gaps", np.float32),  # type: ignore[arg-type]
            clock=bool(bundle.array("repeats_clock", np.int32)[0]),
        )

    @property
    def empty(self) -> bool:
        """Return whether no user repeated an item."""
        return not len(self.rates)

    def configured(self, config: RepeatsConfig) -> Self:
        """Apply another half-life to the same rates."""
        return type(self)(config, self.rates, self.gaps, clock=self.clock)

    def score(self, history: History, board: ScoreBoard) -> None:
        """Sum the decayed weights of the interactions with each item, times the root of the item's rate of repeats."""
        if history.acts is not None:
            history = history.where(history.acts == REACHED)
        if self.empty or not len(history):
            return
        items, place, counts = np.unique(history.items, return_inverse=True, return_counts=True)
        board.add_candidates(items)
        wanted = board.slot[items] >= 0
        if not wanted.any():
            return
        ages = (
            history.ages() / np.float32(SECONDS_A_DAY)
            if self.clock
            else np.arange(len(history) - 1, -1, -1, dtype=np.float32)
        )
        left = history.weights(1.0) * np.power(np.float32(0.5), ages / np.float32(self.config.half_life))
        youngest = np.full(len(items), np.inf, dtype=np.float32)
        oldest = np.zeros(len(items), dtype=np.float32)
        np.minimum.at(youngest, place, ages)
        np.maximum.at(oldest, place, ages)
        rates, usual = self.rates[items], self.gaps[items]
        gaps = ((oldest - youngest) + usual) / counts
        lateness = np.abs(np.log((youngest + 1.0) / (gaps + 1.0)))
        columns = (
            np.sqrt(rates) * np.bincount(place, weights=left, minlength=len(items)),
            np.log1p(counts),
            1.0 / (1.0 + youngest),
            rates,
            np.exp(-lateness),
        )
        for signal, values in zip(self.signals, columns, strict=True):
            board.add(signal, items, np.asarray(values, dtype=np.float32))

    def fits(self, n_items: int, n_users: int) -> bool:  # noqa: ARG002 - the contract's
        """Return whether the rates are for this number of items, or empty."""
        return self.empty or self.rates.shape == self.gaps.shape == (n_items,)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        clock = np.array([self.clock], dtype=np.int32)
        return {"repeats_rates": self.rates, "repeats_gaps": self.gaps, "repeats_clock": clock}


def _times(interactions: Interactions, *, clock: bool) -> Float64:
    """Return the time of each row in days, or its place in the user's sequence."""
    if clock and interactions.timestamps is not None:
        return interactions.timestamps / SECONDS_A_DAY
    return (np.arange(len(interactions.items)) - interactions.offsets[interactions.users]).astype(np.float64)
