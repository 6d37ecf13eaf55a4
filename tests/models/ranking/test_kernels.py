"""The compiled loops of the ranker against what they mean."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.arrays.kernels import largest
from models.arrays.types import Float32
from models.ranking import kernels

scores = arrays(np.float32, st.integers(0, 300), elements=st.floats(width=32, allow_nan=False))


def floats(*rows: tuple[float, ...]) -> Float32:
    return np.array(rows, dtype=np.float32)


def test_each_part_is_mixed_relative_to_its_best() -> None:
    signals = floats((2.0, 4.0, 7.0), (9.0, 9.0, 7.0), (0.0, -1.0, 7.0))
    weights = np.array([1.0, 5.0], dtype=np.float32)
    tops = kernels.part_maxima(signals, 2, np.array([0, 2]), weights)
    mixed = kernels.mix(signals, 2, np.array([0, 2]), weights, tops)
    assert tops.tolist() == [4.0, 0.0]
    assert mixed.tolist() == [0.5, 1.0]
    found, parts = kernels.read_slots(
        signals, np.array([1, 0], dtype=np.int32), np.array([0, -1, 1]), np.array([0, 2]), tops
    )
    assert found.tolist() == [[4.0, 2.0], [0.0, 0.0], [9.0, 9.0]]
    assert parts.tolist() == [[1.0, 0.5], [0.0, 0.0]]


@given(scores, st.integers(0, 310))
def test_the_largest_are_those_that_sorting_finds(values: Float32, count: int) -> None:
    found = largest(values, count)
    assert len(set(found.tolist())) == len(found) == min(count, len(values))
    assert np.array_equal(np.sort(values[found])[::-1], np.sort(values)[::-1][:count])


def test_of_equal_values_those_that_come_first_are_found() -> None:
    values = np.array([1, 0, 2, 0, 0, 2], dtype=np.float32)
    assert sorted(largest(values, 4).tolist()) == [0, 1, 2, 5]


def test_the_first_wanted_items_of_an_order_are_found() -> None:
    order = np.array([3, 1, 0, 2, 4], dtype=np.int32)
    wanted = np.array([True, True, False, True, True])
    slot = np.array([-1, -2, -1, -1, 0], dtype=np.int32)
    assert kernels.first_without_slot(order, slot, wanted, 5).tolist() == [3, 0]
    assert kernels.first_without_slot(order, slot, wanted, 1).tolist() == [3]
