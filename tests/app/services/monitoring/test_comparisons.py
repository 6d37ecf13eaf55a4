"""Variants beside each other."""

import pytest

from app.schemas.online_measures import Rate, VariantCounts
from app.services.monitoring.comparisons import compared
from app.services.monitoring.online_measures import mean_of, wilson


def counts(variant: str, clicks: Rate | None) -> VariantCounts:
    return VariantCounts(
        scenario="home",
        variant=variant,
        users=10,
        impressions=10,
        clicks=1,
        conversions=0,
        revenue=0.0,
        click_through_rate=clicks,
        conversion_rate=None,
    )


def test_only_intervals_that_do_not_overlap_show_a_difference() -> None:
    given = [
        counts("old", wilson(10, 20)),
        counts("worse", wilson(1, 1000)),
        counts("better", wilson(200, 1000)),
        counts("alike", wilson(110, 1000)),
        counts("plain", wilson(100, 1000)),
    ]
    found = compared(given, ["plain", "alike", "better", "worse"])
    assert [(one.counts.variant, one.clicks) for one in found] == [
        ("plain", None),
        ("alike", None),
        ("better", "higher"),
        ("worse", "lower"),
        ("old", "higher"),
    ]
    assert all(one.conversions is None and one.revenue is None for one in found)
    assert compared([], []) == []


def test_a_mean_has_the_interval_of_its_standard_error() -> None:
    found = mean_of([1.0, 2.0, 3.0, 4.0])
    assert found is not None
    assert found.value == 2.5
    # The standard deviation is 1.291, that of the mean half of it.
    assert (found.low, found.high) == pytest.approx((2.5 - 1.265, 2.5 + 1.265), abs=1e-3)
    assert mean_of([1.0]) is None
