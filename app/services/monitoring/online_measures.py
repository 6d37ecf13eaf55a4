"""Online measures: click-through and conversion rates of the recommendations that were shown."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any

from scipy.special import gammaincc

from app.errors import InvalidFieldsError
from app.schemas.online_measures import (
    BundleCounts,
    Counts,
    DayCounts,
    Mean,
    OnlineMeasures,
    OnlineQuery,
    PositionCounts,
    Rate,
    ScenarioCounts,
    StrategyCounts,
    VariantCounts,
)
from app.schemas.problems import FieldError
from app.services.monitoring.served_lists import ServedLists
from app.services.recommending import request_ids
from app.storage.online_measures import ImpressionCount, OnlineMeasureStore
from app.times import clock, from_microseconds, to_microseconds

CLICKS = ("click", "view")
CONVERSIONS = ("purchase",)
_DAYS = 30
_MOST_POSITIONS = 1000
"""Longer lists than any that is served."""
_KEPT_SECONDS = 60.0
_Z = 1.959964
_LEAST_VALUES = 2
_DOUBTFUL = 0.001
"""Below this probability a split is not put down to chance."""


@dataclass
class _Totals:
    """Counts that are added up."""

    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    revenue: float = 0.0

    def add(self, count: ImpressionCount) -> None:
        """Add the counts of one list."""
        self.impressions += count.impressions
        self.clicks += count.clicks
        self.conversions += count.conversions
        self.revenue += count.revenue

    def fields(self) -> dict[str, Any]:
        """Return the fields of the wire model `Counts`."""
        shown = self.impressions
        return {
            "impressions": shown,
            "clicks": self.clicks,
            "conversions": self.conversions,
            "revenue": self.revenue,
            "click_through_rate": wilson(self.clicks, shown) if shown else None,
            "conversion_rate": wilson(self.conversions, shown) if shown else None,
        }


class OnlineMeasuring:
    """Measures the clicks and conversions of impressions.

    Parameters
    ----------
    shares
        Gives the shares of the variants of a scenario by name; none for an unknown one.
    """

    def __init__(
        self, store: OnlineMeasureStore, served: ServedLists, shares: Callable[[str], Mapping[str, float]]
    ) -> None:
        self._store = store
        self._served = served
        self._shares = shares

    async def measure(self, query: OnlineQuery) -> OnlineMeasures:
        """Count the impressions of a time, and the clicks and conversions with their request ids at any time after.

        Raises
        ------
        InvalidFieldsError
            The period ends before it begins.
        """
        end = _moment(query.end, whole_day=True) or from_microseconds(clock.now())
        begin = _moment(query.begin, whole_day=False) or end - timedelta(days=_DAYS)
        if begin >= end:
            detail = f"is not before the end of the period, {end.isoformat().replace('+00:00', 'Z')}"
            raise InvalidFieldsError(f"from {detail}", [FieldError(field="from", code="empty_period", detail=detail)])
        total = _Totals()
        groups: dict[str, dict[Any, _Totals]] = {
            name: defaultdict(_Totals) for name in ("day", "strategy", "bundle", "position", "scenario", "variant")
        }
        # What each user brought, those included who bought nothing.
        users: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        served = await self._served.find()
        found = self._store.impressions(to_microseconds(begin), to_microseconds(end), CLICKS, CONVERSIONS)
        async for count in found:
            origin = served.known(request_ids.read(count.request_id))
            total.add(count)
            groups["day"][count.day].add(count)
            groups["strategy"][origin.strategy].add(count)
            groups["bundle"][origin.bundle_version].add(count)
            groups["position"][_place(count.position)].add(count)
            groups["scenario"][origin.scenario].add(count)
            if origin.scenario is not None and origin.variant is not None:
                groups["variant"][origin.scenario, origin.variant].add(count)
                users[origin.scenario, origin.variant][count.user_id] += count.revenue
        days, strategies, bundles, positions, scenarios, variants = (_sorted(group) for group in groups.values())
        return OnlineMeasures.model_construct(
            begin=begin,
            end=end,
            total=Counts(**total.fields()),
            by_day=[DayCounts(day=from_microseconds(key).date(), **counts.fields()) for key, counts in days],
            by_strategy=[StrategyCounts(strategy=key, **counts.fields()) for key, counts in strategies],
            by_bundle_version=[BundleCounts(bundle_version=key, **counts.fields()) for key, counts in bundles],
            by_position=[PositionCounts(position=key, **counts.fields()) for key, counts in positions],
            by_scenario=[ScenarioCounts(scenario=key, **counts.fields()) for key, counts in scenarios],
            by_variant=[
                VariantCounts(
                    scenario=key[0],
                    variant=key[1],
                    users=len(users[key]),
                    revenue_per_user=mean_of(list(users[key].values())),
                    **counts.fields(),
                )
                for key, counts in variants
            ],
            warnings=self._mismatches({key: len(seen) for key, seen in users.items()}),
        )

    def _mismatches(self, users: Mapping[tuple[str, str], int]) -> list[str]:
        """Say where users are split otherwise than the shares of the variants in force."""
        warnings = []
        for scenario in sorted({name for name, _ in users}):
            shares = self._shares(scenario)
            counts = {variant: users.get((scenario, variant), 0) for variant in shares}
            if len(counts) > 1 and mismatch(list(counts.values()), list(shares.values())) < _DOUBTFUL:
                split = ", ".join(f"{name} {count:,}" for name, count in counts.items())
                warnings.append(
                    f"scenario {scenario!r}: users are not split as the shares say ({split}): compare its variants only"
                    " once the cause is known, such as shares or a salt that changed meanwhile"
                )
        return warnings


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


def mean_of(values: Sequence[float]) -> Mean | None:
    """Return a mean with its 95 % interval, by the normal approximation; None for less than two values."""
    number = len(values)
    if number < _LEAST_VALUES:
        return None
    mean = math.fsum(values) / number
    variance = math.fsum((value - mean) ** 2 for value in values) / (number - 1)
    half = _Z * math.sqrt(variance / number)
    return Mean(value=mean, low=mean - half, high=mean + half)


def mismatch(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return how probable so uneven a split is by chance, by Pearson's chi-squared test; 1 for no users."""
    total = sum(counts)
    if not total:
        return 1.0
    distance = sum((count - share * total) ** 2 / (share * total) for count, share in zip(counts, shares, strict=True))
    return float(gammaincc((len(counts) - 1) / 2, distance / 2))


def _place(position: int | None) -> int | None:
    return position if position is not None and position <= _MOST_POSITIONS else None


def _sorted(group: Mapping[Any, _Totals]) -> list[tuple[Any, _Totals]]:
    return sorted(group.items(), key=lambda item: (item[0] is None, item[0]))


def _moment(given: datetime | date | None, *, whole_day: bool) -> datetime | None:
    if given is None or isinstance(given, datetime):
        return given
    return datetime.combine(given + timedelta(days=whole_day), time(), UTC)
