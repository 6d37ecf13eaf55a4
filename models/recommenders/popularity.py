"""Popularity: how many interactions an item has, over all time and recently; the same for every user."""

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.types import Float32, Float64, Int32, Mask
from models.bundle.loader import Bundle
from models.data.flow import Flow
from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard

TRENDING = "trending"
HALF_LIVES_DAYS = (1.0, 7.0, 30.0, 90.0)
WINDOW_SHARES = (0.01, 0.03, 0.1, 0.3)
"""Shares of the interactions that count as recent where the timestamps are only an order."""
_CANDIDATES = 100
"""Number of items by each signal that become candidates."""
_FLOW = "popularity_flow"
_INTERACTED = "popularity_interacted"
_PRIOR = 1.0
"""Prior that is added to the expected recent interactions: a few interactions with a rare item are no trend."""


class PopularityConfig(BaseModel):
    """Settings of popularity and trending."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    half_life: int = Field(
        2,
        ge=0,
        lt=len(HALF_LIVES_DAYS),
        description="half-life of trending: 0, 1, 2 and 3 stand for 1, 7, 30 and 90 days",
    )
    newcomer_window: int | None = Field(
        None,
        ge=0,
        lt=len(HALF_LIVES_DAYS),
        description="half-life of popularity for users without a history, in the same way; without one all count alike",
    )


class Popularity:
    """Scores items by their interactions: all of them (`popularity`), or by their age (`trending`).

    Parameters
    ----------
    config
        Its settings.
    counts
        Interactions of each item, float32 of length n_items.
    recent
        Decayed counts with half-lives of 1, 7, 30 and 90 days, float32 (4, n_items); ages are measured by `flow`.
        Without a clock, the counts within the last 1, 3, 10 and 30 % of the interactions; without an order, `counts`.
    clock
        Whether times are seconds and not only an order: otherwise nothing is trending.
    ages
        Age of the first interaction of each item in days, float32; 0 without a clock.
    interacted
        Marks the items that have any interaction, where the counts are of a goal only; None for those with a count.
    flow
        The flow of the interactions; None without a clock.
    order, trend_order
        Items by their counts, and by their recent weights with the half-life of the settings, descending; sorted here
        where None.
    """

    signals: ClassVar[tuple[str, ...]] = ("popularity", TRENDING)
    reads_all_history: ClassVar[bool] = False
    act: ClassVar[int | None] = None

    def __init__(
        self,
        config: PopularityConfig,
        counts: Float32,
        recent: Float32,
        *,
        clock: bool = False,
        flow: Flow | None = None,
        order: Int32 | None = None,
        trend_order: Int32 | None = None,
        ages: Float32 | None = None,
        interacted: Mask | None = None,
    ) -> None:
        self.config = config
        self.counts = counts
        self.recent = recent
        self.clock = clock
        self.ages = np.zeros(len(counts), dtype=np.float32) if ages is None else ages
        self.flow = flow
        self.interacted: Mask = counts > 0 if interacted is None else interacted
        self.order: Int32 = _descending(counts) if order is None else order
        self.trend: Float32 = np.ascontiguousarray(recent[config.half_life])
        self._orders: dict[int, Int32] = {}
        self._rises: dict[int, tuple[Float32, Int32]] = {}
        self.trend_order: Int32 = _descending(self.trend) if trend_order is None else trend_order

    @classmethod
    def fit(cls, training: TrainingData, config: PopularityConfig) -> Self:
        """Count the interactions of each item."""
        interactions, interacted = training.interactions, None
        if interactions.log is not None:
            # What is viewed by many and bought by few is not what a shop calls popular.
            interacted = np.bincount(interactions.items, minlength=interactions.n_items) > 0
            interactions = interactions.successes
        n_items = interactions.n_items
        counts = np.bincount(interactions.items, minlength=n_items)
        recent = np.tile(counts.astype(np.float32), (len(HALF_LIVES_DAYS), 1))
        times = interactions.timestamps
        flow = None
        if times is not None and len(times):
            flow = Flow.of(times) if interactions.has_clock else None
            for row in range(len(HALF_LIVES_DAYS)):
                weights = _weights(times, row, flow)
                recent[row] = np.bincount(interactions.items, weights=weights, minlength=n_items)
        ages = None if flow is None else _ages(interactions, flow)
        clock = interactions.has_clock
        counted = counts.astype(np.float32)
        return cls(config, counted, recent, clock=clock, flow=flow, ages=ages, interacted=interacted)

    @classmethod
    def load(cls, bundle: Bundle, config: PopularityConfig) -> Self:
        """Take the counts and the orders from a bundle: sorting a large catalogue takes seconds and memory."""
        counts: Float32 = bundle.array("popularity_counts", np.float32)  # type: ignore[assignment]
        clock = bool(bundle.array("popularity_clock", np.int32)[0])
        return cls(
            config,
            counts,
            bundle.array("popularity_recent", np.float32, ndim=2),  # type: ignore[arg-type]
            clock=clock,
            flow=_flow_of(bundle, int(counts.sum(dtype=np.float64))) if clock else None,
            order=bundle.array("popularity_order", np.int32),  # type: ignore[arg-type]
            trend_order=bundle.array("popularity_trend_order", np.int32),  # type: ignore[arg-type]
            ages=bundle.array("popularity_ages", np.float32) if "popularity_ages" in bundle.arrays else None,  # type: ignore[arg-type]
            interacted=bundle.array(_INTERACTED, np.uint8).astype(np.bool_) if _INTERACTED in bundle.arrays else None,
        )

    @property
    def empty(self) -> bool:
        """Return whether there is no item."""
        return not len(self.counts)

    @property
    def trends(self) -> bool:
        """Return whether recent popularity is known and differs from popularity over all time."""
        return self.clock and not np.array_equal(self.counts, self.recent[0])

    def configured(self, config: PopularityConfig) -> Self:
        """Apply another half-life to the same counts."""
        if config == self.config:
            return self
        return type(self)(
            config,
            self.counts,
            self.recent,
            clock=self.clock,
            flow=self.flow,
            order=self.order,
            ages=self.ages,
            interacted=self.interacted,
        )

    def order_of(self, window: int) -> Int32:
        """Order the items by a row of `recent`, descending; each is sorted once."""
        if window == self.config.half_life:
            return self.trend_order
        if window not in self._orders:
            # Items that are equal now, mostly those without any recent interaction, come by all interactions.
            self._orders[window] = np.lexsort((-self.counts, -self.recent[window])).astype(np.int32)
        return self._orders[window]

    def rise(self, window: int) -> tuple[Float32, Int32]:
        """Return each item's rise by a row of `recent`, and the items by it, descending; each is computed once."""
        if window not in self._rises:
            rise = rises(self.counts, self.recent[window])
            self._rises[window] = rise, _descending(rise)
        return self._rises[window]

    @property
    def newcomer_counts(self) -> Float32:
        """The interactions of each item for users without a history, decayed if their window is a half-life."""
        window = self.config.newcomer_window
        return self.counts if window is None else self.recent[window]

    @property
    def newcomer_order(self) -> Int32:
        """The items by `newcomer_counts`, descending."""
        window = self.config.newcomer_window
        return self.order if window is None else self.order_of(window)

    def newcomer_counts_of(self, items: Int32) -> Float32:
        """Return the `newcomer_counts` of some items; 0 for codes beyond those of the bundle."""
        known = items < len(self.counts)
        found = np.zeros(len(items), dtype=np.float32)
        found[known] = self.newcomer_counts[items[known]]
        return found

    def score(self, history: History, board: ScoreBoard) -> None:  # noqa: ARG002 - the contract's
        """Write the counts of every candidate, over all time and recent."""
        board.add_dense(self.signals[0], self.counts, self.order[:_CANDIDATES])
        board.add_dense(self.signals[1], self.trend, self.trend_order[:_CANDIDATES])

    def fits(self, n_items: int, n_users: int) -> bool:  # noqa: ARG002 - the contract's
        """Return whether the counts are for this number of items, and the orders are in their range."""
        return (
            self.counts.shape == self.ages.shape == self.interacted.shape == (n_items,)
            and self.recent.shape == (len(HALF_LIVES_DAYS), n_items)
            and all(_is_order(order, n_items) for order in (self.order, self.trend_order))
        )

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        clock = np.array([self.clock], dtype=np.int32)
        more: dict[str, npt.NDArray[np.generic]] = {} if self.flow is None else {_FLOW: self.flow.as_array()}
        if not np.array_equal(self.interacted, self.counts > 0):
            more[_INTERACTED] = self.interacted.astype(np.uint8)
        return {
            "popularity_counts": self.counts,
            "popularity_recent": self.recent,
            "popularity_clock": clock,
            **more,
            "popularity_order": self.order,
            "popularity_trend_order": self.trend_order,
            "popularity_ages": self.ages,
        }


def rises(
    counts: Float32, recent: Float32, *, all_counts: float | None = None, all_recent: float | None = None
) -> Float32:
    """Compute how many more recent interactions items have than their share of all time, in standard deviations.

    With the sums C of the `counts` and R of `recent`, an item is expected to have e = R * count / C recent
    interactions, and its rise is (recent - e) / sqrt(e + 1). Random counts vary by the square root of the expectation,
    so that 300 interactions where 100 are expected rank above 3 where none is expected; a ratio would rank them the
    other way round. The 1 is a prior that keeps the first interactions of a rare item from ranking high. Because shares
    are compared, a busy week of the whole shop is no trend.

    Parameters
    ----------
    counts, recent
        Interactions of items, all of them and with their weights by age, float32.
    all_counts, all_recent
        Sums over all items, where these are only some.

    Returns
    -------
    array
        The rises, float32; 0 for an item without interactions.
    """
    total = float(counts.sum(dtype=np.float64)) if all_counts is None else all_counts
    recently = float(recent.sum(dtype=np.float64)) if all_recent is None else all_recent
    if total <= 0:
        return np.zeros(len(counts), dtype=np.float32)
    expected = counts.astype(np.float64) * (recently / total)
    return ((recent - expected) / np.sqrt(expected + _PRIOR)).astype(np.float32)


def _ages(interactions: Interactions, flow: Flow) -> Float32:
    first = np.full(interactions.n_items, np.inf)
    np.minimum.at(first, interactions.items, interactions.times)
    ages = np.zeros(interactions.n_items)
    ages[np.isfinite(first)] = flow.ages(first[np.isfinite(first)])
    return ages.astype(np.float32)


def _descending(counts: Float32) -> Int32:
    return np.argsort(-counts, kind="stable").astype(np.int32)


def _is_order(order: Int32, n_items: int) -> bool:
    # Compiled code does not check these indices.
    return order.shape == (n_items,) and int(order.min(initial=0)) >= 0 and int(order.max(initial=-1)) < n_items


def _flow_of(bundle: Bundle, count: int) -> Flow | None:
    """Read the flow; of a bundle that was made before there was one, only its beginning and its end are known."""
    if _FLOW in bundle.arrays:
        return Flow.from_array(bundle.array(_FLOW, np.float64, ndim=2))  # type: ignore[arg-type]
    window = bundle.manifest.data.get("window")
    return None if window is None else Flow.steady(window[0], window[1], count)


def _weights(times: Float64, row: int, flow: Flow | None) -> Float64:
    if flow is not None:
        return flow.weights(times, HALF_LIVES_DAYS[row])
    return (times >= np.quantile(times, 1 - WINDOW_SHARES[row])).astype(np.float64)
