"""Popularity up to now: the bundle's counts plus the interactions that the log has received since."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from app.errors import DatabaseError
from app.services.kit.database_timeout import with_timeout
from app.services.state.serving import Serving
from app.storage.counts import CountStore
from app.times import clock
from models.arrays.types import Float32, Float64, Int32
from models.data.events import positive_types
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker
from models.recommenders.popularity import HALF_LIVES_DAYS, Popularity, rises

_EVERY_SECONDS = 5.0
_ROWS = 2_000
Order = tuple[Float32, Int32]
Key = tuple[Literal["popular", "rising"], int | None]
MOST: Key = ("popular", None)
_HALF_LIVES: Float64 = np.array(HALF_LIVES_DAYS) * 86_400.0


@dataclass
class _Counted:
    """The interactions since one bundle by item code: their number, and their decayed weights as of `moment`."""

    live: LiveCatalogue
    number: int
    last_id: int
    sorted_id: int
    moment: float
    counts: Float64
    recent: Float64
    read_at: float = 0.0
    orders: dict[Key, Order] = field(default_factory=dict)


class CountsSinceBundle:
    """Counts the interactions of the log that the bundle does not have, every five seconds while requests need them.

    `number` identifies the latest count.

    Parameters
    ----------
    event_weights
        Those of event types that show interest count; low ratings do not.
    """

    def __init__(self, counts: CountStore, event_weights: Mapping[str, float]) -> None:
        self._counts = counts
        self._positive = positive_types(event_weights)
        self._counted: _Counted | None = None
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

    async def refresh(self, serving: Serving) -> None:
        """Count new interactions, for a second at most; while the database is unavailable, the last count stays."""
        async with self._reading:
            ranker, counted = serving.ranker, self._counted
            if ranker is None or ranker.last_interaction_id is None or not self._due(serving):
                return
            if counted is None or counted.live is not serving.live:
                counted = self._begin(serving, ranker.last_interaction_id)
            # Rows read before a timeout or an error of the database are counted; the next call continues after them.
            with suppress(DatabaseError):
                await with_timeout(self._read(serving, counted))
            new = counted.last_id != counted.sorted_id
            keys = {MOST, *counted.orders} if new else counted.orders.keys() - {MOST}
            # For a million items this takes a tenth of a second: in a thread, so that other requests are answered.
            orders = await asyncio.to_thread(_ordered, ranker, counted, keys)
            counted.orders = orders if new else counted.orders | orders
            counted.sorted_id, counted.read_at = counted.last_id, clock.elapsed()
            self._counted = counted
            self.number += new

    def _due(self, serving: Serving) -> bool:
        counted = self._counted
        if counted is None or (counted.live is not serving.live and counted.number < serving.number):
            return serving.ranker is not None and serving.ranker.last_interaction_id is not None
        # A request that still uses an older bundle must not replace the counts of the next one.
        return counted.live is serving.live and clock.elapsed() - counted.read_at >= _EVERY_SECONDS

    def _begin(self, serving: Serving, last_id: int) -> _Counted:
        size = serving.live.size
        empty = np.zeros((len(_HALF_LIVES), size))
        return _Counted(serving.live, serving.number, last_id, last_id, clock.seconds(), np.zeros(size), empty)

    async def _read(self, serving: Serving, counted: _Counted) -> None:
        now = clock.seconds()
        counted.recent *= 0.5 ** ((now - counted.moment) / _HALF_LIVES)[:, None]
        counted.moment = now
        rows = await self._counts.since(counted.last_id, self._positive, _ROWS)
        while rows.ids:
            serving.live.assign_codes(list(dict.fromkeys(rows.item_ids)))
            codes = serving.live.codes(rows.item_ids)
            ratings = np.array(rows.ratings, dtype=np.float64)
            known = (codes >= 0) & ~serving.scale.for_ratings(ratings).is_low(ratings)
            codes, times = codes[known], np.array(rows.times, dtype=np.float64)[known]
            np.add.at(counted.counts, codes, 1.0)
            ages = np.maximum(now - np.where(np.isnan(times), -np.inf, times), 0.0)
            for row, half_life in enumerate(_HALF_LIVES):
                np.add.at(counted.recent[row], codes, 0.5 ** (ages / half_life))
            counted.last_id = rows.ids[-1]
            if len(rows.ids) < _ROWS:
                return
            rows = await self._counts.since(counted.last_id, self._positive, _ROWS)

    def popular(self, serving: Serving, window: int | None) -> Order | None:
        """Return counts by code, and the codes by falling count; None if there is no interaction since the bundle."""
        return self._order(serving, ("popular", window))

    def rising(self, serving: Serving, window: int) -> Order | None:
        """Return the rises by code, and the codes by falling rise; see `models.recommenders.popularity.rises`."""
        return self._order(serving, ("rising", window))

    def _order(self, serving: Serving, key: Key) -> Order | None:
        counted, ranker = self._counted, serving.ranker
        if counted is None or ranker is None or counted.live is not serving.live:
            return None
        if not counted.orders:
            return None
        if key not in counted.orders:
            counted.orders |= _ordered(ranker, counted, {key})
        return counted.orders[key]


def _ordered(ranker: Ranker, counted: _Counted, keys: Collection[Key]) -> dict[Key, Order]:
    orders = {}
    for kind, window in keys:
        counts, recent = _joined(ranker.popularity, ranker.data_until, counted, window)
        scores = rises(counts, recent) if kind == "rising" else counts if window is None else recent
        orders[kind, window] = scores, np.argsort(-scores, kind="stable").astype(np.int32)
    return orders


def _joined(popularity: Popularity, until: float, counted: _Counted, window: int | None) -> tuple[Float32, Float32]:
    """Add the interactions since to the bundle's counts: over all time, and decayed as of the moment of reading."""
    known = len(popularity.counts)
    counts, recent = counted.counts.copy(), np.zeros_like(counted.counts)
    counts[:known] += popularity.counts
    if window is not None:
        recent = counted.recent[window].copy()
        recent[:known] += popularity.recent[window] * 0.5 ** (max(counted.moment - until, 0.0) / _HALF_LIVES[window])
    return counts.astype(np.float32), recent.astype(np.float32)
