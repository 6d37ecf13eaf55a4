import numpy as np
import pyarrow as pa
import pytest

from models.data.strengths import StrengthScale, rating_values, row_strengths


def floats(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(values)


def test_stars_from_a_half_to_five_are_likes_from_the_middle_on() -> None:
    scale = StrengthScale.fit(floats(0.5, 3.0, 4.0, 5.0))
    assert scale == StrengthScale(low=0.5, high=5.0)
    values = floats(0.5, 2.5, 2.75, 3.875, 5.0)
    assert scale.is_low(values).tolist() == [True, True, False, False, False]
    assert scale.strengths(values)[2:].tolist() == [0.5, 0.75, 1.0]


def test_of_zero_and_one_only_one_is_a_like() -> None:
    for values in (floats(0, 1, 1), floats(0, 0, 0, 1), floats(-1, -1, 1)):
        scale = StrengthScale.fit(values)
        assert scale.is_low(values).tolist() == (values <= 0).tolist()
        assert scale.strengths(floats(1)).tolist() == [1.0]


@pytest.mark.parametrize("value", [0.0, 1.0, 4.5])
def test_ratings_that_are_all_equal_say_nothing(value: float) -> None:
    values = floats(value, value)
    scale = StrengthScale.fit(values)
    assert scale.is_low(values).tolist() == [False, False]
    assert scale.strengths(values).tolist() == [1.0, 1.0]


def test_amounts_grow_with_their_logarithm_and_are_all_likes() -> None:
    values = floats(1, 1, 2, 3, 1001)
    scale = StrengthScale.fit(values)
    assert scale.amounts
    assert not scale.is_low(values).any()
    found = scale.strengths(values).tolist()
    assert (found[0], found[-1]) == (0.5, 1.0)
    assert found[3] == pytest.approx(0.5 + 0.5 * np.log(3) / np.log(1001))
    assert found == sorted(found)


def test_values_that_are_no_numbers_are_passed_over() -> None:
    scale = StrengthScale.fit(floats(np.nan, 1.0, np.inf, 4.0, 5.0, -np.inf))
    assert (scale.low, scale.high) == (1.0, 5.0)
    assert scale.is_low(floats(np.nan)).tolist() == [False]
    assert scale.strengths(floats(np.nan)).tolist() == [1.0]
    for values in (floats(), floats(np.nan, np.inf)):
        assert StrengthScale.fit(values) == StrengthScale()


def test_values_beyond_the_scale_are_as_its_ends() -> None:
    assert StrengthScale(low=1.0, high=5.0).strengths(floats(-10, 99)).tolist() == [0.5, 1.0]
    assert StrengthScale(low=1.0, high=99.0, amounts=True).strengths(floats(-10)).tolist() == [0.5]


def test_the_sign_tells_likes_from_dislikes() -> None:
    scale = StrengthScale(low=1.0, high=5.0)
    assert scale.signed(np.array([1.0, 3.0, 4.0, 5.0])).tolist() == [-1.0, 0.5, 0.75, 1.0]


def test_rows_weigh_by_their_event_type_and_ratings_by_their_value() -> None:
    kinds = ["view", "click", "cart", "purchase", "like", "rating", "rating", None, None, "view"]
    values = [None, None, None, None, None, 5.0, 4.0, 3.0, None, 1.0]
    table = pa.table({"event_type": pa.array(kinds), "value": pa.array(values, pa.float64())})
    found = row_strengths(table, StrengthScale(low=1.0, high=5.0))
    assert found.tolist() == pytest.approx([0.4, 0.5, 0.7, 1.0, 1.0, 1.0, 0.75, 0.5, 0.4, 0.4])
    assert found.dtype == np.float32
    assert np.isnan(rating_values(table)).tolist() == [True] * 5 + [False] * 3 + [True] * 2


def test_without_event_types_every_value_is_a_rating() -> None:
    table = pa.table({"value": pa.array([5.0, None, 3.0], pa.float64())})
    assert row_strengths(table, StrengthScale(low=1.0, high=5.0)).tolist() == [1.0, 1.0, 0.5]


def test_without_values_and_types_all_rows_are_alike() -> None:
    assert row_strengths(pa.table({"user_id": ["a", "b"]}), StrengthScale()).tolist() == [1.0, 1.0]


def test_an_event_says_half_as_much_after_its_half_life() -> None:
    table = pa.table(
        {
            "event_type": ["view", "purchase", "view", "view"],
            "timestamp": [1000.0, 1000.0, 1100.0, 1200.0],
        }
    )
    scale = StrengthScale(event_weights={"view": 1.0}, half_lives={"view": 100.0})
    assert row_strengths(table, scale).tolist() == [0.25, 1.0, 0.5, 1.0]
    untimed = table.drop_columns(["timestamp"])
    assert row_strengths(untimed, scale).tolist() == [1.0] * 4
