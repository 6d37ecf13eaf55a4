"""Popular and trending items: by the bundle and the log since then, or by the log alone before there is a bundle."""

import asyncio
from dataclasses import dataclass, replace

import numpy as np

from app.errors import DatabaseError
from app.schemas.popular import WINDOWS, AnyWindow, ChartStrategy, TrendingQuery
from app.services.kit.database_timeout import with_timeout
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.popularity.log_counts import LogCounts
from app.services.popularity.selection import (
    Selection,
    highest,
    in_order,
    without_interactions,
)
from app.services.state.serving import Serving
from app.storage.counts import Counted, CountStore
from app.times import clock
from models.arrays.types import Float32
from models.data.events import positive_types
from models.data.strengths import StrengthScale
from models.ranking import popular_lists
from models.ranking.candidate_generation import CandidateQuery
from models.recommenders.popularity import HALF_LIVES_DAYS, rises

_HEAD = 1000
_SECONDS = 5.0
_LONGEST_SECONDS = 5.0
"""For the count of a long log, with the time that it waits for one that is under way."""
_DAY = 86_400_000_000
_LEAST_AGE = 1e-6
"""Share by which decay must lower the counts: otherwise all interactions are from one moment, and none is recent."""
_TIMELESS = "the times of the interactions are missing or all the same: all of them count alike"
_NOT_TRENDING = "the times of the interactions are missing or all the same: these are the popular items"
_POPULAR_INSTEAD = "no item that meets the request has more interactions than usual: these are the popular items"
_NOTHING_RISES = "no item that meets the request has more interactions than usual"
_NOTHING_FITS = "no item meets the request"
_EMPTY = "there are no items yet"


class RecentCounts:
    """The log's interactions by item and by age, counted again after some seconds.

    Parameters
    ----------
    scale
        Interactions of the event types with a weight above 0 are counted, but no low ratings.
    """

    def __init__(self, counts: CountStore, scale: StrengthScale) -> None:
        self._counts = counts
        self._scale = scale
        self._positive = positive_types(scale.event_weights)
        self._counting = asyncio.Lock()
        self._counts_under_way: dict[int, asyncio.Task[list[Counted]]] = {}
        self._kept: dict[int, tuple[float, list[Counted]]] = {}

    async def get(self, window: int) -> list[Counted]:
        """Return the items with the most recent interactions, by a row of `Popularity.recent`.

        While the database is unavailable, the last counts are returned.

        Raises
        ------
        DatabaseError
            The log cannot be read, and there is no earlier count.
        """
        until, found = self._kept.get(window, (0.0, []))
        if clock.elapsed() < until:
            return found
        try:
            # Requests wait for one count together; it goes on when they do not wait any longer.
            return await with_timeout(asyncio.shield(self._under_way(window)), _LONGEST_SECONDS)
        except DatabaseError:
            if window not in self._kept:
                raise
            return self._kept[window][1]

    def _under_way(self, window: int) -> asyncio.Task[list[Counted]]:
        task = self._counts_under_way.get(window)
        if task is None or task.done():
            task = self._counts_under_way[window] = asyncio.ensure_future(self._count(window))
            # Where nobody waits any longer, nobody asks how it ended.
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return task

    async def _count(self, window: int) -> list[Counted]:
        async with self._counting:
            half_life = round(HALF_LIVES_DAYS[window] * _DAY)
            found = await self._counts.recent_items(self._positive, half_life, _HEAD, self._scale)
            self._kept[window] = clock.elapsed() + _SECONDS, found
            return found


@dataclass(frozen=True)
class Charted:
    """Items with their scores, and how they were selected."""

    selection: Selection
    strategy: ChartStrategy
    window: AnyWindow
    reason: str | None = None


class PopularItems:
    """Lists the items with the most interactions, and those whose share of the interactions is rising."""

    def __init__(self, popular: LogCounts, recent: RecentCounts, since_bundle: CountsSinceBundle) -> None:
        self._popular = popular
        self._since_bundle = since_bundle
        self._recent = recent

    async def fallback(self, serving: Serving, candidate_query: CandidateQuery, limit: int) -> Charted:
        """Return trending items, or popular ones where no item is trending, in place of an empty list.

        Raises
        ------
        DatabaseError
            There is no bundle, and the log cannot be read.
        """
        found = await self.trending(serving, candidate_query, limit, TrendingQuery.model_fields["window"].default)
        if len(found.selection.items):
            return found
        return await self.popular(serving, candidate_query, limit, _newcomer_window(serving))

    async def popular(
        self, serving: Serving, candidate_query: CandidateQuery, limit: int, window: AnyWindow
    ) -> Charted:
        """Return the most popular items; those without interactions come last.

        Raises
        ------
        DatabaseError
            There is no bundle, and the log cannot be read.
        """
        live, reason = serving.live, None
        if window != "all" and await self._timeless(serving, window):
            window, reason = "all", _TIMELESS
        selection = await self._by_counts(serving, candidate_query, limit, WINDOWS.get(window))
        if window != "all" and len(selection.items) < limit:
            selection = selection.topped_up(await self._by_counts(serving, candidate_query, limit, None), limit)
        after = 0 if serving.ranker is None else live.n_items
        selection = selection.followed_by(without_interactions(live, candidate_query, selection.items, after, limit))
        if not len(selection.items):
            return Charted(selection, "none", window, _NOTHING_FITS if len(live) else _EMPTY)
        return Charted(selection, "popular", window, reason)

    async def _timeless(self, serving: Serving, window: AnyWindow) -> bool:
        if serving.ranker is not None:
            return not serving.ranker.popularity.clock
        rows = await self._recent.get(WINDOWS[window])
        return bool(rows) and rows[0].all_recent == 0

    async def _by_counts(
        self, serving: Serving, candidate_query: CandidateQuery, limit: int, row: int | None
    ) -> Selection:
        """Select the items with the most interactions, decayed by a row of `Popularity.recent`, or all of them."""
        ranker, live = serving.ranker, serving.live
        if ranker is not None:
            await self._since_bundle.refresh(serving)
            found = self._since_bundle.popular(serving, row)
            if found is None:
                return Selection(*popular_lists.popular(ranker, candidate_query, limit, row))
            return in_order(live, *found, candidate_query, limit)
        if row is None:
            counts = await self._popular.counts(live)
            items = np.flatnonzero(counts).astype(np.int32)
            return highest(live, items, counts[counts > 0], candidate_query, limit)
        rows = await self._recent.get(row)
        return _of_rows(serving, rows, np.array([each.recent for each in rows], np.float32), candidate_query, limit)

    async def trending(
        self, serving: Serving, candidate_query: CandidateQuery, limit: int, window: AnyWindow
    ) -> Charted:
        """Return the items whose share of the interactions rises most; see `models.recommenders.popularity.rises`.

        Raises
        ------
        DatabaseError
            There is no bundle, and the log cannot be read.
        """
        selection = await self._by_rise(serving, candidate_query, limit, WINDOWS[window])
        if selection is None:
            found = await self.popular(serving, candidate_query, limit, "all")
            return replace(found, reason=found.reason or _NOT_TRENDING)
        rising = len(selection.items)
        for row in (WINDOWS[window], None):
            if len(selection.items) < limit:
                popular = await self._by_counts(serving, candidate_query, limit, row)
                selection = selection.topped_up(popular.where(popular.scores > 0), limit)
        if rising:
            return Charted(selection, "trending", window)
        if len(selection.items):
            return Charted(selection, "popular", window, _POPULAR_INSTEAD)
        return Charted(selection, "none", window, _NOTHING_RISES)

    async def _by_rise(
        self, serving: Serving, candidate_query: CandidateQuery, limit: int, row: int
    ) -> Selection | None:
        """Select the items that rise, those that rise most first; None if the times tell nothing."""
        ranker = serving.ranker
        if ranker is not None:
            await self._since_bundle.refresh(serving)
            if not ranker.popularity.trends:
                return None
            rising = self._since_bundle.rising(serving, row)
            if rising is None:
                return Selection(*popular_lists.trending(ranker, candidate_query, limit, row))
            return in_order(serving.live, *rising, candidate_query, limit)
        rows = await self._recent.get(row)
        if not rows or not 0 < rows[0].all_recent < rows[0].all_counts * (1 - _LEAST_AGE):
            return None
        rise = rises(
            np.array([each.count for each in rows], np.float32),
            np.array([each.recent for each in rows], np.float32),
            all_counts=rows[0].all_counts,
            all_recent=rows[0].all_recent,
        )
        return _of_rows(serving, rows, rise, candidate_query, limit)


def _newcomer_window(serving: Serving) -> AnyWindow:
    row = None if serving.ranker is None else serving.ranker.popularity.config.newcomer_window
    return next((name for name, place in WINDOWS.items() if place == row), "all")


def _of_rows(
    serving: Serving, rows: list[Counted], scores: Float32, candidate_query: CandidateQuery, limit: int
) -> Selection:
    """Take the items of the log with scores above 0; those that the catalogue does not know get a code."""
    names = [row.item_id for row in rows]
    serving.live.assign_codes(names)
    codes = serving.live.codes(names)
    keep = (codes >= 0) & (scores > 0)
    return highest(serving.live, codes[keep], scores[keep], candidate_query, limit)
