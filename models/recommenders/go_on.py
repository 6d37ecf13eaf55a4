"""Go on: items that a user viewed or put into the cart and has not bought yet, or whatever the goal is."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.types import Float32, Int64
from models.bundle.loader import Bundle
from models.data.goal import ACTS, REACHED
from models.data.history import SECONDS_A_DAY, History
from models.data.interactions import Interactions
from models.recommenders.conversion import conversion_rates
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard


class GoOnConfig(BaseModel):
    """Settings of what a user may go on with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    half_life: float = Field(
        7.0, gt=0, description="half-life of an act's weight: in days, or in interactions if the data has no times"
    )
    item_exponent: float = Field(
        1.0, ge=0, description="how much an item counts whose acts reach the goal more often than those of others"
    )


class GoOn:
    """Scores the items of a history that have not reached the goal, by what was done with them, how often and when.

    An act counts by the share of its pairs of user and item that reach the goal. Further acts of the same kind on an
    item count less and less: three views are no purchase.

    Parameters
    ----------
    config
        Its settings.
    rates
        Share of the pairs with each of `ACTS` that reach the goal, float32; empty where the data has no acts before it.
    conversions
        How often the pairs of each item reach the goal, relative to all items, float32 of length n_items.
    clock, ordered
        Whether times are seconds, and whether there is an order at all.
    """

    signals: ClassVar[tuple[str, ...]] = ("go_on", "go_on_count", "go_on_age", "go_on_act", "go_on_conversion")
    reads_all_history: ClassVar[bool] = True
    act: ClassVar[int | None] = None

    def __init__(
        self, config: GoOnConfig, rates: Float32, conversions: Float32, *, clock: bool, ordered: bool = True
    ) -> None:
        self.config = config
        self.rates = rates
        self.conversions = conversions
        self.clock = clock
        self.ordered = ordered

    @classmethod
    def fit(cls, training: TrainingData, config: GoOnConfig) -> Self:
        """Measure how often each kind of act is followed by the goal, and how often each item reaches it."""
        log = training.interactions.log
        clock, ordered = training.interactions.has_clock, training.interactions.timestamps is not None
        nothing = np.empty(0, dtype=np.float32)
        if log is None or log.acts is None or not (log.acts != REACHED).any():
            return cls(config, nothing, nothing, clock=clock, ordered=ordered)
        rates = _rates(log, log.acts.astype(np.int64))
        found = conversion_rates(log)
        usual = float(found.mean()) or 1.0
        return cls(config, rates, (found / np.float32(usual)).astype(np.float32), clock=clock, ordered=ordered)

    @classmethod
    def load(cls, bundle: Bundle, config: GoOnConfig) -> Self:
        """Take the rates from a bundle."""
        clock, ordered = bundle.array("go_on_clock", np.int32)
        return cls(
            config,
            bundle.array("go_on_rates", np.float32),  # type: ignore[arg-type]
            bundle.array("go_on_conversions", np.float32),  # type: ignore[arg-type]
            clock=bool(clock),
            ordered=bool(ordered),
        )

    @property
    def empty(self) -> bool:
        """Return whether the data has no acts before the goal."""
        return not len(self.rates)

    def configured(self, config: GoOnConfig) -> Self:
        """Apply other settings to the same rates."""
        return type(self)(config, self.rates, self.conversions, clock=self.clock, ordered=self.ordered)

    def score(self, history: History, board: ScoreBoard) -> None:
        """Write what a user may go on with; acts before the last time that an item reached the goal do not count."""
        acts = history.acts
        if self.empty or acts is None or not len(history):
            return
        items, place = np.unique(history.items, return_inverse=True)
        reached = np.full(len(items), -np.inf)
        done = np.flatnonzero(acts == REACHED)
        # Without an order an item that reached the goal is done with. Nor have rows of one time an order.
        times = np.zeros(len(acts)) if history.times is None or not self.ordered else history.times
        np.maximum.at(reached, place[done], times[done])
        open_ = np.flatnonzero((acts != REACHED) & (times > reached[place]))
        if not len(open_):
            return
        weights, youngest = self._weights(history, open_)
        table = np.zeros((len(items), len(ACTS)), dtype=np.float32)
        counts = np.zeros_like(table)
        np.maximum.at(table, (place[open_], acts[open_]), weights)
        np.add.at(counts, (place[open_], acts[open_]), np.float32(1.0))
        chosen = np.unique(place[open_])
        table, counts, found = table[chosen], counts[chosen], items[chosen]
        ages = np.full(len(items), np.inf, dtype=np.float32)
        np.minimum.at(ages, place[open_], youngest)
        conversions = self.conversions[found]
        each = self.rates * table * np.log2(1.0 + counts)
        columns = (
            each.sum(axis=1) * conversions ** np.float32(self.config.item_exponent),
            np.log1p(counts.sum(axis=1)),
            1.0 / (1.0 + ages[chosen]),
            (self.rates * (counts > 0)).max(axis=1),
            conversions,
        )
        for signal, values in zip(self.signals, columns, strict=True):
            board.add(signal, found, np.asarray(values, dtype=np.float32))

    def _weights(self, history: History, rows: Int64) -> tuple[Float32, Float32]:
        """Return the weight that is left of some acts, and their ages."""
        if not self.ordered:
            return np.ones(len(rows), np.float32), np.zeros(len(rows), np.float32)
        ages = (
            history.ages()[rows] / np.float32(SECONDS_A_DAY)
            if self.clock
            else (len(history) - 1 - rows).astype(np.float32)
        )
        return np.power(np.float32(0.5), ages / np.float32(self.config.half_life)), ages

    def fits(self, n_items: int, n_users: int) -> bool:  # noqa: ARG002 - the contract's
        """Return whether there is a rate for each kind of act and for this number of items, or none at all."""
        return self.empty or (self.rates.shape == (len(ACTS),) and self.conversions.shape == (n_items,))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        clock = np.array([self.clock, self.ordered], dtype=np.int32)
        return {"go_on_rates": self.rates, "go_on_conversions": self.conversions, "go_on_clock": clock}


def _rates(log: Interactions, acts: Int64) -> Float32:
    """Compute for each kind of act the share of its pairs of user and item that reach the goal; 0 for the goal."""
    reached = np.unique(log.pair_keys[log.reached])
    rates = np.zeros(len(ACTS), dtype=np.float32)
    for act in range(1, len(ACTS)):
        pairs = np.unique(log.pair_keys[acts == act])
        if len(pairs):
            # One pair of the usual kind more: a kind of act that is rare says little about its share.
            rates[act] = (np.isin(pairs, reached).sum() + 1) / (len(pairs) + 2)
    return rates
