"""Online measures: click-through and conversion rates of the recommendations that were shown."""

import math
from collections import defaultdict
from collections.abc import Hashable
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any

from app.schemas.online_measures import (
    BundleCounts,
    Counts,
    DayCounts,
    OnlineMeasures,
    OnlineQuery,
    PositionCounts,
    Rate,
    StrategyCounts,
)
from app.services.recommending import request_ids
from app.storage.online_measures import OnlineMeasureStore
from app.times import clock, from_microseconds, to_microseconds

CLICKS = ("click", "view")
CONVERSIONS = ("purchase",)
_DAYS = 30
_KEPT_SECONDS = 60.0
_Z = 1.959964
Totals = dict[Hashable, list[int]]


class OnlineMeasuring:
    """Measures the clicks and conversions of impressions."""

    def __init__(self, store: OnlineMeasureStore) -> None:
        self._store = store

    async def measure(self, query: OnlineQuery) -> OnlineMeasures:
        """Count the impressions of a time, and the clicks and conversions with their request ids at any time after."""
        end = _moment(query.end, whole_day=True) or from_microseconds(clock.now())
        begin = _moment(query.begin, whole_day=False) or end - timedelta(days=_DAYS)
        total: list[int] = [0, 0, 0]
        groups: dict[str, Totals] = {
            name: defaultdict(lambda: [0, 0, 0]) for name in ("day", "strategy", "bundle", "at")
        }
        found = self._store.impressions(to_microseconds(begin), to_microseconds(end), CLICKS, CONVERSIONS)
        async for count in found:
            origin = request_ids.read(count.request_id)
            keys = zip(
                groups.values(), (count.day, origin.strategy, origin.bundle_version, count.position), strict=True
            )
            for counts in (total, *(group[key] for group, key in keys)):
                counts[0] += count.impressions
                counts[1] += count.clicks
                counts[2] += count.conversions
        days, strategies, bundles, positions = (_sorted(group) for group in groups.values())
        return OnlineMeasures.model_construct(
            begin=begin,
            end=end,
            total=Counts(**_rates(total)),
            by_day=[DayCounts(day=from_microseconds(key).date(), **_rates(counts)) for key, counts in days],
            by_strategy=[StrategyCounts(strategy=key, **_rates(counts)) for key, counts in strategies],
            by_bundle_version=[BundleCounts(bundle_version=key, **_rates(counts)) for key, counts in bundles],
            by_position=[PositionCounts(position=key, **_rates(counts)) for key, counts in positions],
        )


class RecentMeasures:
    """Caches the measures of the last thirty days for a minute, because counting them reads the log."""

    def __init__(self, online: OnlineMeasuring) -> None:
        self._online = online
        self._measured: tuple[float, OnlineMeasures] | None = None

    async def get(self) -> OnlineMeasures:
        """Return the measures, at most a minute old.

        Raises
        ------
        DatabaseError
            The database does not answer.
        """
        if self._measured is None or monotonic() - self._measured[0] > _KEPT_SECONDS:
            self._measured = monotonic(), await self._online.measure(OnlineQuery())
        return self._measured[1]


def wilson(successes: int, trials: int) -> Rate:
    """Return a share with its 95 % score interval (Wilson 1927, Journal of the American Statistical Association 22)."""
    share, spread = successes / trials, _Z * _Z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt((share * (1 - share) + spread / 4) / trials) / (1 + spread)
    return Rate(value=share, low=max(middle - half, 0.0), high=min(middle + half, 1.0))


def _rates(counts: list[int]) -> dict[str, Any]:
    impressions, clicks, conversions = counts
    return {
        "impressions": impressions,
        "clicks": clicks,
        "conversions": conversions,
        "click_through_rate": wilson(clicks, impressions) if impressions else None,
        "conversion_rate": wilson(conversions, impressions) if impressions else None,
    }


def _sorted(group: Totals) -> list[tuple[Any, list[int]]]:
    return sorted(group.items(), key=lambda item: (item[0] is None, item[0]))


def _moment(given: datetime | date | None, *, whole_day: bool) -> datetime | None:
    if given is None or isinstance(given, datetime):
        return given
    return datetime.combine(given + timedelta(days=whole_day), time(), UTC)
