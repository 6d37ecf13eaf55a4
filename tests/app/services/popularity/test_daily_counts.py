"""Sums by day and item: the same weights as of the single interactions, at any later moment."""

import numpy as np
import pytest

from app.services.popularity.daily_counts import DailyCounts
from models.data.flow import Flow
from models.recommenders.popularity import HALF_LIVES_DAYS

DAY = 86_400.0
BEGIN = 19_000 * DAY
SIZE = 7


@pytest.mark.parametrize("later", [0, 1, 400, 20_000])
def test_weights_are_those_of_the_single_interactions(later: int) -> None:
    rng = np.random.default_rng(later)
    times = BEGIN + rng.uniform(0, 30, 3000) * DAY
    times = np.append(times, [np.nan, times.max() + later * DAY, BEGIN - 50 * DAY])
    codes = rng.integers(0, SIZE, len(times)).astype(np.int32)
    daily = DailyCounts()
    for part in np.array_split(rng.permutation(len(times)), 4):
        daily.add(codes[part], times[part])
        daily.settle()
    assert daily.counts(SIZE).tolist() == np.bincount(codes, minlength=SIZE).tolist()
    more = np.append(times, BEGIN + rng.uniform(25, 40, 500) * DAY)
    for flow in (Flow.of(times), Flow.of(more)):
        for window, half_life in enumerate(HALF_LIVES_DAYS):
            expected = np.bincount(codes, weights=flow.weights(times, half_life), minlength=SIZE)
            assert daily.recent(SIZE, window, flow) == pytest.approx(expected)


def test_what_is_not_settled_is_not_counted_yet() -> None:
    daily = DailyCounts()
    assert daily.counts(2).tolist() == [0, 0]
    assert daily.recent(2, 0, daily.flow).tolist() == [0, 0]
    daily.add(np.array([1], np.int32), np.array([BEGIN]))
    assert daily.counts(2).tolist() == [0, 0]
    daily.settle()
    assert daily.counts(2).tolist() == [0, 1]
