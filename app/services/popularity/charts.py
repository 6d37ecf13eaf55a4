"""What is popular and what is trending with everybody: by the bundle, or by the log before there is one."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.schemas.popular import WINDOWS, AnyWindow, Chart, ChartStrategy, ItemsQuery, PopularQuery, TrendingQuery
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.popularity.log_counts import LogCounts
from app.services.popularity.selection import Selection, first, in_order, nothing, scored, to_candidate_query, unhad
from app.services.state.active_bundle import ActiveBundle
from app.services.state.serving import Serving
from app.storage.counts import Counted, CountStore
from models.arrays.types import Float32
from models.data.events import positive_types
from models.ranking.candidate_generation import CandidateQuery
from models.recommenders.popularity import HALF_LIVES_DAYS, rises

_HEAD = 1000
_SECONDS = 5.0
_DAY = 86_400_000_000
_LEAST_AGE = 1e-6
"""Share of all interactions that must have faded: else all are from one moment, and nothing is more recent."""
_TIMELESS = "nothing tells what is recent: all interactions count alike"
_NOT_TRENDING = "nothing tells what is recent: these are the popular items"
_NOTHING_RISES = "nothing that fits is had more often than usual"
_NOTHING_FITS = "no item fits what was asked for"
_EMPTY = "there are no items yet"


class RecentCounts:
    """The log's interactions by item and by age, counted again after some seconds.

    Parameters
    ----------
    event_weights
        Those of event types that show interest count.
    """

    def __init__(self, counts: CountStore, event_weights: Mapping[str, float]) -> None:
        self._counts = counts
        self._positive = positive_types(event_weights)
        self._counting = asyncio.Lock()
        self._kept: dict[int, tuple[float, list[Counted]]] = {}

    async def get(self, window: int) -> list[Counted]:
        """Give the items with most interactions lately, by a row of `Popularity.recent`.

        Raises
        ------
        DatabaseError
            They cannot be counted.
        """
        async with self._counting:
            until, found = self._kept.get(window, (0.0, []))
            if time.monotonic() >= until:
                found = await self._counts.recent_items(self._positive, round(HALF_LIVES_DAYS[window] * _DAY), _HEAD)
                self._kept[window] = time.monotonic() + _SECONDS, found
            return found


@dataclass(frozen=True)
class Charted:
    """Items with their scores, and what they were chosen by."""

    picked: Selection
    strategy: ChartStrategy
    window: AnyWindow
    reason: str | None = None


class Charts:
    """Answers with the items that everybody has, or has lately."""

    def __init__(
        self, popular: LogCounts, recent: RecentCounts, since_bundle: CountsSinceBundle, bundle: ActiveBundle
    ) -> None:
        self._popular = popular
        self._since_bundle = since_bundle
        self._recent = recent
        self._bundle = bundle

    async def popular(self, query: PopularQuery) -> Chart:
        """Give the most popular items; those that nobody had come last.

        Raises
        ------
        DatabaseError
            There is no bundle, and the log cannot be counted.
        """
        serving = self._bundle.serving
        serving.tick()
        return _chart(serving, await self._most(serving, to_candidate_query(serving, query), query.limit, query.window))

    async def trending(self, query: TrendingQuery) -> Chart:
        """Give the items that rise most; see `models.recommenders.popularity.rises`.

        Raises
        ------
        DatabaseError
            There is no bundle, and the log cannot be counted.
        """
        serving = self._bundle.serving
        serving.tick()
        return _chart(
            serving, await self._risen(serving, to_candidate_query(serving, query), query.limit, query.window)
        )

    async def instead(self, serving: Serving, candidate_query: CandidateQuery, query: ItemsQuery) -> Charted:
        """Give trending items, or else popular ones, where there is nothing better to show.

        Raises
        ------
        DatabaseError
            There is no bundle, and the log cannot be counted.
        """
        found = await self._risen(serving, candidate_query, query.limit, TrendingQuery.model_fields["window"].default)
        if len(found.picked.items):
            return found
        return await self._most(serving, candidate_query, query.limit, "all")

    async def _most(self, serving: Serving, candidate_query: CandidateQuery, limit: int, window: AnyWindow) -> Charted:
        ranker, live = serving.ranker, serving.live
        reason = None
        if ranker is not None:
            if window != "all" and not ranker.retriever.popularity.clock:
                window, reason = "all", _TIMELESS
            await self._since_bundle.refresh(serving)
            row = WINDOWS.get(window)
            found = self._since_bundle.popular(serving, row)
            picked = (
                Selection(*ranker.popular(candidate_query, limit, row))
                if found is None
                else in_order(live, *found, candidate_query, limit)
            )
            after = live.n_items
        else:
            rows = [] if window == "all" else await self._recent.get(WINDOWS[window])
            if window != "all" and rows and rows[0].all_recent == 0:
                window, reason = "all", _TIMELESS
            if window == "all":
                counts = await self._popular.counts(live)
                picked = first(
                    live, np.flatnonzero(counts).astype(np.int32), counts[counts > 0], candidate_query, limit
                )
            else:
                picked = _of_rows(
                    serving, rows, np.array([row.recent for row in rows], np.float32), candidate_query, limit
                )
            after = 0
        picked = picked.followed_by(unhad(live, candidate_query, picked.items, after, limit))
        if not len(picked.items):
            return Charted(picked, "none", window, _NOTHING_FITS if len(live) else _EMPTY)
        return Charted(picked, "popular", window, reason)

    async def _risen(self, serving: Serving, candidate_query: CandidateQuery, limit: int, window: AnyWindow) -> Charted:
        ranker, row = serving.ranker, WINDOWS[window]
        picked: Selection | None = None
        if ranker is not None:
            await self._since_bundle.refresh(serving)
            rising = self._since_bundle.rising(serving, row)
            if ranker.retriever.popularity.trends and rising is not None:
                picked = in_order(serving.live, *rising, candidate_query, limit)
            elif ranker.retriever.popularity.trends:
                picked = Selection(*ranker.trending(candidate_query, limit, row))
        else:
            rows = await self._recent.get(row)
            if rows and 0 < rows[0].all_recent < rows[0].all_counts * (1 - _LEAST_AGE):
                rise = rises(
                    np.array([each.count for each in rows], np.float32),
                    np.array([each.recent for each in rows], np.float32),
                    all_counts=rows[0].all_counts,
                    all_recent=rows[0].all_recent,
                )
                picked = _of_rows(serving, rows, rise, candidate_query, limit)
        if picked is None:
            found = await self._most(serving, candidate_query, limit, "all")
            return Charted(found.picked, found.strategy, "all", found.reason or _NOT_TRENDING)
        if not len(picked.items):
            return Charted(nothing(), "none", window, _NOTHING_RISES)
        return Charted(picked, "trending", window)


def _of_rows(
    serving: Serving, rows: list[Counted], scores: Float32, candidate_query: CandidateQuery, limit: int
) -> Selection:
    """Take the items of the log with scores above 0; those that the catalogue does not know get a code."""
    names = [row.item_id for row in rows]
    serving.live.admit(names)
    codes = serving.live.codes(names)
    keep = (codes >= 0) & (scores > 0)
    return first(serving.live, codes[keep], scores[keep], candidate_query, limit)


def _chart(serving: Serving, found: Charted) -> Chart:
    return Chart.model_construct(
        items=scored(serving.live, found.picked),
        strategy=found.strategy,
        window=found.window,
        bundle_version=serving.version,
        next_cursor=None,
        reason=found.reason,
    )
