from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from models.data.history import History

Codes = Callable[..., npt.NDArray[np.int32]]


def floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


@pytest.fixture
def history(codes: Codes) -> History:
    return History(codes(5, 3, 5), user=2, strengths=floats(1.0, 0.25, 0.5), times=np.array([100.0, 160.0, 220.0]))


def test_the_last_interaction_weighs_its_strength_and_each_step_back_less(history: History) -> None:
    assert history.weights(0.5).tolist() == [0.25, 0.125, 0.5]
    assert history.weights(1.0).tolist() == [1.0, 0.25, 0.5]
    assert history.weights(0.5).dtype == np.float32


def test_without_strengths_recency_alone_weighs(codes: Codes) -> None:
    assert History(codes(7, 8, 9)).weights(0.5).tolist() == [0.25, 0.5, 1.0]
    assert History(codes()).weights(0.5).tolist() == []


def test_the_latest_keep_what_stands_beside_them(history: History) -> None:
    found = history.latest(2)
    assert found.items.tolist() == [3, 5]
    assert found.strengths is not None
    assert found.times is not None
    assert (found.strengths.tolist(), found.times.tolist(), found.user) == ([0.25, 0.5], [160.0, 220.0], 2)
    assert history.latest(3) is history
    assert len(History(history.items).latest(1)) == 1


def test_a_power_raises_the_strengths_and_power_zero_makes_all_alike(history: History) -> None:
    root = history.raised(0.5).strengths
    assert root is not None
    assert root.tolist() == pytest.approx([1.0, 0.5, 0.5**0.5])
    assert root.dtype == np.float32
    assert history.raised(0.0).strengths is None
    assert history.raised(1.0) is history


def test_ages_count_from_the_request_and_by_default_from_the_last_interaction(history: History, codes: Codes) -> None:
    assert history.ages().tolist() == [120.0, 60.0, 0.0]
    assert History(history.items, times=history.times, now=300.0).ages().tolist() == [200.0, 140.0, 80.0]
    assert History(history.items, times=history.times, now=150.0).ages().tolist() == [50.0, 0.0, 0.0]
    assert History(codes(1, 2)).ages().tolist() == [0.0, 0.0]
    assert History(codes(), times=np.empty(0)).ages().tolist() == []


def test_the_age_of_a_moment_of_today_is_exact_to_the_second(codes: Codes) -> None:
    now = 1_764_000_000.0
    assert History(codes(1, 2), times=np.array([now - 7.0, now])).ages().tolist() == [7.0, 0.0]


def test_items_of_one_moment_weigh_alike(codes: Codes) -> None:
    basket = History(codes(5, 1, 2, 3), times=np.array([1.0, 7.0, 7.0, 9.0]))
    assert basket.weights(0.5).tolist() == [0.25, 0.5, 0.5, 1.0]
    both = History(codes(5, 1, 2), times=np.array([1.0, 7.0, 7.0]))
    assert both.weight_table(0.5).tolist() == [[0.5, 0.0], [1.0, 1.0], [1.0, 1.0]]


def test_items_of_one_moment_stand_alike_whatever_their_order_in_the_log(codes: Codes) -> None:
    times = np.array([1.0, 7.0, 7.0, 7.0])
    one, other = (History.read(codes(*items), times=times).items.tolist() for items in ((5, 1, 2, 3), (5, 3, 2, 1)))
    assert one == other
    assert one[0] == 5
    unordered = [History(codes(*items)).unordered().items.tolist() for items in ((5, 1, 2, 3), (3, 2, 1, 5))]
    assert unordered[0] == unordered[1]


def test_places_of_an_order_are_no_moments(codes: Codes) -> None:
    order = History.read(codes(3, 1, 2), times=np.array([7.0, 7.0, 7.0]), has_moments=False)
    assert order.items.tolist() == [3, 1, 2]
    assert order.weights(0.5).tolist() == [0.25, 0.5, 1.0]


def test_single_interactions_age_with_their_history() -> None:
    read = History.read(np.array([3, 3], dtype=np.int32), times=np.array([10.0, 20.0]))
    assert replace(read, now=50.0).every.ages().tolist() == [40.0, 30.0]
