"""What is popular and what is trending with everybody: by the bundle, or by the log before there is one."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.schemas.popular import WINDOWS, AnyWindow, Chart, ChartStrategy, ItemsQuery, PopularQuery, TrendingQuery
from app.services.active_bundle import ActiveBundle
from app.services.live_popularity import LivePopularity
from app.services.picking import Picked, first, in_order, nothing, scored, unhad, wish_of
from app.services.popular import PopularItems
from app.services.serving import Serving
from app.storage.counts import Counted, CountStore
from models.data.events import positive_types
from models.ranking.drawing import Wish
from models.recommenders.popularity import HALF_LIVES_DAYS, rises

Float32 = npt.NDArray[np.float32]

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

    picked: Picked
    strategy: ChartStrategy
    window: AnyWindow
    reason: str | None = None


class TrendingService:
    """Answers with the items that everybody has, or has lately."""

    def __init__(
        self, popular: PopularItems, recent: RecentCounts, followed: LivePopularity, bundle: ActiveBundle
    ) -> None:
        self._popular = popular
        self._followed = followed
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
        return _chart(serving, await self._most(serving, wish_of(serving, query), query.limit, query.window))

    async def trending(self, query: TrendingQuery) -> Chart:
        """Give the items that rise most; see `models.recommenders.popularity.rises`.

        Raises
        ------
        DatabaseError
            There is no bundle, and the log cannot be counted.
        """
        serving = self._bundle.serving
        serving.tick()
        return _chart(serving, await self._risen(serving, wish_of(serving, query), query.limit, query.window))

    async def instead(self, serving: Serving, wish: Wish, query: ItemsQuery) -> Charted:
        """Give trending items, or else popular ones, where there is nothing better to show.

        Raises
        ------
        DatabaseError
            There is no bundle, and the log cannot be counted.
        """
        found = await self._risen(serving, wish, query.limit, TrendingQuery.model_fields["window"].default)
        if len(found.picked.items):
            return found
        return await self._most(serving, wish, query.limit, "all")

    async def _most(self, serving: Serving, wish: Wish, limit: int, window: AnyWindow) -> Charted:
        ranker, live = serving.ranker, serving.live
        reason = None
        if ranker is not None:
            if window != "all" and not ranker.retriever.popularity.clock:
                window, reason = "all", _TIMELESS
            await self._followed.refresh(serving)
            row = WINDOWS.get(window)
            found = self._followed.popular(serving, row)
            picked = Picked(*ranker.popular(wish, limit, row)) if found is None else in_order(live, *found, wish, limit)
            after = live.n_items
        else:
            rows = [] if window == "all" else await self._recent.get(WINDOWS[window])
            if window != "all" and rows and rows[0].all_recent == 0:
                window, reason = "all", _TIMELESS
            if window == "all":
                counts = await self._popular.counts(live)
                picked = first(live, np.flatnonzero(counts).astype(np.int32), counts[counts > 0], wish, limit)
            else:
                picked = _of_rows(serving, rows, np.array([row.recent for row in rows], np.float32), wish, limit)
            after = 0
        picked = picked.followed_by(unhad(live, wish, picked.items, after, limit))
        if not len(picked.items):
            return Charted(picked, "none", window, _NOTHING_FITS if len(live) else _EMPTY)
        return Charted(picked, "popular", window, reason)

    async def _risen(self, serving: Serving, wish: Wish, limit: int, window: AnyWindow) -> Charted:
        ranker, row = serving.ranker, WINDOWS[window]
        picked: Picked | None = None
        if ranker is not None:
            await self._followed.refresh(serving)
            rising = self._followed.rising(serving, row)
            if ranker.retriever.popularity.trends and rising is not None:
                picked = in_order(serving.live, *rising, wish, limit)
            elif ranker.retriever.popularity.trends:
                picked = Picked(*ranker.trending(wish, limit, row))
        else:
            rows = await self._recent.get(row)
            if rows and 0 < rows[0].all_recent < rows[0].all_counts * (1 - _LEAST_AGE):
                rise = rises(
                    np.array([each.count for each in rows], np.float32),
                    np.array([each.recent for each in rows], np.float32),
                    all_counts=rows[0].all_counts,
                    all_recent=rows[0].all_recent,
                )
                picked = _of_rows(serving, rows, rise, wish, limit)
        if picked is None:
            found = await self._most(serving, wish, limit, "all")
            return Charted(found.picked, found.strategy, "all", found.reason or _NOT_TRENDING)
        if not len(picked.items):
            return Charted(nothing(), "none", window, _NOTHING_RISES)
        return Charted(picked, "trending", window)


def _of_rows(serving: Serving, rows: list[Counted], scores: Float32, wish: Wish, limit: int) -> Picked:
    """Take the items of the log with scores above 0; those that the catalogue does not know get a code."""
    names = [row.item_id for row in rows]
    serving.live.admit(names)
    codes = serving.live.codes(names)
    keep = (codes >= 0) & (scores > 0)
    return first(serving.live, codes[keep], scores[keep], wish, limit)


def _chart(serving: Serving, found: Charted) -> Chart:
    return Chart.model_construct(
        items=scored(serving.live, found.picked),
        strategy=found.strategy,
        window=found.window,
        bundle_version=serving.version,
        next_cursor=None,
        reason=found.reason,
    )
