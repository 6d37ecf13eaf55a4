"""The flow of a log: a steady one ages with the calendar, and pauses hardly age it."""

import numpy as np
import pytest

from models.arrays.types import Float64
from models.data.flow import Flow
from models.data.history import SECONDS_A_DAY as DAY

BEGIN = 19_000 * DAY
YEAR = 365 * DAY


def daily(days: int, each: int = 1, begin: float = BEGIN) -> Float64:
    """Make interactions at even distances, so many each day."""
    return begin + np.arange(days * each, dtype=np.float64) * (DAY / each)


def calendar(times: Float64) -> Float64:
    ages: Float64 = (times.max() - times) / DAY
    return ages


@pytest.mark.parametrize("each", [1, 24, 5000])
def test_a_steady_flow_ages_with_the_calendar(each: int) -> None:
    times = daily(40, each)
    assert Flow.of(times).ages(times) == pytest.approx(calendar(times), abs=1e-6)


def test_nights_weekends_and_a_weekly_newsletter_are_no_pauses() -> None:
    office = np.concatenate([BEGIN + (day + 0.5) * DAY + np.arange(50) for day in range(60) if day % 7 < 5])
    weekly = BEGIN + np.arange(30, dtype=np.float64) * 7 * DAY
    for times in (office, weekly):
        assert Flow.of(times).ages(times) == pytest.approx(calendar(times))


def test_chance_does_not_disturb_a_steady_flow() -> None:
    times = np.sort(BEGIN + np.random.default_rng(0).uniform(0, 200, 4000) * DAY)
    assert Flow.of(times).ages(times) == pytest.approx(calendar(times))


@pytest.mark.parametrize("each", [1, 20, 1000])
def test_one_interaction_a_year_later_ages_the_log_by_days(each: int) -> None:
    times = daily(100, each)
    later = np.append(times, times.max() + YEAR)
    ages = Flow.of(later).ages(later)
    assert ages[-1] == 0
    assert np.all(ages[:-1] - Flow.of(times).ages(times) <= 4 + 1e-6)
    assert np.all(np.diff(ages) <= 0)


@pytest.mark.parametrize("each", [1, 1000])
def test_a_time_that_is_wrong_by_decades_ages_the_log_by_days(each: int) -> None:
    times = daily(100, each)
    for wrong in (30 * YEAR, -40 * YEAR):
        mixed = np.append(times, times.max() + wrong)
        more = Flow.of(mixed).ages(mixed)[:-1] - Flow.of(times).ages(times)
        assert np.all(np.abs(more) <= 4 + 1e-6)


def test_a_few_interactions_on_a_quiet_day_do_not_age_a_busy_log_at_all() -> None:
    times = daily(100, 1000)
    wrong = np.concatenate([times, times.max() + np.array([1, 2, 20]) * YEAR])
    ages = Flow.of(wrong).ages(wrong)
    assert ages[:-3] == pytest.approx(Flow.of(times).ages(times))
    assert ages[-3:].tolist() == [0, 0, 0]


def test_after_a_pause_the_log_goes_on_as_if_it_had_been_short() -> None:
    before = daily(100, 50)
    after = daily(10, 50, BEGIN + 300 * DAY)
    times = np.concatenate([before, after])
    ages = Flow.of(times).ages(times)
    assert ages[len(before) :] == pytest.approx(calendar(after))
    gap = ages[len(before) - 1] - ages[len(before)]
    assert gap == pytest.approx(3 - (1 - 1 / 50))


def test_a_rare_log_ages_by_a_month_at_most_in_a_pause() -> None:
    times = BEGIN + np.arange(10, dtype=np.float64) * YEAR
    assert np.diff(Flow.of(times).ages(times)).tolist() == pytest.approx([-30.0] * 9)


def test_times_that_are_not_known_are_infinitely_old() -> None:
    times = np.array([BEGIN, np.nan, BEGIN + DAY])
    flow = Flow.of(times)
    assert flow.ages(times).tolist() == [1.0, np.inf, 0.0]
    assert flow.weights(times, 1.0).tolist() == [0.5, 0.0, 1.0]
    nothing = Flow.of(times[:0])
    assert nothing.ages(times).tolist() == [np.inf] * 3
    assert nothing.ages(times[:0]).tolist() == []


def test_parts_of_a_log_join_to_the_flow_of_the_whole() -> None:
    times = np.concatenate([daily(50, 7), daily(3, 2, BEGIN + 49.3 * DAY), [BEGIN + 400 * DAY]])
    whole = Flow.of(times)
    joined = Flow.of(times[::2]).joined(Flow.of(times[1::2]))
    for kept in (joined, Flow.from_array(joined.as_array()), Flow.of(times[:0]).joined(whole)):
        assert kept.days.tolist() == whole.days.tolist()
        assert kept.ages(times).tolist() == whole.ages(times).tolist()


def test_of_a_flow_of_which_only_the_ends_are_known_the_middle_is_even() -> None:
    times = daily(60, 10)
    flow = Flow.steady(times.min(), times.max(), len(times))
    assert flow.last == times.max()
    assert flow.ages(times) == pytest.approx(calendar(times))
