import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.data.rating_scale import RatingScale, declared_scale, measure_scale, usual_scale
from models.data.strengths import StrengthScale

STARS = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
HALVES = np.arange(0.5, 5.5, 0.5)


def repeated(counts: dict[float, int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.repeat(np.array(list(counts), dtype=np.float64), list(counts.values()))


@st.composite
def ratings(draw: st.DrawFn) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Draw a log of stars in whole numbers or halves, with both ends, however many of them are low."""
    levels = draw(st.sampled_from([STARS, HALVES]))
    counts = draw(st.lists(st.integers(0, 60), min_size=len(levels), max_size=len(levels)))
    counts[0], counts[-1] = counts[0] + 20, counts[-1] + 20
    return repeated(dict(zip(levels.tolist(), counts, strict=True)))


@given(ratings())
def test_stars_are_likes_from_the_middle_on_however_many_are_low(values: np.ndarray) -> None:
    scale = measure_scale(values)
    assert scale == RatingScale(values.min(), values.max())


@given(ratings(), st.one_of(st.floats(-1e12, 1e12, allow_nan=False), st.sampled_from([0.0, 6.0, 100.0, np.inf])))
def test_one_stray_value_does_not_move_the_scale(values: np.ndarray, stray: float) -> None:
    whole = np.append(values, stray)
    # A value that is no farther from the median than a rare star cannot be told from it.
    middle = np.median(whole)
    assume(abs(stray - middle) > np.abs(values - middle).max())
    assert StrengthScale.fit(whole) == StrengthScale.fit(values)


def test_some_stray_values_among_many_do_not_move_the_scale() -> None:
    values = repeated({1.0: 300, 2.0: 100, 3.0: 50, 4.0: 100, 5.0: 450, 100.0: 5, -3.0: 2, 3.7: 2})
    assert measure_scale(values) == RatingScale(1.0, 5.0)


@pytest.mark.parametrize(
    "counts",
    [
        {1.0: 600, 2.0: 100, 3.0: 50, 4.0: 50, 5.0: 200},
        {1.0: 400, 2.0: 250, 3.0: 150, 4.0: 120, 5.0: 80},
        {1.0: 12, 2.0: 3, 3.0: 2, 4.0: 1, 5.0: 3},
        {0.0: 50, 10.0: 40, 4.0: 10},
    ],
)
def test_a_majority_of_bad_reviews_are_ratings_all_the_same(counts: dict[float, int]) -> None:
    assert measure_scale(repeated(counts)) == RatingScale(min(counts), max(counts))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({1.0: 4, 2.0: 300, 3.0: 300, 4.0: 300, 5.0: 300}, RatingScale(1.0, 5.0)),
        ({5.0: 995, 1.0: 5}, RatingScale(1.0, 5.0)),
        ({4.0: 50, 5.0: 995, 100.0: 5}, RatingScale(4.0, 5.0)),
    ],
)
def test_rare_stars_are_on_the_scale(counts: dict[float, int], expected: RatingScale) -> None:
    assert measure_scale(repeated(counts)) == expected


@pytest.mark.parametrize("chance", [0.3, 0.4, 0.5, 0.6, 0.7, 0.9])
@pytest.mark.parametrize("least", [0, 1])
@pytest.mark.parametrize("size", [300, 5000])
def test_counts_that_thin_out_are_amounts(chance: float, least: int, size: int) -> None:
    counts = (np.random.default_rng(0).geometric(chance, size) - 1 + least).astype(np.float64)
    scale = measure_scale(counts)
    assert scale.amounts or scale.low == scale.high
    # One piece bought is a like.
    assert not StrengthScale.fit(counts).is_low(np.array([1.0])).any()


def test_many_different_values_are_amounts_where_most_are_low() -> None:
    rng = np.random.default_rng(0)
    assert measure_scale(rng.pareto(1.0, 1000) * 60).amounts
    assert not measure_scale(rng.uniform(-10, 10, 1000)).amounts
    assert not measure_scale(100 * rng.beta(3, 2, 1000)).amounts


@pytest.mark.parametrize("values", [[], [3.0], [2.0] * 30])
def test_equal_values_have_no_scale(values: list[float]) -> None:
    scale = measure_scale(np.array(values))
    assert scale.low == scale.high
    assert not scale.amounts


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=40))
def test_any_values_have_a_scale(values: list[float]) -> None:
    scale = measure_scale(np.array(values))
    assert scale.low <= scale.high


def test_a_declared_scale_holds_whatever_the_values() -> None:
    values = np.array([1.0, 1.0, 2.0, 100.0])
    assert declared_scale("1..5", values) == RatingScale(1.0, 5.0)
    assert declared_scale("-1..1", values[:0]) == RatingScale(-1.0, 1.0)
    assert declared_scale("amounts", values) == RatingScale(1.0, 100.0, amounts=True)
    assert declared_scale("amounts", values[:0]).amounts


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0], RatingScale(1.0, 5.0)),
        ([0.5, 5.0], RatingScale(0.5, 5.0)),
        ([0.0, 1.0], RatingScale(0.0, 1.0)),
        ([-1.0], RatingScale(-1.0, 1.0)),
        ([8.0], RatingScale(1.0, 10.0)),
        ([60.0], RatingScale(1.0, 100.0)),
        ([1.0, 500.0], RatingScale(1.0, 500.0, amounts=True)),
    ],
)
def test_single_ratings_are_from_a_usual_scale(values: list[float], expected: RatingScale) -> None:
    assert usual_scale(np.array(values)) == expected


def test_a_scale_without_ratings_takes_the_usual_one_of_those_that_come() -> None:
    nothing = StrengthScale()
    one_star = np.array([1.0, np.nan])
    assert nothing.for_ratings(one_star).signed(one_star).tolist() == [-1.0, 1.0]
    assert nothing.for_ratings(np.array([np.nan])) == nothing
    measured = StrengthScale(low=1.0, high=10.0)
    assert measured.for_ratings(one_star) == measured
    assert nothing.or_that_of(measured) == measured.or_that_of(StrengthScale(low=0.0, high=1.0)) == measured


def test_where_all_ratings_were_equal_another_one_tells_the_scale() -> None:
    likes = StrengthScale.fit(np.ones(20))
    assert not likes.for_ratings(np.array([1.0])).is_low(np.array([1.0])).any()
    fives = StrengthScale.fit(np.full(20, 5.0))
    assert fives.for_ratings(np.array([1.0, 5.0])).is_low(np.array([1.0, 5.0])).tolist() == [True, False]
