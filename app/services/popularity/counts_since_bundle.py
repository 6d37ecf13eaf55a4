"""Popularity up to now: the bundle's counts plus the interactions that the log has received since."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from app.errors import DatabaseError
from app.services.kit.database_timeout import with_timeout
from app.services.popularity.daily_counts import DailyCounts
from app.services.state.serving import Serving
from app.storage.counts import CountStore
from app.times import clock
from models.arrays.types import Float32, Int32
from models.data.events import positive_types
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker
from models.recommenders.popularity import HALF_LIVES_DAYS, Popularity, rises

_EVERY_SECONDS = 5.0
_ROWS = 2_000
Order = tuple[Float32, Int32]
Key = tuple[Literal["popular", "rising"], int | None]
_NEVER = -1


@dataclass
class _Counted:
    """The interactions since one bundle up to the row `last_id`, and the orders of those up to `sorted_id`."""

    live: LiveCatalogue
    number: int
    last_id: int
    sorted_id: int
    daily: DailyCounts = field(default_factory=DailyCounts)
    read_at: float = 0.0
    orders: dict[Key, Order] = field(default_factory=dict)


class CountsSinceBundle:
    """Counts the interactions of the log that the bundle does not have, every five seconds while requests need them.

    `number` identifies the latest count.

    Parameters
    ----------
    event_weights
        Those of event types that show interest count, or that reach the goal of the bundle; low ratings do not.
    """

    def __init__(self, counts: CountStore, event_weights: Mapping[str, float]) -> None:
        self._counts = counts
        self._positive = positive_types(event_weights)
        self._counted: _Counted | None = None
        self._recount: _Counted | None = None
        self._outdated = False
        self._reading = asyncio.Lock()
        self._requested = asyncio.Event()
        self._serving: Serving | None = None
        self.number = 0

    def ask(self, serving: Serving) -> None:
        """Ask `run` for a new count; until it is done, the last one is used."""
        if self._due(serving):
            self._serving = serving
            self._requested.set()

    async def run(self) -> None:
        """Count after each call of `ask`, for as long as the process lives."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            # Calls of `ask` from now on may be for the next bundle.
            serving, self._serving = self._serving, None
            if serving is not None:
                await self.refresh(serving)

    def forget(self) -> None:
        """Count all of them again: some were deleted. Until that is done, the last count is used."""
        self._outdated = True

    async def refresh(self, serving: Serving) -> None:
        """Count new interactions, for a second at most; while the database is unavailable, the last count stays."""
        async with self._reading:
            ranker = serving.ranker
            if ranker is None or ranker.last_interaction_id is None or not self._due(serving):
                return
            counted = self._continued(serving, ranker.last_interaction_id)
            complete = False
            # Rows read before a timeout or an error of the database are counted; the next call continues after them.
            with suppress(DatabaseError):
                await with_timeout(self._read(serving, counted))
                complete = True
            await asyncio.to_thread(counted.daily.settle)
            if self._counted is not None and counted is self._recount and not complete:
                self._counted.read_at = clock.elapsed()
                return
            new = counted.last_id != counted.sorted_id
            most: Key = ("popular", ranker.popularity.config.newcomer_window)
            keys = {most, *counted.orders} if new else counted.orders.keys() - {most}
            # For a million items this takes a tenth of a second: in a thread, so that other requests are answered.
            orders = await asyncio.to_thread(_ordered, ranker, counted, keys)
            counted.orders = orders if new else counted.orders | orders
            counted.sorted_id, counted.read_at = counted.last_id, clock.elapsed()
            self._counted, self._recount = counted, None
            self.number += new

    def _continued(self, serving: Serving, last_id: int) -> _Counted:
        """Return the count to continue: the last one, or a new one for another bundle or after a deletion."""
        if self._counted is None or self._counted.live is not serving.live:
            self._recount, self._outdated = None, False
            return _Counted(serving.live, serving.number, last_id, last_id)
        if self._outdated:
            self._recount, self._outdated = _Counted(serving.live, serving.number, last_id, _NEVER), False
        return self._recount or self._counted

    def _due(self, serving: Serving) -> bool:
        if not serving.first_goal:
            return False
        counted = self._counted
        if counted is None or (counted.live is not serving.live and counted.number < serving.number):
            return serving.ranker is not None and serving.ranker.last_interaction_id is not None
        # A request that still uses an older bundle must not replace the counts of the next one.
        return counted.live is serving.live and clock.elapsed() - counted.read_at >= _EVERY_SECONDS

    async def _read(self, serving: Serving, counted: _Counted) -> None:
        # The bundle counts what reached its goal.
        kinds = self._positive if serving.goal is None else sorted(serving.goal.values)
        rows = await self._counts.since(counted.last_id, kinds, _ROWS)
        while rows.ids:
            serving.live.assign_codes(list(dict.fromkeys(rows.item_ids)))
            codes = serving.live.codes(rows.item_ids)
            ratings = np.array(rows.ratings, dtype=np.float64)
            known = (codes >= 0) & ~serving.scale.for_ratings(ratings).is_low(ratings)
            counted.daily.add(codes[known], np.array(rows.times, dtype=np.float64)[known])
            counted.last_id = rows.ids[-1]
            if len(rows.ids) < _ROWS:
                return
            rows = await self._counts.since(counted.last_id, kinds, _ROWS)

    def popular(self, serving: Serving, window: int | None) -> Order | None:
        """Return counts by code, and the codes by falling count; None if there is no interaction since the bundle."""
        return self._order(serving, ("popular", window))

    def popular_for_newcomers(self, serving: Serving) -> Order | None:
        """Return the same with the window of the bundle for users without a history."""
        return (
            None if serving.ranker is None else self.popular(serving, serving.ranker.popularity.config.newcomer_window)
        )

    def rising(self, serving: Serving, window: int) -> Order | None:
        """Return the rises by code, and the codes by falling rise; see `models.recommenders.popularity.rises`."""
        return self._order(serving, ("rising", window))

    def _order(self, serving: Serving, key: Key) -> Order | None:
        counted, ranker = self._counted, serving.ranker
        # Counted is what reached the first goal.
        if counted is None or ranker is None or counted.live is not serving.live or not serving.first_goal:
            return None
        if not counted.orders:
            return None
        if key not in counted.orders:
            counted.orders |= _ordered(ranker, counted, {key})
        return counted.orders[key]


def _ordered(ranker: Ranker, counted: _Counted, keys: Collection[Key]) -> dict[Key, Order]:
    orders = {}
    for kind, window in keys:
        counts, recent = _joined(ranker.popularity, counted, window)
        scores = rises(counts, recent) if kind == "rising" else counts if window is None else recent
        orders[kind, window] = scores, np.argsort(-scores, kind="stable").astype(np.int32)
    return orders


def _joined(popularity: Popularity, counted: _Counted, window: int | None) -> tuple[Float32, Float32]:
    """Add the interactions since to the bundle's counts: over all time, and decayed by the flow of both together."""
    known, size = len(popularity.counts), counted.live.size
    counts, recent = counted.daily.counts(size), np.zeros(size)
    counts[:known] += popularity.counts
    if window is not None and popularity.flow is not None:
        flow = popularity.flow.joined(counted.daily.flow)
        recent = counted.daily.recent(size, window, flow)
        (left,) = flow.weights(np.array([popularity.flow.last]), HALF_LIVES_DAYS[window])
        recent[:known] += popularity.recent[window] * left
    return counts.astype(np.float32), recent.astype(np.float32)
